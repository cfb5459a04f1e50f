//! Clients, servers and guests that share one thread and one clock.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt;
use thalweg::{Linker, Store};
use thalweg_testkit::guest::compiled;
use thalweg_testkit::polling;
use thalweg_wasi::http::{ErrorCode, HttpBody, Service, ServiceHandle, empty_body};
use thalweg_wasi::sim::{SimClock, SimHttp, captured_output};
use thalweg_wasi::{NetworkPolicy, WasiBuilder, WasiContext};

/// Polls `future` to its end; whenever nothing can go on, `clock` jumps to the next timer.
pub fn drive<R>(clock: &SimClock, future: impl Future<Output = R>) -> R {
    polling::drive(future, usize::MAX, || clock.advance_to_next()).expect("it may poll as often as it likes")
}

pub struct World {
    pub clock: SimClock,
    pub http: SimHttp,
    pub builder: WasiBuilder,
}

pub fn world() -> World {
    let clock = SimClock::default();
    let http = SimHttp::new(clock.clone());
    let builder = WasiBuilder::new().deterministic(&clock, 1).http_client(Arc::new(http.clone()));
    World { clock, http, builder: builder.network(NetworkPolicy::inherit()) }
}

pub async fn instantiate(builder: WasiBuilder, guest: &str) -> (Store<WasiContext>, thalweg::Instance) {
    let (engine, component) = compiled(guest);
    let mut linker = Linker::<WasiContext>::new(&engine);
    thalweg_wasi::add_to_linker(&mut linker).expect("names are free");
    let mut store = Store::new(&engine, builder.build().expect("a context"));
    let instance = linker.instantiate(&mut store, &component).await.expect("it links");
    (store, instance)
}

/// What the command `guest` prints for these arguments; `run` is the name of its function.
pub fn command(world: World, guest: &str, run: &str, args: &[&str]) -> String {
    let (stdout, out) = captured_output();
    let builder = world.builder.arg("fetch").args(args.iter().copied()).stdout(stdout);
    let result = drive(&world.clock, async {
        let (mut store, instance) = instantiate(builder, guest).await;
        let run = instance.func::<(), Result<(), ()>>(&mut store, run).expect("a command");
        run.call(&mut store, ()).await
    });
    assert_eq!(result.expect("no trap"), Ok(()), "{}", out.text());
    out.text()
}

/// Runs `client` beside an instance of `guest`, until it is done.
pub fn serve<R>(world: World, guest: &str, client: impl AsyncFnOnce(ServiceHandle) -> R) -> (R, Option<String>) {
    drive(&world.clock, async {
        let (store, instance) = instantiate(world.builder, guest).await;
        let (service, handle) = Service::new(store, &instance).expect("it answers requests");
        let (mut running, mut client) = (pin!(service.run()), pin!(client(handle)));
        let (mut ended, mut answer) = (None, None);
        poll_fn(|cx| {
            if ended.is_none()
                && let Poll::Ready(result) = running.as_mut().poll(cx)
            {
                ended = Some(result.err().map(|error| error.message().to_string()));
            }
            if answer.is_none()
                && let Poll::Ready(result) = client.as_mut().poll(cx)
            {
                answer = Some(result);
            }
            if answer.is_some() && ended.is_some() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        (answer.expect("it is done"), ended.expect("it is done"))
    })
}

pub fn get(path: &str) -> Request<HttpBody> {
    Request::get(path).header("host", "here.test").body(empty_body()).expect("a request")
}

pub fn frames(frames: Vec<Result<Frame<Bytes>, ErrorCode>>) -> HttpBody {
    let mut frames = frames.into_iter();
    Frames(move || frames.next()).boxed_unsync()
}

struct Frames<F>(F);

impl<F> http_body::Body for Frames<F>
where
    F: FnMut() -> Option<Result<Frame<Bytes>, ErrorCode>> + Unpin,
{
    type Data = Bytes;
    type Error = ErrorCode;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ErrorCode>>> {
        Poll::Ready((self.0)())
    }
}

pub fn data(text: &'static str) -> Result<Frame<Bytes>, ErrorCode> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

pub fn trailers(name: &'static str, value: &'static str) -> Result<Frame<Bytes>, ErrorCode> {
    let mut trailers = HeaderMap::new();
    trailers.insert(name, HeaderValue::from_static(value));
    Ok(Frame::trailers(trailers))
}

/// Answers with what it was asked: the request line, the fields, the body and the trailers.
pub async fn mirror(request: Request<HttpBody>) -> Result<Response<HttpBody>, ErrorCode> {
    let mut text = format!("{} {}", request.method(), request.uri());
    for (name, value) in request.headers() {
        text += &format!(" {name}={}", value.to_str().expect("text"));
    }
    let body = request.into_body().collect().await?;
    let trailers = body.trailers().cloned();
    text += &format!(" [{}]", String::from_utf8_lossy(&body.to_bytes()));
    let end = trailers.map(|trailers| Ok(Frame::trailers(trailers)));
    let body = frames([Ok(Frame::data(text.into()))].into_iter().chain(end).collect());
    Ok(Response::new(body))
}

pub async fn whole(body: HttpBody) -> Result<(String, Option<HeaderMap>), ErrorCode> {
    let body = body.collect().await?;
    let trailers = body.trailers().cloned();
    Ok((String::from_utf8_lossy(&body.to_bytes()).into_owned(), trailers))
}

/// A body that never ends.
pub struct Endless;

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = ErrorCode;

    fn poll_frame(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ErrorCode>>> {
        Poll::Ready(Some(data("more")))
    }
}
