//! The embedder's side: host functions, resources, stream and future ends, instances and started calls.

mod access;
mod call;
mod caller;
mod func;
mod future_reader;
mod future_writer;
mod host_call;
mod host_task;
mod instance;
mod resource;
mod resource_table;
mod resource_type;
mod stream_ends;
mod stream_read;
mod stream_reader;
mod stream_writer;

pub use access::Access;
pub(crate) use access::{data_of, lock};
pub use call::StartedCall;
pub use caller::Caller;
pub use func::{Func, TypedFunc};
pub use future_reader::FutureReader;
pub(crate) use future_reader::{FutureSource, FutureTarget};
pub use future_writer::{FutureWriter, FutureWritten};
pub(crate) use host_call::{HostCall, HostFunc, HostFuture};
pub(crate) use host_task::{HostTask, HostTaskId, cancel_host_task, poll_host_task, spawn};
pub use instance::Instance;
pub use resource::Resource;
pub use resource_table::ResourceTable;
pub use resource_type::ResourceType;
pub use stream_ends::{Destination, Flow, Source, StreamConsumer, StreamProducer};
pub(crate) use stream_ends::{HostBytes, HostConsumer, HostItems, HostProducer, RawDestination, RawSource};
pub use stream_reader::StreamReader;
pub use stream_writer::{ReaderDropped, StreamWriter};
