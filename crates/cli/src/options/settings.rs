//! What the option groups come to.

use std::time::Duration;

use thalweg::{AsyncRules, Features, Gate, Limits};

use crate::report::Failure;

/// What was chosen in the option groups.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What a guest may use.
    pub limits: Limits,
    /// Parts of the standard to switch on.
    pub gates: Vec<Gate>,
    /// The rules for calls that wait.
    pub async_rules: AsyncRules,
    /// How long a guest may run.
    pub timeout: Option<Duration>,
    /// How much fuel a guest has.
    pub fuel: Option<u64>,
    /// Whether compiled code is kept on disk.
    pub cache: bool,
    /// Whether calls between components are compiled.
    pub adapters: bool,
    /// Whether core modules are instantiated that only stand in for functions of the host until a memory exists.
    pub keep_shims: bool,
    /// Whether compiled code is optimised.
    pub optimize: bool,
    /// Places of the pool that instances are made in; 0 for no pool.
    pub pooled: u32,
    /// Whether the guest gets the environment variables of the command.
    pub inherit_env: bool,
    /// Whether the guest gets the standard input of the command.
    pub inherit_stdin: bool,
    /// Whether the guest gets the standard output of the command.
    pub inherit_stdout: bool,
    /// Whether the guest gets the standard error of the command.
    pub inherit_stderr: bool,
    /// Where relative paths of the guest start.
    pub cwd: Option<String>,
    /// Whether the guest can use every address of the network.
    pub inherit_network: bool,
    /// Whether the guest can send HTTP requests to every address.
    pub http: bool,
    /// Whether the network's addresses may be used by TCP.
    pub tcp: bool,
    /// Whether the network's addresses may be used by UDP.
    pub udp: bool,
    /// Whether the guest may look names of hosts up.
    pub name_lookup: bool,
    /// Bytes that the fields of one HTTP message may have.
    pub max_http_fields_size: usize,
    /// Random bytes that one call gives.
    pub max_random_size: u64,
    /// Certificates to trust beside those that are built in.
    pub http_ca_files: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            limits: Limits::default(),
            gates: Vec::new(),
            async_rules: AsyncRules::default(),
            timeout: None,
            fuel: None,
            cache: true,
            adapters: true,
            keep_shims: false,
            optimize: true,
            pooled: 0,
            inherit_env: false,
            inherit_stdin: true,
            inherit_stdout: true,
            inherit_stderr: true,
            cwd: None,
            inherit_network: false,
            http: false,
            tcp: true,
            udp: true,
            name_lookup: false,
            max_http_fields_size: thalweg_wasi::http::DEFAULT_MAX_FIELDS_SIZE,
            max_random_size: thalweg_wasi::random::DEFAULT_MAX_RANDOM_SIZE,
            http_ca_files: Vec::new(),
        }
    }
}

impl Settings {
    /// Refuses what cannot be together.
    pub fn check(&self) -> Result<(), Failure> {
        let (wasm, whole) = (self.limits.max_wasm_stack, self.limits.async_stack_size);
        if wasm == 0 {
            return Err(Failure::usage("`-Wmax-wasm-stack=0` leaves no stack to run on"));
        }
        if wasm > whole {
            return Err(Failure::usage("`-Wmax-wasm-stack` is more than `-Wasync-stack-size`, which it is a part of")
                .with_have(format!("{wasm} of {whole} bytes"))
                .with_help(format!("raise both: -Wmax-wasm-stack={wasm},async-stack-size=N")));
        }
        Ok(())
    }

    /// Switches a gate on or off.
    pub fn gate(&mut self, gate: Gate, on: bool) {
        self.gates.retain(|&other| other != gate);
        if on {
            self.gates.push(gate);
        }
    }

    /// The features with the chosen gates open.
    pub fn features(&self) -> thalweg::Result<Features> {
        let mut features = Features::shipped();
        for &gate in &self.gates {
            features.open(gate)?;
        }
        features.set_async_rules(self.async_rules);
        Ok(features)
    }
}

/// A number for a bound that is counted in `usize`; more than that is no bound.
pub fn clamp(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
