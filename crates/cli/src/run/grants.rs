//! What the command line gives to the guest: arguments, variables, folders.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use clap::Args;
use thalweg_wasi::{DirPerms, NetworkPolicy, WasiBuilder, WasiContext, native};

use super::allow_host;
use crate::load::{Source, io_text};
use crate::options::Settings;
use crate::report::Failure;

/// The options that give something to a guest, for every command that runs one.
#[derive(Args)]
pub struct GrantArgs {
    /// Grants a folder, for reading only with `::ro`; the guest knows it as GUEST, or as HOST
    #[arg(long = "dir", value_name = "HOST[::GUEST][::ro]")]
    dirs: Vec<String>,
    /// Gives the guest an environment variable; without a value, the one of this command
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Lets the guest use these addresses of the network (bind, connect and send to them), or hosts by name (`*.` means
    /// every name below), whose addresses it may look up
    #[arg(long = "allow-host", value_name = "ADDRESS[/PREFIX][:PORT]|NAME[:PORT]")]
    allow_hosts: Vec<String>,
    /// Refuses addresses of this machine, of private networks and of links, whatever grants them; those that come of a
    /// name, too
    #[arg(long)]
    deny_private: bool,
    /// The guest's name for itself, its first argument (default: the name of FILE)
    #[arg(long, value_name = "NAME")]
    argv0: Option<String>,
}

/// Everything that the guest is given.
pub struct Grants {
    /// Its own name, and its arguments.
    args: Vec<String>,
    env: Vec<(String, String)>,
    folders: Vec<Folder>,
    stdin: bool,
    stdout: bool,
    stderr: bool,
    streams: native::StandardStreams,
    cwd: Option<String>,
    network: NetworkPolicy,
    max_http_fields_size: usize,
    max_random_size: u64,
    http_client: Arc<native::OsHttpClient>,
}

/// A folder of the host.
#[derive(Debug, PartialEq, Eq)]
struct Folder {
    host: String,
    guest: String,
    read_only: bool,
}

impl Grants {
    /// Reads what the command line says.
    pub fn parse(
        args: &GrantArgs,
        settings: &Settings,
        file: &OsStr,
        guest_args: &[OsString],
    ) -> Result<Grants, Failure> {
        let argv0 = args.argv0.clone().unwrap_or_else(|| Source::file_name(file));
        let mut words = vec![argv0];
        for (i, arg) in guest_args.iter().enumerate() {
            let arg = arg.to_str().ok_or_else(|| {
                Failure::usage(format!("argument {} of the guest is not UTF-8: {}", i + 1, arg.display()))
            })?;
            words.push(arg.to_string());
        }
        let folders = args.dirs.iter().map(|text| Folder::parse(text)).collect::<Result<Vec<_>, _>>()?;
        for folder in &folders {
            folder.check()?;
        }
        Ok(Grants {
            args: words,
            env: variables(&args.env, settings.inherit_env)?,
            folders,
            stdin: settings.inherit_stdin,
            stdout: settings.inherit_stdout,
            stderr: settings.inherit_stderr,
            streams: native::StandardStreams::find(),
            cwd: settings.cwd.clone(),
            network: network(settings, &args.allow_hosts)?.deny_private(args.deny_private),
            max_http_fields_size: settings.max_http_fields_size,
            max_random_size: settings.max_random_size,
            http_client: Arc::new(http_client(&settings.http_ca_files)?),
        })
    }

    /// The same for the host functions of one instance; to be called where the reactor is.
    pub fn context(&self) -> Result<WasiContext, Failure> {
        let mut builder = WasiBuilder::new().args(&self.args).envs(self.env.clone()).network(self.network.clone());
        builder = builder.max_http_fields_size(self.max_http_fields_size).http_client(self.http_client.clone());
        builder = builder.max_random_size(self.max_random_size);
        if self.stdin {
            builder = builder.stdin(self.streams.stdin());
        }
        if self.stdout {
            builder = builder.stdout(self.streams.stdout());
        }
        if self.stderr {
            builder = builder.stderr(self.streams.stderr());
        }
        if let Some(cwd) = &self.cwd {
            builder = builder.cwd(cwd);
        }
        for folder in &self.folders {
            let perms = if folder.read_only { DirPerms::ReadOnly } else { DirPerms::ReadWrite };
            builder = builder.preopen(&folder.host, &folder.guest, perms)?;
        }
        Ok(builder.build()?)
    }
}

impl Folder {
    /// Reads `HOST[::GUEST][::ro]`. Another word behind GUEST would be taken for a part of its name, and grant more than is
    /// meant.
    fn parse(text: &str) -> Result<Folder, Failure> {
        let (text, read_only) = match text.strip_suffix("::ro") {
            Some(text) => (text, true),
            None => (text, false),
        };
        let (host, guest) = text.split_once("::").unwrap_or((text, text));
        if let Some((_, word)) = guest.split_once("::") {
            return Err(Failure::usage(format!("`--dir`: unknown word `{word}` behind the guest's folder"))
                .with_help("--dir HOST[::GUEST][::ro]"));
        }
        Ok(Folder { host: host.to_string(), guest: guest.to_string(), read_only })
    }

