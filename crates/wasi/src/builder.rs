//! Granting things to a guest.

use std::path::Path;
use std::sync::Arc;

use thalweg::{Error, ResourceTable, Result};

use crate::filesystem::{Descriptor, DirPerms};
use crate::http::{DEFAULT_MAX_FIELDS_SIZE, HttpContext};
use crate::native::{
    self, OsHttpClient, OsInsecureRandom, OsMonotonicClock, OsNetwork, OsRandom, OsSystemClock, StandardStreams,
};
use crate::random::DEFAULT_MAX_RANDOM_SIZE;
use crate::sim::{SeededRandom, SimClock, SimHttp, SimNetwork};
use crate::sockets::{NetworkGrant, NetworkPolicy};
use crate::sys::{HttpClient, Input, MonotonicClock, Network, Node, Output, Random, SystemClock};
use crate::{Preopen, WasiContext};

/// Makes a [`WasiContext`], from nothing: no arguments, no environment, no directories, an input at its end and outputs
/// that forget. Only time and chance are the OS's from the start; [`deterministic`](Self::deterministic) takes them
/// away, too.
pub struct WasiBuilder {
    args: Vec<String>,
    env: Vec<(String, String)>,
    cwd: Option<String>,
    stdin: Input,
    stdout: Output,
    stderr: Output,
    preopens: Vec<Preopen>,
    network: NetworkGrant,
    http: HttpContext,
    monotonic_clock: Arc<dyn MonotonicClock>,
    system_clock: Arc<dyn SystemClock>,
    random: Box<dyn Random>,
    insecure_random: Box<dyn Random>,
    max_random_size: u64,
    insecure_seed: Option<(u64, u64)>,
}

impl Default for WasiBuilder {
    fn default() -> Self {
        WasiBuilder::new()
    }
}

impl WasiBuilder {
    /// Nothing granted.
    #[must_use]
    pub fn new() -> Self {
        WasiBuilder {
            args: Vec::new(),
            env: Vec::new(),
            cwd: None,
            stdin: Input::empty(),
            stdout: Output::discard(),
            stderr: Output::discard(),
            preopens: Vec::new(),
            network: NetworkGrant::new(OsNetwork, NetworkPolicy::deny()),
            http: HttpContext {
                client: Arc::new(OsHttpClient::default()),
                handler: None,
                max_fields_size: DEFAULT_MAX_FIELDS_SIZE,
            },
            monotonic_clock: Arc::new(OsMonotonicClock::new()),
            system_clock: Arc::new(OsSystemClock),
            random: Box::new(OsRandom),
            insecure_random: Box::new(OsInsecureRandom::default()),
            max_random_size: DEFAULT_MAX_RANDOM_SIZE,
            insecure_seed: None,
        }
    }

