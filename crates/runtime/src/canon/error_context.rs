//! Spec: `canon error-context.{new,debug-message,drop}`.

use super::dispatch::arg;
use super::{Outcome, Site, check_may_leave};
use crate::Result;
use crate::abi::{LiftCx, LowerCx, WitType, load_string_from_range};
use crate::engine::StoreMut;
use crate::instance::{Handle, options};
use crate::plan::{OptionsIndex, StringEncoding};
use crate::task::ErrorContext;
use crate::types::ValType;

/// Spec: `canon_error_context_new`.
pub(super) fn new(store: &mut StoreMut<'_>, site: Site, index: OptionsIndex, args: &[u64]) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let options = options(store.state_mut(), site.root, index)?.clone();
    let mut cx = LiftCx::new(store.reborrow(), &options, None);
    let (ptr, tagged_code_units) = (options.address(args.first()), options.address(args.get(1)));
    let debug_message = load_string_from_range(&mut cx, ptr, tagged_code_units)?;
    let state = store.state_mut();
    let id = state.error_contexts.insert(ErrorContext { debug_message });
    let index = state.instances.get_mut(site.instance)?.handles.add(Handle::ErrorContext(id))?;
    Ok(Outcome::Done(u64::from(index)))
}

/// Spec: `canon_error_context_debug_message`.
pub(super) fn debug_message(
    store: &mut StoreMut<'_>,
    site: Site,
    index: OptionsIndex,
    args: &[u64],
) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let options = options(store.state_mut(), site.root, index)?.clone();
    let handle = arg(args, 0);
    let ptr = options.address(args.get(1));
    let state = store.state();
    let id = state.instances.get(site.instance)?.handles.get(handle)?.error_context(handle)?;
    let message = state.error_contexts.get(id)?.debug_message.clone();
    let mut cx = LowerCx::new(store.reborrow(), &options, StringEncoding::Utf8);
    cx.check_pointer(ptr, ValType::String.layout(options.ptr_type))?;
    message.store(&mut cx, &ValType::String, ptr)?;
    Ok(Outcome::Done(0))
}

/// Spec: `canon_error_context_drop`.
pub(super) fn drop(store: &mut StoreMut<'_>, site: Site, index: u32) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let state = store.state_mut();
    let handles = &mut state.instances.get_mut(site.instance)?.handles;
    let id = handles.get(index)?.error_context(index)?;
    handles.remove(index)?;
    state.error_contexts.remove(id);
    Ok(Outcome::Done(0))
}
