//! Spec: `ErrorContext`.

use crate::store::Id;

/// An error context of the store.
pub(crate) type ErrorContextId = Id<ErrorContext>;

/// Spec: `ErrorContext`.
pub(crate) struct ErrorContext {
    /// Spec: `debug_message`.
    pub(crate) debug_message: String,
}
