//! A directory's names as a `stream<directory-entry>`, with the future that tells how it ended.

use std::task::{Context, Poll};

use thalweg::{Destination, Flow, FutureReader, StreamProducer, StreamReader};

use super::wit::DirectoryEntry;
use super::{DirectoryReader, ErrorCode};
use crate::byte_stream::outcome_future;
use crate::completion::{Completer, completion};
use crate::sys;

/// What `read-directory` gives.
pub(super) type EntriesEnd = (StreamReader<DirectoryEntry>, FutureReader<Result<(), ErrorCode>>);

/// Lets a guest read `names`. When there are none to read, the stream is at its end and the future tells why.
pub(super) fn entries_end(names: sys::Result<DirectoryReader>) -> EntriesEnd {
    let (completer, outcome) = completion();
    let names = names.map_err(|error| completer.complete(Err(error))).ok();
    (StreamReader::new(Producer { names, completer }), outcome_future(outcome))
}

struct Producer {
    names: Option<DirectoryReader>,
    completer: Completer,
}

impl StreamProducer<DirectoryEntry> for Producer {
    fn poll_produce(
        &mut self,
        _cx: &mut Context<'_>,
        destination: &mut Destination<'_, DirectoryEntry>,
    ) -> Poll<thalweg::Result<Flow>> {
        let Some(names) = &mut self.names else { return Poll::Ready(Ok(Flow::End)) };
        while destination.remaining() > 0 {
            match names.next() {
                Some(Ok(entry)) => destination.push(entry.into())?,
                Some(Err(error)) => {
                    self.completer.complete(Err(error));
                    return Poll::Ready(Ok(Flow::End));
                }
                None => return Poll::Ready(Ok(Flow::End)),
            }
        }
        Poll::Ready(Ok(Flow::Continue))
    }
}
