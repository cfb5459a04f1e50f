//! Makes messages of wasi:http (0.3) without sending any, and prints what is in them.
use futures::join;
use wasip3::http::types::{Fields, Request, RequestOptions};

struct Messages;
wasip3::cli::command::export!(Messages);

async fn say(line: String) {
    let (mut tx, rx) = wasip3::wit_stream::new();
    let _ = join!(async { wasip3::cli::stdout::write_via_stream(rx).await }, async move {
        tx.write_all(format!("{line}\n").into_bytes()).await;
    });
}

async fn fields() -> Fields {
    let fields = Fields::new();
    say(format!("append: {:?} {:?}", fields.append("x-one", b"1"), fields.append("X-One", b"2"))).await;
    say(format!("set: {:?}", fields.set("x-two", &[b"3".to_vec()]))).await;
    say(format!("forbidden: {:?}, syntax: {:?}", fields.append("host", b"a"), fields.append("x y", b"a"))).await;
    say(format!("has: {} {} {}", fields.has("X-ONE"), fields.has("x-three"), fields.has("x y"))).await;
    say(format!("get: {:?}", fields.get("x-one"))).await;
    let copy = fields.clone();
    say(format!("get-and-delete: {:?}", copy.get_and_delete("x-one"))).await;
    say(format!("and again: {:?}", copy.get_and_delete("x-one"))).await;
    say(format!("delete: {:?} {:?}", copy.delete("x-two"), copy.delete("x-two"))).await;
    say(format!("copy: {:?}, original: {:?}", copy.copy_all(), fields.copy_all())).await;
    fields
}

async fn options() -> RequestOptions {
    let options = RequestOptions::new();
    say(format!("none: {:?}", options.get_connect_timeout())).await;
    say(format!("set: {:?}", options.set_connect_timeout(Some(1)))).await;
    say(format!("set: {:?}", options.set_first_byte_timeout(Some(2)))).await;
    say(format!("set: {:?}", options.set_between_bytes_timeout(Some(3)))).await;
    let copy = options.clone();
    say(format!("unset in a copy: {:?} {:?}", copy.set_connect_timeout(None), copy.get_connect_timeout())).await;
    options
}

impl wasip3::exports::cli::run::Guest for Messages {
    async fn run() -> Result<(), ()> {
        let (fields, options) = (fields().await, options().await);
        let (trailers, no_trailers) = wasip3::wit_future::new(|| Ok(None));
        drop(trailers);
        let (request, _) = Request::new(fields, None, no_trailers, Some(options));
        let options = request.get_options().expect("they were given");
        let times = (
            options.get_connect_timeout(),
            options.get_first_byte_timeout(),
            options.get_between_bytes_timeout(),
        );
        say(format!("options of the request: {times:?}, set: {:?}", options.set_connect_timeout(None))).await;
        say(format!("headers of the request: {:?}", request.get_headers().append("x-late", b"1"))).await;
        Ok(())
    }
}
