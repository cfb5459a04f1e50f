//! Reading the file that was named on the command line.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use clap::CommandFactory;
use thalweg::Component;

use crate::options::nearest;
use crate::report::Failure;

/// A file, read.
pub struct Source {
    /// As it was named, for messages.
    pub name: String,
    /// What it contains; nothing if it is mapped.
    pub bytes: Vec<u8>,
    /// A precompiled component, which is not read but mapped.
    pub mapped: Option<File>,
}

impl Source {
    /// Reads `file`, or opens it if it is a precompiled component; `-` is standard input.
    pub fn open(file: &OsStr) -> Result<Source, Failure> {
        if file == "-" {
            return Source::read(file);
        }
        let opened = Source::opened(file)?;
        if Component::is_precompiled_file(&opened) {
            let name = file.display().to_string();
            return Ok(Source { name, bytes: Vec::new(), mapped: Some(opened) });
        }
        Source::read_from(file.display().to_string(), opened)
    }

    /// Reads `file`; `-` is standard input.
    pub fn read(file: &OsStr) -> Result<Source, Failure> {
        if file == "-" {
            return Source::read_from("standard input".to_string(), io::stdin().lock());
        }
        Source::read_from(file.display().to_string(), Source::opened(file)?)
    }

    /// What a file that is mapped contains.
    pub fn read_mapped(&self) -> Result<Vec<u8>, Failure> {
        match &self.mapped {
            Some(file) => Ok(Source::read_from(self.name.clone(), file)?.bytes),
            None => Ok(Vec::new()),
        }
    }

    fn opened(file: &OsStr) -> Result<File, Failure> {
        File::open(file).map_err(|error| {
            let failure = unreadable(&file.display().to_string(), &error);
            match subcommand_like(file).filter(|_| error.kind() == io::ErrorKind::NotFound) {
                Some(near) => failure.with_help(format!("did you mean `thalweg {near}`?")),
                None => failure,
            }
        })
    }

    fn read_from(name: String, mut from: impl Read) -> Result<Source, Failure> {
        let mut bytes = Vec::new();
        match from.read_to_end(&mut bytes) {
            Ok(_) => Ok(Source { name, bytes, mapped: None }),
            Err(error) => Err(unreadable(&name, &error)),
        }
    }

    /// The name of the file alone, as a program's first argument has it.
    pub fn file_name(file: &OsStr) -> String {
        Path::new(file).file_name().unwrap_or(file).display().to_string()
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(format!("can't read {name}: {}", io_text(error)))
}

/// What the system says, without its number.
pub fn io_text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_string(),
        None => text,
    }
}

/// The subcommand that was meant by a file name that looks like a word.
fn subcommand_like(file: &OsStr) -> Option<String> {
    let word = file.to_str().filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()))?;
    let command = crate::CommandLine::command();
    let names: Vec<_> = command.get_subcommands().map(|command| command.get_name().to_string()).collect();
    nearest(word, names.iter().map(String::as_str)).map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_subcommand_is_known() {
        assert_eq!(subcommand_like(OsStr::new("inspct")).as_deref(), Some("inspect"));
        assert_eq!(subcommand_like(OsStr::new("inspct.wasm")), None);
        assert_eq!(subcommand_like(OsStr::new("hello")), None);
    }

    #[test]
    fn the_system_has_no_number() {
        let error = std::fs::read("/no/such/file").expect_err("there is none");
        assert_eq!(io_text(&error), "No such file or directory");
    }
}
