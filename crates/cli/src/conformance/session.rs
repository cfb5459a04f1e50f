//! Carries out the steps of one test.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::config::{Config, SERVICE};
use super::fixture::Fixture;
use super::http::{self, Servers};
use super::operation::{Operation, Request, Run};
use super::program::Program;

/// What all tests have in common.
#[derive(Debug)]
pub struct Surroundings {
    /// What runs tests.
    pub program: PathBuf,
    /// Options for each run.
    pub options: Vec<OsString>,
    /// How long a step may take.
    pub patience: Duration,
}

/// A test under way.
#[derive(Debug)]
pub struct Session<'a> {
    surroundings: &'a Surroundings,
    config: &'a Config,
    wasm: &'a Path,
    program: Option<Program>,
    fixture: Option<Fixture>,
    servers: Option<Servers>,
    connections: BTreeMap<&'a str, TcpStream>,
    /// Where the program serves HTTP, once it has said so.
    address: Option<SocketAddr>,
}

impl<'a> Session<'a> {
    /// Nothing has been done yet.
    pub fn new(surroundings: &'a Surroundings, config: &'a Config, wasm: &'a Path) -> Session<'a> {
        Session {
            surroundings,
            config,
            wasm,
            program: None,
            fixture: None,
            servers: None,
            connections: BTreeMap::new(),
            address: None,
        }
    }

    /// Does everything, up to the first step that does not come out as it should.
    pub fn run(mut self) -> Result<(), String> {
        for operation in &self.config.operations {
            self.obey(operation).map_err(|reason| {
                let words = self.end();
                format!("{}: {reason}{words}", operation.name())
            })?;
        }
        Ok(())
    }

    /// Stops the program; the answer is what it still said.
    fn end(&mut self) -> String {
        let Some(mut program) = self.program.take() else { return String::new() };
        // A program that has ended cannot be told to.
        let _ = program.kill();
        program.last_words()
    }

    fn obey(&mut self, operation: &'a Operation) -> Result<(), String> {
        match operation {
            Operation::Run(run) => self.start(run),
            Operation::Wait { exit_code } => self.wait(*exit_code),
            Operation::Write { payload, .. } => self.program()?.write(payload.as_bytes()),
            Operation::Read { id, payload } => self.read(id, payload),
            Operation::Connect { id, .. } => self.connect(id),
            Operation::Send { id, payload } => {
                let sent = self.connection(id)?.write_all(payload.as_bytes());
                sent.map_err(|error| format!("can't send: {error}"))
            }
            Operation::Recv { id, payload } => self.receive(id, payload),
            Operation::Request(request) => self.request(request),
            Operation::Kill { signal } => self.program()?.signal(signal),
        }
    }

    fn program(&mut self) -> Result<&mut Program, String> {
        self.program.as_mut().ok_or_else(|| "the program does not run".into())
    }

    fn connection(&mut self, id: &str) -> Result<&mut TcpStream, String> {
        self.connections.get_mut(id).ok_or_else(|| format!("there is no connection `{id}`"))
    }

    fn start(&mut self, run: &Run) -> Result<(), String> {
        if self.servers.is_none() {
            self.servers = Some(Servers::start(&self.config.servers)?);
        }
        self.fixture = match &run.root {
            Some(root) => Some(Fixture::of(&self.wasm.parent().unwrap_or(Path::new(".")).join(root))?),
            None => None,
        };
        let args = self.command_line(run);
        self.program = Some(Program::start(&self.surroundings.program, &args, self.surroundings.patience)?);
        Ok(())
    }

    fn command_line(&self, run: &Run) -> Vec<OsString> {
        let mut args: Vec<OsString> = if self.config.world == SERVICE {
            vec!["serve".into(), "--addr=127.0.0.1:0".into()]
        } else {
            vec!["run".into()]
        };
        for (proposal, option) in [("http", "-Shttp"), ("sockets", "-Sinherit-network")] {
            if self.config.wants(proposal) {
                args.push(option.into());
            }
        }
        args.extend(self.surroundings.options.iter().cloned());
        let servers = self.servers.iter().flat_map(Servers::variables);
        let given = run.env.iter().map(|(name, value)| (name.clone(), value.clone()));
        for (name, value) in given.chain(servers) {
            args.extend(["--env".into(), format!("{name}={value}").into()]);
        }
        if let Some(fixture) = &self.fixture {
            let mut folder = fixture.path().as_os_str().to_os_string();
            folder.push("::/");
            args.extend(["--dir".into(), folder]);
        }
        args.push(self.wasm.into());
        args.extend(run.args.iter().map(OsString::from));
        args
    }

    fn wait(&mut self, expected: i32) -> Result<(), String> {
        let status = self.program()?.wait()?;
        match status.code() {
            Some(code) if code == expected => {
                self.program = None;
                self.address = None;
                self.connections.clear();
                Ok(())
            }
            Some(code) => Err(format!("the exit code is {code} instead of {expected}")),
            None => Err(format!("it was killed by signal {}", status.signal().unwrap_or_default())),
        }
    }

    fn read(&mut self, id: &str, expected: &str) -> Result<(), String> {
        let program = self.program()?;
        let deadline = program.deadline();
        let output = if id == "stdout" { &mut program.stdout } else { &mut program.stderr };
        let found = output.take(expected.len(), deadline);
        if found == expected.as_bytes() {
            return Ok(());
        }
        Err(format!("{id} has {:?} instead of {expected:?}", String::from_utf8_lossy(&found)))
    }

    fn connect(&mut self, id: &'a str) -> Result<(), String> {
        let program = self.program()?;
        let deadline = program.deadline();
        let line = program.stdout.line(deadline);
        let address: SocketAddr = line.parse().map_err(|_| format!("it does not print an address but {line:?}"))?;
        let stream = TcpStream::connect_timeout(&address, self.surroundings.patience)
            .map_err(|error| format!("can't connect to {address}: {error}"))?;
        let patience = Some(self.surroundings.patience);
        stream.set_read_timeout(patience).and_then(|()| stream.set_write_timeout(patience)).map_err(text)?;
        self.connections.insert(id, stream);
        Ok(())
    }

    fn receive(&mut self, id: &str, expected: &str) -> Result<(), String> {
        let mut found = vec![0; expected.len()];
        self.connection(id)?.read_exact(&mut found).map_err(|error| format!("can't receive: {error}"))?;
        if found == expected.as_bytes() {
            return Ok(());
        }
        Err(format!("received {:?} instead of {expected:?}", String::from_utf8_lossy(&found)))
    }

    fn request(&mut self, request: &Request) -> Result<(), String> {
        let address = match self.address {
            Some(address) => address,
            None => {
                let program = self.program()?;
                let deadline = program.deadline();
                let line = program.stderr.line(deadline);
                let address = http::address_in(&line)
                    .ok_or_else(|| format!("the first line of stderr has no http://ADDRESS: {line:?}"))?;
                *self.address.insert(address)
            }
        };
        http::request(address, request, self.surroundings.patience)
    }
}

fn text(error: std::io::Error) -> String {
    error.to_string()
}
