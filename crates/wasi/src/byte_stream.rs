//! Byte ports as ends of `stream<u8>`, each with the future that tells how it ended.
//!
//! Bytes go between the port and the guest's memory without a buffer of ours between them.

use std::any::Any;
use std::task::{Context, Poll, ready};

use thalweg::{Destination, Flow, FutureReader, Payload, Source, StreamConsumer, StreamProducer, StreamReader};

use crate::completion::{Completer, completion};
use crate::sys::{self, ByteSink, ByteSource};

/// What a WIT function gives that lets a guest read: the stream, and how it ended.
pub(crate) type ReadEnd<E> = (StreamReader<u8>, FutureReader<Result<(), E>>);

/// A future that tells how a stream ended, in the words of an interface.
pub(crate) fn outcome_future<E>(
    outcome: impl Future<Output = sys::Result<()>> + Send + 'static,
) -> FutureReader<Result<(), E>>
where
    E: From<sys::Error> + 'static,
    Result<(), E>: Payload,
{
    FutureReader::new(async move { Ok(outcome.await.map_err(E::from)) })
}

/// Lets a guest read `source`. When there is none, the stream is at its end and the future tells why.
pub(crate) fn read_end<E>(source: sys::Result<impl ByteSource>) -> ReadEnd<E>
where
    E: From<sys::Error> + 'static,
    Result<(), E>: Payload,
{
    let (completer, outcome) = completion();
    let source = source.map_err(|error| completer.complete(Err(error))).ok();
    (StreamReader::new(Producer { source, completer }), outcome_future(outcome))
}

/// Writes what a guest sends into `sink`. When there is none, the stream is dropped and the future tells why.
pub(crate) fn write_end<E>(data: StreamReader<u8>, sink: sys::Result<impl ByteSink>) -> FutureReader<Result<(), E>>
where
    E: From<sys::Error> + 'static,
    Result<(), E>: Payload,
{
    let (completer, outcome) = completion();
    match sink {
        Ok(sink) => data.pipe(Consumer { sink, completer }),
        Err(error) => completer.complete(Err(error)),
    }
    outcome_future(outcome)
}

struct Producer<S> {
    source: Option<S>,
    completer: Completer,
}

impl<S: ByteSource> StreamProducer<u8> for Producer<S> {
    fn poll_produce(
        &mut self,
        cx: &mut Context<'_>,
        destination: &mut Destination<'_, u8>,
    ) -> Poll<thalweg::Result<Flow>> {
        let Some(source) = &mut self.source else { return Poll::Ready(Ok(Flow::End)) };
        let room = destination.bytes()?;
        let only_asked = room.is_empty();
        let answer = ready!(source.poll_read(cx, room));
        match answer {
            Ok(0) if !only_asked => {}
            Ok(n) => {
                destination.advance(n);
                return Poll::Ready(Ok(Flow::Continue));
            }
            Err(error) => self.completer.complete(Err(error)),
        }
        Poll::Ready(Ok(Flow::End))
    }

    fn origin(&mut self) -> Option<&mut dyn Any> {
        self.source.as_mut().and_then(ByteSource::origin)
    }
}

struct Consumer<S> {
    sink: S,
    completer: Completer,
}

impl<S: ByteSink> StreamConsumer<u8> for Consumer<S> {
    fn poll_consume(&mut self, cx: &mut Context<'_>, source: &mut Source<'_, u8>) -> Poll<thalweg::Result<Flow>> {
        let bytes = source.bytes()?;
        let only_asked = bytes.is_empty();
        let error = match ready!(self.sink.poll_write(cx, bytes)) {
            // A sink that takes nothing and does not say when it will would be asked for ever.
            Ok(0) if !only_asked => sys::Code::Io.into(),
            Ok(n) => {
                source.advance(n);
                return Poll::Ready(Ok(Flow::Continue));
            }
            Err(error) => error,
        };
        self.completer.complete(Err(error));
        Poll::Ready(Ok(Flow::End))
    }

    fn poll_take(&mut self, cx: &mut Context<'_>, origin: &mut dyn Any) -> Option<Poll<thalweg::Result<Flow>>> {
        let taken = self.sink.poll_take(cx, origin)?;
        Some(taken.map(|taken| match taken {
            Ok(()) => Ok(Flow::Continue),
            Err(error) => {
                self.completer.complete(Err(error));
                Ok(Flow::End)
            }
        }))
    }

    fn end(&mut self) {
        self.completer.complete(self.sink.end());
    }
}
