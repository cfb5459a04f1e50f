//! Reading messages.

use std::io::{self, BufRead, Read};

/// Of a head or of a chunk's line; whoever sends more is broken.
const MAX_LINE: u64 = 64 * 1024;
/// Of a body.
const MAX_BODY: u64 = 64 * 1024 * 1024;

/// Names and values, as they came.
pub type Headers = Vec<(String, String)>;

/// A request or an answer.
#[derive(Debug)]
pub struct Message {
    /// The first line.
    pub start: String,
    pub headers: Headers,
    pub body: Vec<u8>,
    pub trailers: Headers,
}

/// What ends a body that has neither a length nor chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    /// There is no body.
    Nothing,
    /// The end of the connection.
    Close,
}

impl Message {
    /// Reads one; none if the connection ends before.
    pub fn read(input: &mut impl BufRead, without: Without) -> io::Result<Option<Message>> {
        let Some(start) = line(input)? else { return Ok(None) };
        let headers = fields(input)?;
        let mut message = Message { start, headers, body: Vec::new(), trailers: Vec::new() };
        if message.header("transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked")) {
            message.chunks(input)?;
        } else if let Some(length) = message.header("content-length") {
            let length: u64 = length.parse().map_err(|_| broken("a length that is no number"))?;
            message.more(input, length)?;
        } else if without == Without::Close {
            input.take(MAX_BODY).read_to_end(&mut message.body)?;
        }
        Ok(Some(message))
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn chunks(&mut self, input: &mut impl BufRead) -> io::Result<()> {
        loop {
            let line = line(input)?.ok_or_else(|| broken("chunks without an end"))?;
            // What comes after a semicolon is an extension.
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(size, 16).map_err(|_| broken("a chunk without a size"))?;
            if size == 0 {
                self.trailers = fields(input)?;
                return Ok(());
            }
            self.more(input, size)?;
            expect_empty(input)?;
        }
    }

    fn more(&mut self, input: &mut impl BufRead, count: u64) -> io::Result<()> {
        if count > MAX_BODY.saturating_sub(self.body.len() as u64) {
            return Err(broken("a body of more than 64 MiB"));
        }
        let read = input.take(count).read_to_end(&mut self.body)?;
        if read as u64 == count { Ok(()) } else { Err(broken("a body that ends too early")) }
    }
}

fn expect_empty(input: &mut impl BufRead) -> io::Result<()> {
    match line(input)?.as_deref() {
        Some("") => Ok(()),
        _ => Err(broken("a chunk that does not end where it should")),
    }
}

/// Names and values up to an empty line.
fn fields(input: &mut impl BufRead) -> io::Result<Headers> {
    let mut fields = Vec::new();
    loop {
        let line = line(input)?.ok_or_else(|| broken("headers without an end"))?;
        if line.is_empty() {
            return Ok(fields);
        }
        let (name, value) = line.split_once(':').ok_or_else(|| broken("a header without a colon"))?;
        fields.push((name.to_string(), value.trim().to_string()));
    }
}

/// The next line, without its end.
fn line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    input.take(MAX_LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    let Some(line) = line.strip_suffix(b"\n") else { return Err(broken("a line without an end")) };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8(line.to_vec()).map(Some).map_err(|_| broken("a line that is not UTF-8"))
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<Option<Message>> {
        Message::read(&mut text.as_bytes(), Without::Nothing)
    }

    #[test]
    fn chunks_and_trailers_are_put_together() {
        let text =
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\none\r\n2\r\n23\r\n0\r\nx-sum: 5\r\n\r\n";
        let message = read(text).expect("a message").expect("one");
        assert_eq!((message.start.as_str(), message.body.as_slice()), ("POST / HTTP/1.1", b"one23".as_slice()));
        assert_eq!(message.trailers, [("x-sum".to_string(), "5".to_string())]);
    }

    #[test]
    fn what_ends_too_early_is_broken() {
        assert!(read("").expect("nothing").is_none());
        for text in [
            "GET / HTTP/1.1",
            "GET / HTTP/1.1\r\n",
            "GET / HTTP/1.1\r\nno colon\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabc",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nabc",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
