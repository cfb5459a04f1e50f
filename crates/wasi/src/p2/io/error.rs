//! wasi:io/error.

use std::any::Any;
use std::fmt;

use thalweg::{Linker, Resource, Result};

use crate::WasiView;
use crate::table_resource::TableResource;

/// What went wrong below a stream. Spec: wasi:io/error.error.
///
/// It carries the error code of the interface that the stream came from, so that interface can give it back.
pub struct IoError {
    text: String,
    code: Option<Box<dyn Any + Send>>,
}

impl IoError {
    /// An error that only has a text.
    pub fn new(text: impl Into<String>) -> Self {
        IoError { text: text.into(), code: None }
    }

    /// An error with the code of the interface it belongs to.
    pub fn with_code<C: Send + 'static>(text: impl Into<String>, code: C) -> Self {
        IoError { text: text.into(), code: Some(Box::new(code)) }
    }

    /// The error code, when it is of interface type `C`: the "downcast" of the standard.
    pub fn code<C: 'static>(&self) -> Option<&C> {
        self.code.as_ref()?.downcast_ref()
    }

    /// The text for people.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for IoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IoError").field(&self.text).finish()
    }
}

/// Spec: wasi:io/error.
pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance("wasi:io/error@0.2.12")?
        .table_resource::<IoError>("error")?
        .func("[method]error.to-debug-string", |mut caller, (this,): (Resource<IoError>,)| {
            Ok(caller.data_mut().wasi().table.get(&this)?.text().to_string())
        })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_interface_gets_its_code_back() {
        let error = IoError::with_code("no space", 28u16);
        assert_eq!(error.code::<u16>(), Some(&28));
        assert_eq!(error.code::<u8>(), None);
        assert_eq!(IoError::new("gone").code::<u16>(), None);
        assert_eq!(error.text(), "no space");
    }
}
