//! Resource types whose objects stand in the table of a [`WasiContext`](crate::WasiContext).

use thalweg::{LinkerInstance, Resource, Result};

use crate::WasiView;

/// How this crate defines its resource types.
pub(crate) trait TableResource {
    /// Defines the resource type of `H`; when a guest drops an owned handle, the object leaves the table.
    ///
    /// # Errors
    ///
    /// When the name is defined already.
    fn table_resource<H: 'static>(&mut self, name: &str) -> Result<&mut Self>;
}

impl<T: WasiView> TableResource for LinkerInstance<'_, T> {
    fn table_resource<H: 'static>(&mut self, name: &str) -> Result<&mut Self> {
        self.resource::<H>(name, |view, rep| view.wasi().table.delete(Resource::<H>::new_own(rep)).map(drop))
    }
}
