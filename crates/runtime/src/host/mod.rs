//! The embedder's side: host functions, resources, stream and future ends, instances and started calls.

mod access;
mod call;
mod caller;
mod func;
mod future_reader;
mod host_call;
mod instance;
mod resource;
mod resource_table;
mod stream_ends;
mod stream_reader;

pub use access::Access;
pub use call::StartedCall;
pub use caller::Caller;
pub use func::{Func, TypedFunc};
pub use future_reader::FutureReader;
pub(crate) use future_reader::{FutureSource, FutureTarget};
pub(crate) use host_call::{HostCall, HostFunc, HostFuture, HostResult, HostTask, HostTaskId};
pub use instance::Instance;
pub use resource::Resource;
pub use resource_table::ResourceTable;
pub use stream_ends::{Destination, Flow, Source, StreamConsumer, StreamProducer};
pub(crate) use stream_ends::{HostConsumer, HostProducer, erase_consumer, erase_producer};
pub use stream_reader::StreamReader;