    fn check(&self) -> Result<(), Failure> {
        let found = std::fs::metadata(&self.host);
        let why = match found {
            Ok(found) if found.is_dir() => return Ok(()),
            Ok(_) => "it is not a folder".to_string(),
            Err(error) => io_text(&error),
        };
        Err(Failure::new(format!("can't grant the folder {}: {why}", self.host))
            .with_help("--dir HOST[::GUEST][::ro] takes a folder that exists"))
    }
}

/// What of the network the guest may use.
fn network(settings: &Settings, hosts: &[String]) -> Result<NetworkPolicy, Failure> {
    let mut reach = if settings.inherit_network { NetworkPolicy::inherit() } else { NetworkPolicy::deny() };
    for host in hosts {
        reach = allow_host::grant(reach, host)?;
    }
    // Whoever names hosts means these.
    let http = settings.http && hosts.is_empty();
    Ok(reach.http(http).tcp(settings.tcp).udp(settings.udp).name_lookup(settings.name_lookup))
}

/// What sends HTTP requests, with the certificates of `ca_files` beside those that are built in.
fn http_client(ca_files: &[String]) -> Result<native::OsHttpClient, Failure> {
    if ca_files.is_empty() {
        return Ok(native::OsHttpClient::default());
    }
    let mut roots = native::TlsRoots::default();
    for file in ca_files {
        roots = roots.add_pem_file(file).map_err(|error| {
            Failure::new(format!("can't use the certificates of {error}"))
                .with_help("-Shttp-ca-file=FILE takes a PEM file with certificates")
        })?;
    }
    Ok(native::OsHttpClient::new(roots))
}

/// The guest's variables; later ones win.
fn variables(given: &[String], inherit: bool) -> Result<Vec<(String, String)>, Failure> {
    let mut variables: Vec<(String, String)> = Vec::new();
    if inherit {
        let all = std::env::vars_os();
        variables.extend(all.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))));
    }
    for text in given {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, value.to_string()),
            None => match std::env::var(text) {
                Ok(value) => (text.as_str(), value),
                Err(_) => {
                    return Err(Failure::new(format!("there is no environment variable `{text}` to hand on"))
                        .with_help(format!("give it a value: --env {text}=VALUE")));
                }
            },
        };
        if name.is_empty() {
            return Err(Failure::usage(format!("`--env {text}` has no name")).with_help("--env NAME[=VALUE]"));
        }
        variables.retain(|(other, _)| other != name);
        variables.push((name.to_string(), value));
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(host: &str, guest: &str, read_only: bool) -> Folder {
        Folder { host: host.into(), guest: guest.into(), read_only }
    }

    #[test]
    fn a_folder_has_up_to_three_parts() {
        for (text, parts) in [
            ("data", folder("data", "data", false)),
            ("data::/", folder("data", "/", false)),
            ("data::/in::ro", folder("data", "/in", true)),
            ("data::ro", folder("data", "data", true)),
        ] {
            assert_eq!(Folder::parse(text).ok(), Some(parts), "{text}");
        }
    }

    #[test]
    fn later_variables_win() {
        let given = ["A=1".to_string(), "B=x=y".to_string(), "A=2".to_string()];
        let read = variables(&given, false).expect("values are given");
        assert_eq!(read, [("B".to_string(), "x=y".to_string()), ("A".to_string(), "2".to_string())]);
        assert!(variables(&["NOBODY_HAS_THIS_VARIABLE".to_string()], false).is_err());
    }
}