    /// Adds one argument; the first is the program's name.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments; the very first is the program's name.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable; the last word on a name counts.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        match self.env.iter_mut().find(|(there, _)| *there == name) {
            Some(there) => there.1 = value,
            None => self.env.push((name, value)),
        }
        self
    }

    /// Sets environment variables.
    #[must_use]
    pub fn envs(self, variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        variables.into_iter().fold(self, |builder, (name, value)| builder.env(name, value))
    }

    /// Sets every environment variable that this process has. Those that are not Unicode are left out: a guest could not
    /// be told of them.
    #[must_use]
    pub fn inherit_env(self) -> Self {
        let unicode =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        self.envs(unicode)
    }

    /// Says where relative paths of the guest start, as a path of the guest.
    #[must_use]
    pub fn cwd(mut self, path: impl Into<String>) -> Self {
        self.cwd = Some(path.into());
        self
    }

    /// Sets standard input.
    #[must_use]
    pub fn stdin(mut self, stdin: Input) -> Self {
        self.stdin = stdin;
        self
    }

    /// Sets standard output.
    #[must_use]
    pub fn stdout(mut self, stdout: Output) -> Self {
        self.stdout = stdout;
        self
    }

    /// Sets standard error.
    #[must_use]
    pub fn stderr(mut self, stderr: Output) -> Self {
        self.stderr = stderr;
        self
    }

    /// Grants this process's standard streams.
    #[must_use]
    pub fn inherit_stdio(self) -> Self {
        let streams = StandardStreams::find();
        self.stdin(streams.stdin()).stdout(streams.stdout()).stderr(streams.stderr())
    }

    /// Grants the directory `host_path`, which the guest knows as `guest_path`.
    ///
    /// # Errors
    ///
    /// When there is no such directory, or this process may not read it.
    pub fn preopen(self, host_path: impl AsRef<Path>, guest_path: impl Into<String>, perms: DirPerms) -> Result<Self> {
        let host_path = host_path.as_ref();
        let directory = native::open_directory(host_path).map_err(|error| {
            Error::host(format!("cannot open the directory `{}`: {error}", host_path.display())).with_source(error)
        })?;
        Ok(self.preopen_node(directory, guest_path, perms))
    }

    /// Grants a directory of any family of [`sys::Node`](crate::sys::Node).
    #[must_use]
    pub fn preopen_node(mut self, directory: Arc<dyn Node>, guest_path: impl Into<String>, perms: DirPerms) -> Self {
        let descriptor = Descriptor::preopen(directory, perms);
        self.preopens.push(Preopen { descriptor, guest_path: guest_path.into() });
        self
    }

    /// Says what of the network may be used.
    #[must_use]
    pub fn network(mut self, policy: NetworkPolicy) -> Self {
        self.network = self.network.with_policy(policy);
        self
    }

    /// Sets the network: a world of its own instead of the OS's. What of it may be used is [`network`](Self::network)'s
    /// to say.
    #[must_use]
    pub fn network_stack(mut self, stack: impl Network) -> Self {
        self.network = self.network.with_stack(stack);
        self
    }

    /// Sets where HTTP requests go. Contexts that share a client share its connections. What of the network may be used
    /// is [`network`](Self::network)'s to say.
    #[must_use]
    pub fn http_client(mut self, client: Arc<dyn HttpClient>) -> Self {
        self.http.client = client;
        self
    }

    /// Says who serves the import of `wasi:http/handler` of 0.3 or `incoming-handler` of 0.2, for a component that hands
    /// requests on: the network, as far as it is granted, if nothing is said.
    #[must_use]
    pub fn http_handler(mut self, handler: Arc<dyn HttpClient>) -> Self {
        self.http.handler = Some(handler);
        self
    }

    /// Sets how many bytes the header or trailer fields of one HTTP message may have.
    #[must_use]
    pub fn max_http_fields_size(mut self, bytes: usize) -> Self {
        self.http.max_fields_size = bytes;
        self
    }

    /// Sets the clock that only goes forward.
    #[must_use]
    pub fn monotonic_clock(mut self, clock: impl MonotonicClock) -> Self {
        self.monotonic_clock = Arc::new(clock);
        self
    }

    /// Sets the clock that tells the date.
    #[must_use]
    pub fn system_clock(mut self, clock: impl SystemClock) -> Self {
        self.system_clock = Arc::new(clock);
        self
    }

    /// Sets the source of random bytes for secrets.
    #[must_use]
    pub fn random(mut self, random: impl Random) -> Self {
        self.random = Box::new(random);
        self
    }

    /// Sets the source of random bytes for everything else.
    #[must_use]
    pub fn insecure_random(mut self, random: impl Random) -> Self {
        self.insecure_random = Box::new(random);
        self
    }

    /// Sets how many random bytes one call gives; with 0.2, asking for more is an error of kind
    /// [`Limit`](thalweg::ErrorKind::Limit).
    #[must_use]
    pub fn max_random_size(mut self, bytes: u64) -> Self {
        self.max_random_size = bytes;
        self
    }

    /// Sets the one random value of the run.
    #[must_use]
    pub fn insecure_seed(mut self, seed: (u64, u64)) -> Self {
        self.insecure_seed = Some(seed);
        self
    }

    /// Makes time virtual (it is `clock`'s), all chance a function of `seed`, and the network one in memory, without
    /// HTTP servers.
    #[must_use]
    pub fn deterministic(self, clock: &SimClock, seed: u64) -> Self {
        self.network_stack(SimNetwork::new())
            .http_client(Arc::new(SimHttp::new(clock.clone())))
            .monotonic_clock(clock.clone())
            .system_clock(clock.clone())
            .random(SeededRandom::new(seed))
            .insecure_random(SeededRandom::new(seed ^ u64::MAX))
            .insecure_seed((seed, seed.rotate_left(32) ^ u64::MAX))
    }

    /// The context.
    ///
    /// # Errors
    ///
    /// When the source of random bytes has failed.
    pub fn build(mut self) -> Result<WasiContext> {
        let insecure_seed = match self.insecure_seed {
            Some(seed) => seed,
            None => crate::random::two_numbers(&mut *self.insecure_random)?,
        };
        Ok(WasiContext {
            args: self.args,
            env: self.env,
            cwd: self.cwd,
            stdin: self.stdin,
            stdout: self.stdout,
            stderr: self.stderr,
            preopens: self.preopens,
            network: self.network,
            http: self.http,
            monotonic_clock: self.monotonic_clock,
            system_clock: self.system_clock,
            random: self.random,
            insecure_random: self.insecure_random,
            max_random_size: self.max_random_size,
            insecure_seed,
            table: ResourceTable::new(),
        })
    }
}
