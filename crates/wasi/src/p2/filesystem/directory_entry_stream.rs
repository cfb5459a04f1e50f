//! Spec: wasi:filesystem/types.directory-entry-stream.

use std::iter::Fuse;

use thalweg::{Linker, Resource, Result};

use super::{DescriptorType, TYPES, This, answer, answer_new, get};
use crate::WasiView;
use crate::filesystem::DirectoryReader;
use crate::sys::{self, DirEntry};
use crate::table_resource::TableResource;

thalweg::wit_record! {
    /// A name in a directory. Spec: wasi:filesystem/types.directory-entry.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct DirectoryEntry {
        kind: DescriptorType as "type",
        name: String as "name",
    }
}

impl From<DirEntry> for DirectoryEntry {
    fn from(entry: DirEntry) -> Self {
        DirectoryEntry { kind: entry.kind.into(), name: entry.name }
    }
}

/// A directory's names, one at a time. Spec: wasi:filesystem/types.directory-entry-stream.
pub struct DirectoryEntryStream(Fuse<DirectoryReader>);

impl DirectoryEntryStream {
    /// The names that `reader` gives; once it is at its end it stays there.
    pub fn new(reader: DirectoryReader) -> Self {
        DirectoryEntryStream(reader.fuse())
    }

    /// The next name; nothing at the end.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read on.
    pub fn next_entry(&mut self) -> sys::Result<Option<DirectoryEntry>> {
        self.0.next().transpose().map(|entry| entry.map(DirectoryEntry::from))
    }
}

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance(TYPES)?
        .table_resource::<DirectoryEntryStream>("directory-entry-stream")?
        .func("[method]descriptor.read-directory", |mut caller, (this,): (This,)| {
            let names = get(&mut caller, &this)?.read_directory();
            answer_new(&mut caller, names.map(DirectoryEntryStream::new))
        })?
        .func(
            "[method]directory-entry-stream.read-directory-entry",
            |mut caller, (this,): (Resource<DirectoryEntryStream>,)| {
                answer(caller.data_mut().wasi().table.get_mut(&this)?.next_entry())
            },
        )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{Code, FileKind};

    #[test]
    fn after_an_error_names_go_on_and_the_end_stays() {
        let entry = |name: &str| DirEntry { kind: FileKind::Other, name: name.into() };
        let names = [Ok(entry("a")), Err(Code::Io.into()), Ok(entry("b"))];
        let mut stream = DirectoryEntryStream::new(Box::new(names.into_iter()));
        let first = stream.next_entry().expect("no error yet").expect("a name");
        assert_eq!((first.name.as_str(), first.kind), ("a", DescriptorType::Unknown));
        assert!(stream.next_entry().is_err());
        assert!(stream.next_entry().expect("the error is over").is_some());
        assert_eq!(stream.next_entry(), Ok(None));
        assert_eq!(stream.next_entry(), Ok(None));
    }
}
