//! Canonical options. Spec: `canonopt`, `CanonicalOptions`.

use wasmparser::CanonicalOption;

use super::Builder;
use super::item::CoreItem;
use super::scope::{ScopeIndex, at};
use crate::Result;
use crate::error::bug;
use crate::plan::{CanonicalOptions, FuncIndex, MemoryIndex, OptionsIndex, StringEncoding};
use crate::types::PtrType;

impl<'d> Builder<'d> {
    pub fn options(&mut self, scope: ScopeIndex, list: &[CanonicalOption]) -> Result<OptionsIndex> {
        let mut options = CanonicalOptions {
            instance: self.scope(scope)?.instance,
            string_encoding: StringEncoding::Utf8,
            memory: None,
            ptr_type: PtrType::I32,
            realloc: None,
            post_return: None,
            async_: false,
            callback: None,
        };
        for option in list {
            match *option {
                CanonicalOption::UTF8 => options.string_encoding = StringEncoding::Utf8,
                CanonicalOption::UTF16 => options.string_encoding = StringEncoding::Utf16,
                CanonicalOption::CompactUTF16 => options.string_encoding = StringEncoding::Latin1OrUtf16,
                CanonicalOption::Memory(index) => {
                    let (memory, ptr_type) = self.option_memory(scope, index)?;
                    (options.memory, options.ptr_type) = (Some(memory), ptr_type);
                }
                CanonicalOption::Realloc(index) => options.realloc = Some(self.option_func(scope, index)?),
                CanonicalOption::PostReturn(index) => options.post_return = Some(self.option_func(scope, index)?),
                CanonicalOption::Async => options.async_ = true,
                CanonicalOption::Callback(index) => options.callback = Some(self.option_func(scope, index)?),
                CanonicalOption::CoreType(_) | CanonicalOption::Gc => {
                    return Err(bug!("an option of the gc form got past the validator"));
                }
            }
        }
        self.options_slot(options)
    }

    pub fn option_memory(&mut self, scope: ScopeIndex, index: u32) -> Result<(MemoryIndex, PtrType)> {
        let memory = *at(&self.scope(scope)?.core.memories, index, "core memory")?;
        let ptr = self.ptr_type(memory)?;
        Ok((self.memory_slot(memory, ptr)?, ptr))
    }

    fn option_func(&mut self, scope: ScopeIndex, index: u32) -> Result<FuncIndex> {
        let func = self.scope(scope)?.core_func(index)?;
        self.func_slot(func)
    }

    /// Makes trampolines of the canonical definitions that `list` refers to.
    ///
    /// Options of options are then never resolved by recursion, however long a chain of them is.
    pub fn use_option_funcs(&mut self, scope: ScopeIndex, list: &[CanonicalOption]) -> Result<()> {
        for option in list {
            if let CanonicalOption::Realloc(index)
            | CanonicalOption::PostReturn(index)
            | CanonicalOption::Callback(index) = *option
                && let CoreItem::Canon(number) = self.scope(scope)?.core_func(index)?
            {
                self.trampoline(number)?;
            }
        }
        Ok(())
    }
}
