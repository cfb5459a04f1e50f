//! Streams of files.
use futures::join;
use wasip3::filesystem::types::Descriptor;
use wasip3::wit_bindgen::StreamReader;

use crate::{open, say};

/// A stream that gives `text`, and what writes it.
fn giving(text: &'static [u8]) -> (impl Future<Output = Vec<u8>>, StreamReader<u8>) {
    let (mut tx, rx) = wasip3::wit_stream::new();
    (async move { tx.write_all(text.to_vec()).await }, rx)
}

pub async fn calls(directory: &Descriptor) {
    let file = open(directory, "folder/file").await;
    let (give, data) = giving(b"0123456789");
    let (written, rest) = join!(async { file.write_via_stream(data, 0).await }, give);
    say(format!("write-via-stream: {written:?}, left: {}", rest.len())).await;
    let (give, data) = giving(b"END");
    let (written, _) = join!(async { file.append_via_stream(data).await }, give);
    say(format!("append-via-stream: {written:?}")).await;
    let (data, done) = file.read_via_stream(8);
    say(format!("read-via-stream: {:?} {:?}", String::from_utf8(data.collect().await), done.await)).await;
    // No file is that long.
    let (data, done) = file.read_via_stream(u64::MAX);
    say(format!("beyond: {} {:?}", data.collect().await.len(), done.await)).await;
    let (data, done) = directory.read_via_stream(0);
    say(format!("of a directory: {} {:?}", data.collect().await.len(), done.await)).await;
}
