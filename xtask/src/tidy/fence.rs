//! What only one folder may do: `unsafe` code and the name of the engine stay below `engine/`.

use super::code::Parts;
use super::fault::Fault;

const ENGINE: &str = "crates/runtime/src/engine/";
const ENGINE_FILE: &str = "crates/runtime/src/engine.rs";
/// The crate with the engine in it denies what the others forbid, so that one folder can allow it.
const RUNTIME: &str = "crates/runtime/";
const ENGINE_CRATE: &str = "wasmtime";

pub fn check(path: &str, text: &str, parts: &Parts) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !path.starts_with(ENGINE) && path != ENGINE_FILE {
        for (at, (code, comment)) in parts.code.lines().zip(parts.comments.lines()).enumerate() {
            if is_unsafe(code) {
                faults.push(Fault::new(path, at + 1, "unsafe", format!("`unsafe` outside {ENGINE}")));
            }
            if [code, comment].iter().any(|line| line.contains(&format!("{ENGINE_CRATE}::"))) {
                let message = format!("`{ENGINE_CRATE}::` outside {ENGINE}: go through the engine seam");
                faults.push(Fault::new(path, at + 1, "engine-name", message));
            }
        }
    }
    if let Some(wanted) = root_attribute(path).filter(|wanted| !text.contains(wanted)) {
        faults.push(Fault::new(path, 0, "forbid-unsafe", format!("write `{wanted}` at the top of the crate")));
    }
    faults
}

/// The keyword, not `unsafe_code` of a lint.
fn is_unsafe(code: &str) -> bool {
    code.split(|c: char| c != '_' && !c.is_alphanumeric()).any(|word| word == "unsafe")
}

/// The attribute a crate's root must have; `None` for other files.
fn root_attribute(path: &str) -> Option<&'static str> {
    let (package, source) = path.rsplit_once("src/")?;
    let is_package =
        package == "xtask/" || package.strip_prefix("crates/").is_some_and(|rest| rest.matches('/').count() == 1);
    if !is_package || !matches!(source, "lib.rs" | "main.rs") {
        return None;
    }
    Some(if package == RUNTIME { "#![deny(unsafe_code)]" } else { "#![forbid(unsafe_code)]" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        check(path, text, &Parts::of(text)).into_iter().map(|fault| fault.rule).collect()
    }

    #[test]
    fn the_fence() {
        let text = format!("unsafe {{}} // {ENGINE_CRATE}::Store\nuse {ENGINE_CRATE}::Store;\n");
        assert_eq!(rules("crates/runtime/src/engine/memory.rs", &text), [""; 0]);
        assert_eq!(rules("crates/runtime/src/task/task.rs", &text), ["unsafe", "engine-name", "engine-name"]);
        assert_eq!(rules("crates/wasi/src/a.rs", "// unsafe\n\"unsafe\" unsafe_code"), [""; 0]);
    }

    #[test]
    fn each_crate_says_it_in_its_root() {
        let (forbid, deny) = ("#![forbid(unsafe_code)]", "#![deny(unsafe_code)]");
        for (path, good, bad) in [
            ("crates/wasi/src/lib.rs", forbid, deny),
            ("crates/cli/src/main.rs", forbid, ""),
            ("crates/runtime/src/lib.rs", deny, ""),
            ("xtask/src/main.rs", forbid, ""),
        ] {
            assert_eq!(rules(path, good), [""; 0], "{path}");
            assert_eq!(rules(path, bad), ["forbid-unsafe"], "{path}");
        }
        assert_eq!(rules("guests/src/hello-p3/src/lib.rs", ""), [""; 0]);
        assert_eq!(rules("crates/wasi/src/cli/main.rs", ""), [""; 0]);
    }
}
