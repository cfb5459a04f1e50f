//! Calls every function of wasi:filesystem and of wasi:io's streams (0.2) in the first granted directory, and prints what
//! they answer.
mod content;
mod names;
mod streams;

use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};

struct Files;
wasip2::cli::command::export!(Files);

pub fn say(line: &str) {
    let _ = wasip2::cli::stdout::get_stdout().blocking_write_and_flush(format!("{line}\n").as_bytes());
}

/// What came of it; an error by its name.
pub fn told<R: core::fmt::Debug>(result: Result<R, ErrorCode>) -> String {
    match result {
        Ok(value) => format!("Ok({value:?})"),
        Err(error) => format!("Err({})", error.name()),
    }
}

/// A file below `directory`, made if there is none.
pub fn open(directory: &Descriptor, path: &str) -> Descriptor {
    let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
    directory.open_at(PathFlags::empty(), path, OpenFlags::CREATE, flags).expect("it is granted")
}

impl wasip2::exports::cli::run::Guest for Files {
    fn run() -> Result<(), ()> {
        let (directory, name) = get_directories().into_iter().next().ok_or(())?;
        say(&format!("granted {name}: {:?} {:?}", directory.get_type(), directory.get_flags()));
        say(&format!("create-directory-at: {:?}", directory.create_directory_at("folder")));
        content::calls(&directory);
        streams::calls(&directory);
        names::calls(&directory);
        Ok(())
    }
}
