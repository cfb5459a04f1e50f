//! Servers under load: `thalweg serve`, `wasmtime serve`, and one that does nothing but HTTP. The load is wrk's, whose
//! connections all sides get alike.

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;

use crate::figure::Figure;
use crate::row::{Failure, Work};

/// Seconds of load for one figure.
const SECONDS: u32 = 2;

/// A command that serves, and what it is told.
#[derive(Clone)]
pub struct Serving {
    pub program: PathBuf,
    pub args: Vec<String>,
    /// Where its cache goes.
    pub folder: PathBuf,
}

/// What is asked for, and by how many at the same time.
#[derive(Clone)]
pub struct Load {
    pub path: &'static str,
    /// Bytes of the request's body; 0 for none.
    pub body: usize,
    pub connections: u32,
}

/// What is counted.
#[derive(Clone, Copy)]
pub enum Count {
    /// CPU time of the server for a request; by the wall, the time between two answers.
    Request,
    /// What the slowest of a hundred requests takes, in microseconds.
    Slowest,
}

/// A server that runs until this is dropped.
struct Server {
    child: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    fn start(&self) -> Result<Server, Failure> {
        std::fs::create_dir_all(&self.folder)?;
        let mut command = Command::new(&self.program);
        command.args(&self.args).env("XDG_CACHE_HOME", &self.folder).env_remove("RUST_BACKTRACE");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child =
            command.spawn().map_err(|error| format!("{} does not start: {error}", self.program.display()))?;
        let mut stderr = BufReader::new(child.stderr.take().ok_or("standard error is not piped")?);
        let mut line = String::new();
        stderr.read_line(&mut line)?;
        let url = line.trim_end().strip_prefix("Serving HTTP on ").map(str::to_owned);
        let mut server = Server { child, url: String::new() };
        server.url = url.ok_or_else(|| format!("{} says: {line}", self.program.display()))?;
        // A server whose words nobody reads would wait for that some day.
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        Ok(server)
    }

    /// Work whose figure comes of some seconds of `load`.
    pub fn under(&self, load: &Load, count: Count) -> Result<Work, Failure> {
        let script = load.script(&self.folder)?;
        let server = Rc::new(RefCell::new(self.start()?));
        let load = load.clone();
        // The first requests find caches cold.
        load.put_on(&server.borrow(), &script, 1)?;
        Ok(Box::new(move |_| {
            let server = server.borrow();
            let before = cpu(&server.child)?;
            let told = load.put_on(&server, &script, SECONDS)?;
            let used = cpu(&server.child)? - before;
            let wall = f64::from(SECONDS) * 1e9 / told.requests;
            Ok(match count {
                Count::Request => Figure { value: used / told.requests, wall },
                Count::Slowest => Figure { value: told.slowest, wall: told.slowest },
            })
        }))
    }
}

/// What wrk says.
struct Told {
    requests: f64,
    /// Microseconds.
    slowest: f64,
}

impl Load {
    /// The program for wrk that makes it send a body.
    fn script(&self, folder: &Path) -> Result<Option<PathBuf>, Failure> {
        if self.body == 0 {
            return Ok(None);
        }
        std::fs::create_dir_all(folder)?;
        let file = folder.join(format!("post-{}.lua", self.body));
        std::fs::write(&file, format!("wrk.method = \"POST\"\nwrk.body = string.rep(\"x\", {})\n", self.body))?;
        Ok(Some(file))
    }

    fn put_on(&self, server: &Server, script: &Option<PathBuf>, seconds: u32) -> Result<Told, Failure> {
        let mut command = Command::new("wrk");
        command.args(["-t1", "--latency", "--timeout", "10s"]);
        command.args([format!("-c{}", self.connections), format!("-d{seconds}s")]);
        if let Some(script) = script {
            command.arg("-s").arg(script);
        }
        command.arg(format!("{}{}", server.url.trim_end_matches('/'), self.path));
        let output = command.output().map_err(|error| format!("wrk makes the load, and does not start: {error}"))?;
        read(&String::from_utf8_lossy(&output.stdout))
    }
}

/// Reads what wrk printed. An error of one request is an error of all.
fn read(text: &str) -> Result<Told, Failure> {
    if text.contains("Socket errors") || text.contains("Non-2xx") {
        return Err(text.to_owned().into());
    }
    let mut lines = text.lines().map(str::trim);
    let requests = lines.clone().find(|line| line.contains(" requests in "));
    let requests = requests.and_then(|line| line.split(' ').next()?.parse().ok());
    let slowest = lines.find_map(|line| micros(line.strip_prefix("99%")?.trim()));
    match (requests, slowest) {
        (Some(requests), Some(slowest)) => Ok(Told { requests, slowest }),
        _ => Err(format!("wrk says: {text}").into()),
    }
}

/// Reads `1.23ms`.
fn micros(text: &str) -> Option<f64> {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6)];
    units.into_iter().find_map(|(unit, scale)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * scale))
}

/// Nanoseconds of CPU of all threads of a process.
fn cpu(child: &Child) -> Result<f64, Failure> {
    /// Nanoseconds of a tick of the clock in `/proc`, which is the same on every Linux.
    const TICK: f64 = 1e7;
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
    // The name of the program may have spaces in it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => Ok((user + system) * TICK),
        _ => Err("the system does not say what CPU time a server used".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRK: &str = "    Latency 35.49ms 49.87ms 263.83ms 84.99%\n  Latency Distribution\n     50%  335.81us\n     99%    1.50ms\n  1392 requests in 4.09s, 1MB read\n";

    #[test]
    fn what_wrk_says_is_understood() {
        let told = read(WRK).expect("it is whole");
        assert_eq!((told.requests, told.slowest), (1392.0, 1500.0));
        assert_eq!((micros("2.0s"), micros("7us"), micros("x")), (Some(2e6), Some(7.0), None));
        assert!(read(&WRK.replace("99%", "9%")).is_err());
        assert!(read(&format!("{WRK}  Socket errors: connect 0, read 1, write 0, timeout 0\n")).is_err());
    }
}
