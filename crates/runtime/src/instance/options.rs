//! Canonical options with their memory and functions in hand. Spec: `CanonicalOptions`.

use std::sync::Arc;

use super::{InstanceId, Leaf, RootId};
use crate::Result;
use crate::engine::{CoreFunc, CoreMemory};
use crate::error::bug;
use crate::plan::{FuncIndex, MemoryIndex, OptionsIndex, StringEncoding};
use crate::store::State;
use crate::types::PtrType;

/// Spec: `CanonicalOptions`.
pub(crate) struct Options {
    /// Whose memory and table are meant.
    pub(crate) instance: InstanceId,
    /// Spec: `string_encoding`.
    pub(crate) string_encoding: StringEncoding,
    /// Spec: `memory`.
    pub(crate) memory: Option<CoreMemory>,
    /// The type of its addresses.
    pub(crate) ptr_type: PtrType,
    /// The slot of `memory`, to compare options by.
    pub(crate) memory_index: Option<MemoryIndex>,
    /// Spec: `realloc`.
    pub(crate) realloc: Option<Leaf>,
    /// Spec: `post_return`.
    pub(crate) post_return: Option<Leaf>,
    /// Spec: `async_`.
    pub(crate) async_: bool,
    /// Spec: `callback`.
    pub(crate) callback: Option<CoreFunc>,
}

/// The options `index`, which were resolved before or are now.
#[inline]
pub(crate) fn options(state: &mut State, root: RootId, index: OptionsIndex) -> Result<&Arc<Options>> {
    let known = state.roots.get(root)?.options.get(index.at());
    if !matches!(known, Some(Some(_))) {
        resolve(state, root, index)?;
    }
    let known = state.roots.get(root)?.options.get(index.at()).and_then(Option::as_ref);
    known.ok_or_else(|| bug!("no place for options {}", index.0))
}

fn resolve(state: &mut State, root: RootId, index: OptionsIndex) -> Result<()> {
    let this = state.roots.get_mut(root)?;
    let planned = this.component.plan().options.get(index.at()).ok_or_else(|| bug!("no options {}", index.0))?;
    let func = |func: Option<FuncIndex>| func.map(|func| this.func(func)).transpose();
    let reached = this.component.code()?.reached.as_ref();
    let calls_out = reached.is_none_or(|reached| reached.by_options(index).next().is_some());
    let leaf = |leaf| func(leaf).map(|func| func.map(|func| Leaf { func, calls_out }));
    let resolved = Arc::new(Options {
        instance: this.instance(planned.instance)?,
        string_encoding: planned.string_encoding,
        memory: planned.memory.map(|memory| this.memory(memory)).transpose()?,
        memory_index: planned.memory,
        ptr_type: planned.ptr_type,
        realloc: leaf(planned.realloc)?,
        post_return: leaf(planned.post_return)?,
        async_: planned.async_,
        callback: func(planned.callback)?,
    });
    if let Some(place) = this.options.get_mut(index.at()) {
        *place = Some(resolved);
    }
    Ok(())
}

impl Options {
    /// The address that a core value is, of which these are the bits.
    #[inline]
    pub(crate) fn address(&self, bits: Option<&u64>) -> u64 {
        self.ptr_type.of_bits(bits.copied().unwrap_or(0))
    }

    /// Options of a core function that takes and gives core values only.
    pub(crate) fn plain(instance: InstanceId) -> Arc<Options> {
        Arc::new(Options {
            instance,
            string_encoding: StringEncoding::Utf8,
            memory: None,
            memory_index: None,
            ptr_type: PtrType::I32,
            realloc: None,
            post_return: None,
            async_: false,
            callback: None,
        })
    }
}
