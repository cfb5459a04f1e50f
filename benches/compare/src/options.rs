//! The command line.

use std::path::PathBuf;

pub const USAGE: &str = "\
usage: cargo xtask bench [--shipped] [NAME…] [--quick] [--list] [--json PATH] [--instructions]

Measures Thalweg and wasmtime in turn on the same work: every row, or those whose name contains a NAME.

  --shipped       build with link-time optimisation, as the command is released (slow to build)
  --peer PATH     wasmtime's executable: rows with both commands too
  --ours PATH     ours for these rows (default: target/release/thalweg, from `cargo build --release`)
  --bare PATH     a server without guests, the limit of the rows under serve/ (cargo build --release --example bare-server)
  --quick         short batches: shows that rows work, their figures say little
  --list          name the rows
  --json PATH     where the figures go (default: target/bench/compare.json)
  --instructions  count instructions with valgrind instead of measuring time
";

#[derive(Default)]
pub struct Options {
    /// Parts of names; none means every row.
    pub names: Vec<String>,
    pub quick: bool,
    pub list: bool,
    pub json: Option<PathBuf>,
    pub peer: Option<PathBuf>,
    pub ours: Option<PathBuf>,
    pub bare: Option<PathBuf>,
    pub instructions: bool,
}

impl Options {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options::default();
        while let Some(word) = words.next() {
            let mut path = || words.next().map(PathBuf::from).ok_or(format!("{word} needs a path\n\n{USAGE}"));
            match word.as_str() {
                "--quick" => options.quick = true,
                "--list" => options.list = true,
                "--instructions" => options.instructions = true,
                "--peer" => options.peer = Some(path()?),
                "--ours" => options.ours = Some(path()?),
                "--bare" => options.bare = Some(path()?),
                "--json" => options.json = Some(path()?),
                other if other.starts_with('-') => return Err(format!("unknown option {other}\n\n{USAGE}")),
                _ => options.names.push(word),
            }
        }
        Ok(options)
    }

    pub fn chooses(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|part| name.contains(part))
    }
}
