//! wasi:http/middleware@0.3.0: hands each request to the imported handler, adds a header to it and to the response, and
//! hands both bodies on without looking at them. A request for /direct is handed on as it is.
wit_bindgen::generate!({
    path: "../../toolchain/wit/p3",
    world: "wasi:http/middleware@0.3.0",
    generate_all,
});
use exports::wasi::http::handler::Guest;
use wasi::http::handler::handle;
use wasi::http::types::{ErrorCode, Request, Response};

struct Middleware;
export!(Middleware);

impl Guest for Middleware {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        if request.get_path_with_query().as_deref() == Some("/direct") {
            return handle(request).await;
        }
        let headers = request.get_headers().clone();
        headers.append("x-way", b"there").unwrap();
        let (method, path) = (request.get_method(), request.get_path_with_query());
        let (scheme, authority) = (request.get_scheme(), request.get_authority());
        let (handled_tx, handled) = wit_future::new(|| Ok(()));
        let (body, trailers) = Request::consume_body(request, handled);
        let (onward, sent) = Request::new(headers, Some(body), trailers, None);
        onward.set_method(&method).unwrap();
        onward.set_path_with_query(path.as_deref()).unwrap();
        onward.set_scheme(scheme.as_ref()).unwrap();
        onward.set_authority(authority.as_deref()).unwrap();
        drop(handled_tx);
        let response = handle(onward).await?;
        drop(sent);
        let headers = response.get_headers().clone();
        headers.append("x-way", b"back").unwrap();
        let status = response.get_status_code();
        let (handled_tx, handled) = wit_future::new(|| Ok(()));
        let (body, trailers) = Response::consume_body(response, handled);
        let (back, _sent) = Response::new(headers, Some(body), trailers);
        back.set_status_code(status).unwrap();
        drop(handled_tx);
        Ok(back)
    }
}
