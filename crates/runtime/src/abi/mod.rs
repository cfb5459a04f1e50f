//! The Canonical ABI in Rust: values between Rust and a guest's memory or core values.
//!
//! Every value type goes four ways: [`WitType::load`] and [`WitType::store`] through memory, [`WitType::lift_flat`] and
//! [`WitType::lower_flat`] through core values. [`Val`] is the dynamic side, Rust types the static one; both go the
//! same way. This stays the plain twin of compiled adapters.

pub mod declare;
mod flat;
mod handle_type;
pub(crate) mod handles;
mod lift;
mod list;
mod lower;
mod macros;
mod mismatch;
mod option;
mod params;
mod payload;
mod place;
mod plain;
mod resource_any;
mod returns;
mod scalar;
mod string;
mod transcode;
mod tuple;
mod val;
mod val_lift;
mod val_lower;

pub(crate) use handle_type::as_one_handle;

pub(crate) use flat::{Args, CAPACITY};
pub use flat::{Flat, FlatIter};
pub use lift::LiftCx;
pub use lower::LowerCx;
pub use params::Params;
pub use payload::Payload;
pub use place::{Case, LiftFrom, LowerTo};
pub use resource_any::ResourceAny;
pub use returns::{ReturnVal, Returns};
pub use val::Val;

pub(crate) use list::MAX_LIST_BYTE_LENGTH;
pub(crate) use params::lower_dynamic;
pub(crate) use plain::Plain;
pub(crate) use resource_any::Held;
pub(crate) use string::{MAX_STRING_BYTE_LENGTH, UTF16_TAG, load_string_from_range};
pub(crate) use transcode::check_utf8;

use crate::Result;
use crate::linker::HostTypes;
use crate::types::ValType;

/// A type that crosses between Rust and guests.
///
/// `ty` is always the guest's type, which [`check`](Self::check) accepted; it knows the layout.
pub trait WitType: Sized + Send + 'static {
    /// This type in the words of WIT, for messages.
    #[must_use]
    fn wit_name() -> String {
        std::any::type_name::<Self>().to_owned()
    }

    /// Whether this Rust type can stand for `ty`; `host` knows which host type each imported resource is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Link`](crate::ErrorKind::Link) that names both types.
    fn check(ty: &ValType, host: &HostTypes) -> Result<()>;

    /// Spec: `lift_flat`.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn lift_flat(cx: &mut LiftCx<'_>, ty: &ValType, flat: &mut FlatIter<'_>) -> Result<Self>;

    /// Spec: `load`. `ptr` is aligned and inside of the memory.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn load(cx: &mut LiftCx<'_>, ty: &ValType, ptr: u64) -> Result<Self>;

    /// Spec: `lower_flat`.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn lower_flat(self, cx: &mut LowerCx<'_>, ty: &ValType, flat: &mut Flat) -> Result<()>;

    /// Spec: `store`. `ptr` is aligned and inside of the memory.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn store(self, cx: &mut LowerCx<'_>, ty: &ValType, ptr: u64) -> Result<()>;

    /// Spec: `load_list_from_valid_range`; types whose bytes are their values do it in one copy.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn load_list(cx: &mut LiftCx<'_>, element: &ValType, ptr: u64, length: u32) -> Result<Vec<Self>> {
        let size = element.size(cx.ptr_type);
        // Never trust a guest's length for an allocation: grow as elements really arrive.
        let mut items = Vec::with_capacity(length.min(1024) as usize);
        for i in 0..length {
            items.push(Self::load(cx, element, place::element_at(ptr, i, size))?);
        }
        Ok(items)
    }

    /// Spec: `store_list_into_valid_range`; types whose bytes are their values do it in one copy.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn store_list(items: Vec<Self>, cx: &mut LowerCx<'_>, element: &ValType, ptr: u64) -> Result<()> {
        let size = element.size(cx.ptr_type);
        for (i, item) in (0..).zip(items) {
            item.store(cx, element, place::element_at(ptr, i, size))?;
        }
        Ok(())
    }
}
