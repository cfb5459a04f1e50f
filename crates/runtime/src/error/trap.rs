//! The traps of core wasm and of the Canonical ABI, one table: name, text.
//!
//! The texts are those that the standard's reference tests assert (by prefix).

use std::fmt;

macro_rules! traps {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// Why a guest trapped.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Trap {
            $($(#[$doc])* $name,)*
            /// A handle that is not in the table.
            UnknownHandle(u32),
        }

        impl Trap {
            /// Every trap that has a fixed text.
            pub const ALL: &'static [Trap] = &[$(Trap::$name),*];

            fn text(self) -> &'static str {
                match self {
                    $(Trap::$name => $text,)*
                    Trap::UnknownHandle(_) => "unknown handle index",
                }
            }
        }
    };
}

traps! {
    /// Core: the `unreachable` instruction.
    Unreachable = "wasm `unreachable` instruction executed";
    /// Core: a memory access outside of the memory.
    MemoryOutOfBounds = "out of bounds memory access";
    /// Core: an atomic access that is not aligned.
    HeapMisaligned = "unaligned atomic";
    /// Core: a table access outside of the table.
    TableOutOfBounds = "undefined element: out of bounds table access";
    /// Core: an indirect call to a null entry.
    IndirectCallToNull = "uninitialized element";
    /// Core: an indirect call with another signature.
    BadSignature = "indirect call type mismatch";
    /// Core: integer overflow.
    IntegerOverflow = "integer overflow";
    /// Core: division by zero.
    IntegerDivisionByZero = "integer divide by zero";
    /// Core: a float that no integer can hold.
    BadConversionToInteger = "invalid conversion to integer";
    /// Core: the call stack is used up.
    StackOverflow = "call stack exhausted";
    /// The time that `Limits` allows is used up.
    Interrupt = "interrupt: the time limit was reached";
    /// The fuel that `Limits` allows is used up.
    OutOfFuel = "all fuel consumed by WebAssembly";
    /// Core: any other trap of the engine; the message has its text.
    Core = "core wasm trap";
    /// A host function refused what its caller asked against the interface's rules; the message says which.
    Refused = "a host function refused its caller";
    /// An exception left a component.
    UncaughtException = "an exception propagated out of a component";

    /// The store ended with an earlier trap, or the call is one that older rules forbid
    /// ([`AsyncRules::August2026`](crate::AsyncRules)).
    CannotEnter = "cannot enter component instance";
    /// Spec: `ComponentInstance.may_leave`.
    CannotLeave = "cannot leave component instance";
    /// Spec: the blocking rule of functions that are not async.
    CannotBlockSyncTask = "cannot block a synchronous task before returning";
    /// No thread is ready and nothing of the host is under way.
    Deadlock = "deadlock detected: event loop cannot make further progress";
    /// Spec: `Task.unregister_thread`.
    NoTaskReturn = "async-lifted export failed to produce a result";
    /// Spec: `Task.return_`, `Task.cancel`.
    TaskAlreadyResolved = "`task.return` or `task.cancel` called more than once for current task";
    /// Spec: `Task.cancel`.
    TaskNotCancelled = "`task.cancel` called by task which has not been cancelled";
    /// Spec: `canon_task_return`.
    TaskReturnInvalid = "invalid `task.return` signature and/or options for current task";
    /// Spec: `Task.return_`: borrows that were not dropped.
    BorrowsRemain = "borrow handles still remain at the end of the call";
    /// Spec: `unpack_callback_result`.
    BadCallbackCode = "unsupported callback code";

    /// A handle of another kind than the operation needs.
    WrongHandle = "handle index used with the wrong type";
    /// Spec: `Table.add`.
    TableFull = "resource table has no free keys";
    /// Spec: `lift_own`, `canon_resource_drop`.
    OwnWhileBorrowed = "cannot remove owned resource while borrowed";
    /// Spec: `lift_own` on a borrow.
    OwnFromBorrow = "cannot lift own resource from a borrow";
    /// A resource's representation of 64 bits is passed in the place of a borrowed handle, which has 32.
    BorrowTooWide = "the representation of a borrowed resource does not fit into 32 bits";

    /// Spec: `canon_waitable_set_drop`: still has members.
    SetNotEmpty = "cannot drop waitable set with members";
    /// Spec: `WaitableSet.drop`.
    SetHasWaiters = "cannot drop waitable set with waiters";
    /// Spec: `Waitable.in_waitable_set` before a synchronous wait, `Waitable.has_sync_waiter` before a join.
    SyncWhileInSet = "waitable cannot be used synchronously while added to a waitable set";
    /// Spec: `canon_subtask_cancel` after delivery.
    SubtaskCancelAfterTerminal = "`subtask.cancel` called after terminal status delivered";
    /// Spec: `canon_subtask_cancel` twice.
    SubtaskCancelTwice = "`subtask.cancel` called twice for the same subtask";
    /// Spec: `Subtask.drop`.
    SubtaskDropUnresolved = "cannot drop a subtask which has not yet resolved";
    /// Spec: `canon_backpressure_inc`, `canon_backpressure_dec`.
    BackpressureOverflow = "backpressure counter overflow";

    /// Spec: `Buffer.MAX_LENGTH`.
    BufferTooLong = "stream read/write count too large";
    /// Spec: `stream_copy`, `future_copy` while copying.
    ConcurrentCopy = "cannot have concurrent operations active on a future/stream";
    /// Spec: `cancel_copy` while not copying.
    NothingToCancel = "cannot cancel a read or write that is not in progress";
    /// Spec: `CopyEnd.drop`, a stream.
    DropBusyStream = "cannot drop busy stream";
    /// Spec: `CopyEnd.drop`, a future.
    DropBusyFuture = "cannot drop busy future";
    /// Spec: `lift_async_value` while copying.
    RemoveBusyStream = "cannot remove busy stream";
    /// Spec: `lift_async_value` while copying.
    RemoveBusyFuture = "cannot remove busy future";
    /// Spec: `WritableFutureEnd.drop`.
    FutureDropUnwritten = "cannot drop future write end without first writing a value";
    /// Spec: `stream_copy` after DROPPED.
    StreamReadAfterDropped = "cannot read from stream after being notified that the writable end dropped";
    /// Spec: `stream_copy` after DROPPED.
    StreamWriteAfterDropped = "cannot write to stream after being notified that the readable end dropped";
    /// Spec: `future_copy` after COMPLETED.
    FutureReadDone = "cannot read from future after previous read succeeded";
    /// Spec: `future_copy` after COMPLETED or DROPPED.
    FutureWriteDone = "cannot write to future after previous write succeeded or readable end dropped";
    /// Spec: `lift_async_value`.
    LiftDroppedStream = "cannot lift stream after being notified that the writable end dropped";
    /// Spec: `lift_async_value`.
    LiftDoneFuture = "cannot lift future after previous read succeeded";
    /// Spec: `lift_async_value`.
    LiftStreamInSet = "cannot lift stream while it's in a waitable set";
    /// Spec: `lift_async_value`.
    LiftFutureInSet = "cannot lift future while it's in a waitable set";
    /// Spec: `SharedStreamImpl.read`, the temporary rule.
    IntraComponentStream = "cannot read from and write to intra-component stream";
    /// Spec: `SharedFutureImpl.read`, the temporary rule.
    IntraComponentFuture = "cannot read from and write to intra-component future";

    /// Spec: alignment of a pointer.
    UnalignedPointer = "unaligned pointer";
    /// A tuple or a stored value beyond the memory.
    PointerOutOfBounds = "pointer out of bounds of memory";
    /// Spec: `load_list_from_range`.
    ListOutOfBounds = "list content out-of-bounds";
    /// Spec: `load_string_from_range`.
    StringOutOfBounds = "string content out-of-bounds: string pointer/length out of bounds of memory";
    /// Spec: `MAX_STRING_BYTE_LENGTH`.
    StringTooLong = "string length exceeds the maximum";
    /// Spec: `MAX_LIST_BYTE_LENGTH`.
    ListTooLong = "list length exceeds the maximum";
    /// Spec: `store_list_into_range`: what `realloc` answered is not inside of the memory.
    ListReallocOutOfBounds = "list content out-of-bounds: realloc return: beyond end of memory";
    /// Spec: `store_string_into_range`, `lower_heap_values`: the same for everything else.
    ReallocOutOfBounds = "realloc return: beyond end of memory";
    /// Spec: `LiftLowerContext.reallocate`: alignment.
    ReallocUnaligned = "unaligned pointer: realloc return: result not aligned";
    /// Spec: `load_variant`.
    InvalidDiscriminant = "invalid variant discriminant";
    /// Spec: `convert_i32_to_char`.
    InvalidChar = "invalid `char` bit pattern";
    /// Spec: `load_string_from_range`.
    InvalidUtf8 = "invalid utf-8";
    /// Spec: `load_string_from_range`: ends inside of a code point.
    IncompleteUtf8 = "incomplete utf-8 byte sequence";
    /// Spec: `load_string_from_range`.
    InvalidUtf16 = "unpaired surrogate found";

    /// Spec: `canon_thread_new_indirect`.
    ThreadStartType = "start function does not match expected type (currently only `(i32) -> ()` is supported)";
    /// Spec: `canon_thread_new_indirect`.
    ThreadStartNull = "the start function index points to an uninitialized function";
    /// Spec: `canon_thread_resume_later`.
    ThreadNotSuspended = "cannot resume thread which is not suspended";
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trap::UnknownHandle(index) => write!(f, "{} {index}", self.text()),
            _ => f.write_str(self.text()),
        }
    }
}
