//! The files of the repository, without what git ignores.

use std::path::Path;
use std::{fs, io};

/// Folders never looked into, by name anywhere or by path.
const SKIPPED: [&str; 5] = [".git", "target", "node_modules", "guests/toolchain", "guests/src/wit/compose/deps"];
/// Files larger than this are data, not text.
const TEXT_BYTES_MAX: u64 = 4 << 20;

/// One file.
pub struct File {
    /// Relative to the repository, with `/`.
    pub path: String,
    /// `None` when it isn't UTF-8 or is too large to be text.
    pub text: Option<String>,
}

/// All files, sorted by path.
pub struct Tree {
    pub files: Vec<File>,
}

impl Tree {
    pub fn read(root: &Path) -> io::Result<Tree> {
        let mut files = Vec::new();
        read_folder(root, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Tree { files })
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path)?.text.as_deref()
    }

    /// Whether a file or a folder with files in it has this path.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.files
            .iter()
            .any(|file| file.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// The names of the folders right below a folder.
    pub fn folders(&self, below: &str) -> Vec<String> {
        let prefix = format!("{below}/");
        let inside = self.files.iter().filter_map(|file| file.path.strip_prefix(&prefix)?.split_once('/'));
        let mut names: Vec<String> = inside.map(|(name, _)| name.to_string()).collect();
        names.sort();
        names.dedup();
        names
    }

    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Tree {
        let file = |(path, text): &(&str, &str)| File { path: path.to_string(), text: Some(text.to_string()) };
        Tree { files: files.iter().map(file).collect() }
    }
}

fn read_folder(folder: &Path, relative: &str, files: &mut Vec<File>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if relative.is_empty() { name.clone() } else { format!("{relative}/{name}") };
        if SKIPPED.contains(&name.as_str()) || SKIPPED.contains(&path.as_str()) {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            read_folder(&entry.path(), &path, files)?;
        } else if kind.is_file() {
            let small = entry.metadata()?.len() <= TEXT_BYTES_MAX;
            let text = if small { String::from_utf8(fs::read(entry.path())?).ok() } else { None };
            files.push(File { path, text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_folders() {
        let tree = Tree::of(&[("a/b/c.rs", ""), ("a/d.rs", ""), ("a/e/f.rs", "")]);
        assert!(tree.has("a/b") && tree.has("a/b/") && tree.has("a/d.rs") && !tree.has("a/d"));
        assert_eq!(tree.folders("a"), ["b", "e"]);
    }
}
