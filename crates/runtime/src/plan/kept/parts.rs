//! What a plan is made of: every field and case, in the order given here.

use std::ops::Range;

use indexmap::IndexMap;

use super::{Kept, Reader, Writer};
use crate::AsyncRules;
use crate::plan::{
    Canon, CanonicalOptions, CoreDef, CoreInstanceIndex, End, Export, FuncDef, FuncIndex, Import, ImportedFunc,
    ImportedFuncIndex, InstanceIndex, Kind, Lift, LiftIndex, MemoryIndex, ModuleIndex, NeededDefinition, OptionsIndex,
    Plan, PlannedInstance, PlannedModule, PlannedResource, Plugged, Step, StringEncoding, TableIndex, Trampoline,
    TrampolineIndex,
};
use crate::types::ResourceIndex;

macro_rules! numbers {
    ($($name:ident)*) => { $(
        impl Kept for $name {
            fn write(&self, to: &mut Writer) {
                self.0.write(to);
            }

            fn read(from: &mut Reader<'_>) -> Option<Self> {
                u32::read(from).map($name)
            }
        }
    )* };
}

macro_rules! structs {
    ($($name:ident { $($field:ident),* })*) => { $(
        impl Kept for $name {
            fn write(&self, to: &mut Writer) {
                let $name { $($field),* } = self;
                $($field.write(to);)*
            }

            fn read(from: &mut Reader<'_>) -> Option<Self> {
                $(let $field = Kept::read(from)?;)*
                Some($name { $($field),* })
            }
        }
    )* };
}

/// A case is a number and its fields.
macro_rules! enums {
    ($($name:ident { $($tag:literal $case:ident $({ $($field:ident),* })? $(( $($value:ident),* ))?,)* })*) => { $(
        impl Kept for $name {
            fn write(&self, to: &mut Writer) {
                match self { $(
                    $name::$case $({ $($field),* })? $(( $($value),* ))? => {
                        to.bytes.push($tag);
                        $($($field.write(to);)*)?
                        $($($value.write(to);)*)?
                    }
                )* }
            }

            fn read(from: &mut Reader<'_>) -> Option<Self> {
                match from.take(1)? {
                    $([$tag] => {
                        $($(let $field = Kept::read(from)?;)*)?
                        $($(let $value = Kept::read(from)?;)*)?
                        Some($name::$case $({ $($field),* })? $(( $($value),* ))?)
                    })*
                    _ => None,
                }
            }
        }
    )* };
}

numbers! {
    CoreInstanceIndex FuncIndex ImportedFuncIndex InstanceIndex LiftIndex MemoryIndex ModuleIndex OptionsIndex
    ResourceIndex TableIndex TrampolineIndex
}

structs! {
    Plan {
        rules, modules, instances, resources, needs, imports, implements, plugged, imported_funcs, trampolines, lifts,
        options, steps, exports, memories, funcs, tables, core_instances
    }
    NeededDefinition { interface, name, is_module }
    Plugged { importer, import, provider, export }
    PlannedModule { range, imports, starts }
    PlannedInstance { parent, name }
    ImportedFunc { interface, name, ty }
    CanonicalOptions { instance, string_encoding, memory, realloc, post_return, async_, callback }
    Lift { callee, ty, options, name }
    Trampoline { instance, canon }
}

enums! {
    AsyncRules { 0 Current, 1 August2026, }
    PlannedResource { 0 Imported { interface, name }, 1 Defined { instance, dtor, name }, }
    Import { 0 Func(func), 1 Instance(items), 2 Type(ty), 3 Resource(resource), 4 Module, 5 Component, }
    Export { 0 Func(func), 1 Instance(items), 2 Type(ty), 3 Resource(resource), 4 Module(module), 5 Component, }
    CoreDef { 0 Export { instance, name }, 1 Trampoline(trampoline), }
    FuncDef { 0 Lift(lift), 1 Imported(func), }
    StringEncoding { 0 Utf8, 1 Utf16, 2 Latin1OrUtf16, }
    Step {
        0 Instantiate { module, args, instance },
        1 ExtractMemory(index, def),
        2 ExtractFunc(index, def),
        3 ExtractTable(index, def),
    }
    End { 0 Readable, 1 Writable, }
    Kind { 0 Stream, 1 Future, }
    Canon {
        0 Lower { callee, ty, options },
        1 ResourceNew { resource },
        2 ResourceDrop { resource },
        3 ResourceRep { resource },
        4 TaskReturn { result, options },
        5 TaskCancel,
        6 ContextGet { slot, i64 },
        7 ContextSet { slot, i64 },
        8 BackpressureInc,
        9 BackpressureDec,
        10 SubtaskCancel { async_ },
        11 SubtaskDrop,
        12 WaitableSetNew,
        13 WaitableSetWait { memory, cancellable },
        14 WaitableSetPoll { memory, cancellable },
        15 WaitableSetDrop,
        16 WaitableJoin,
        17 New { kind, payload },
        18 Copy { kind, end, payload, options },
        19 CancelCopy { kind, end, payload, async_ },
        20 DropEnd { kind, end, payload },
        21 Forward { kind, payload },
        22 ThreadYield { cancellable },
        23 ThreadIndex,
        24 ThreadNewIndirect { table },
        25 ThreadResumeLater,
        26 ThreadSuspend { cancellable },
        27 ThreadSuspendThenResume { cancellable },
        28 ThreadYieldThenResume { cancellable },
        29 ThreadSuspendThenPromote { cancellable },
        30 ThreadYieldThenPromote { cancellable },
        31 ErrorContextNew { options },
        32 ErrorContextDebugMessage { options },
        33 ErrorContextDrop,
    }
}

impl Kept for Range<usize> {
    fn write(&self, to: &mut Writer) {
        self.start.write(to);
        self.end.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(usize::read(from)?..usize::read(from)?)
    }
}

impl<T: Kept> Kept for IndexMap<String, T> {
    fn write(&self, to: &mut Writer) {
        (self.len() as u32).write(to);
        for (name, item) in self {
            name.write(to);
            item.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let count = from.count()?;
        let mut items = IndexMap::with_capacity(count);
        for _ in 0..count {
            items.insert(String::read(from)?, T::read(from)?);
        }
        Some(items)
    }
}
