//! Component instances at run time. Spec: `ComponentInstance`.

mod component_instance;
mod flags;
mod handle;
mod instantiate;
mod leaf;
mod options;
mod root;
mod table;

pub(crate) use component_instance::{ComponentInstance, InstanceId};
pub(crate) use flags::{Flags, FlagsUse, MAY_LEAVE, flags_global, may};
pub(crate) use handle::{BorrowScope, Handle, ResourceHandle};
pub(crate) use instantiate::Instantiation;
pub(crate) use leaf::{Leaf, call_leaf, call_post_return, enter_leaf, leave_leaf};
pub(crate) use options::{Options, options};
pub(crate) use root::{RootId, RootInstance, RuntimeResource};
pub(crate) use table::Table;
