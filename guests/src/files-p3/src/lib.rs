//! Calls every function of wasi:filesystem (0.3) in the first granted directory, and prints what they answer.
mod content;
mod names;
mod streams;

use futures::join;
use wasip3::filesystem::preopens::get_directories;
use wasip3::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags};

struct Files;
wasip3::cli::command::export!(Files);

pub async fn say(line: String) {
    let (mut tx, rx) = wasip3::wit_stream::new();
    let _ = join!(async { wasip3::cli::stdout::write_via_stream(rx).await }, async move {
        tx.write_all(format!("{line}\n").into_bytes()).await;
    });
}

/// A file below `directory`, made if there is none.
pub async fn open(directory: &Descriptor, path: &str) -> Descriptor {
    let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
    directory.open_at(PathFlags::empty(), path.into(), OpenFlags::CREATE, flags).await.expect("it is granted")
}

impl wasip3::exports::cli::run::Guest for Files {
    async fn run() -> Result<(), ()> {
        let (directory, name) = get_directories().into_iter().next().ok_or(())?;
        say(format!("granted {name}: {:?} {:?}", directory.get_type().await, directory.get_flags().await)).await;
        say(format!("create-directory-at: {:?}", directory.create_directory_at("folder".into()).await)).await;
        streams::calls(&directory).await;
        content::calls(&directory).await;
        names::calls(&directory).await;
        Ok(())
    }
}
