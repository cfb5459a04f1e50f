//! Whether the steps of a test can be carried out at all.

use std::collections::BTreeSet;

use super::config::Config;
use super::http::ServerKind;
use super::operation::Operation;

/// Refuses steps that make no sense: the test would be wrong, not the program.
pub fn validate(config: &Config) -> Result<(), String> {
    let mut runs = false;
    let mut connections = BTreeSet::new();
    for operation in &config.operations {
        match operation {
            Operation::Run(_) if runs => return Err("the program runs already".into()),
            Operation::Run(_) => {
                runs = true;
                connections.clear();
            }
            _ if !runs => return Err("the program does not run yet".into()),
            Operation::Wait { .. } => runs = false,
            Operation::Read { id, .. } if id != "stdout" && id != "stderr" => {
                return Err(format!("there is no output `{id}` to read"));
            }
            Operation::Write { id, .. } if id != "stdin" => {
                return Err(format!("there is no input `{id}` to write to"));
            }
            Operation::Connect { protocol_type, .. } if protocol_type != "tcp" => {
                return Err(format!("connecting by {protocol_type} is not known"));
            }
            Operation::Connect { id, .. } if !connections.insert(id.as_str()) => {
                return Err(format!("there is a connection `{id}` already"));
            }
            Operation::Send { id, .. } | Operation::Recv { id, .. } if !connections.contains(id.as_str()) => {
                return Err(format!("there is no connection `{id}`"));
            }
            Operation::Kill { signal } if signal != "SIGINT" && signal != "SIGTERM" => {
                return Err(format!("the signal {signal} is not known"));
            }
            _ => {}
        }
    }
    if runs {
        return Err("nobody waits for the program".into());
    }
    servers(config)
}

fn servers(config: &Config) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for server in &config.servers {
        let is_word = !server.name.is_empty() && server.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_word || !names.insert(server.name.to_uppercase()) {
            return Err(format!("`{}` is no name for a server, or there are two of it", server.name));
        }
        if server.kind == ServerKind::Closed && !server.endpoints.is_empty() {
            return Err(format!("nobody listens at `{}`, so it has no endpoints", server.name));
        }
        let is_wrong = |answer: &super::http::Answer| match answer.chunks {
            Some(_) => !answer.body.is_empty(),
            None => !answer.trailers.is_empty(),
        };
        if server.endpoints.iter().any(|endpoint| is_wrong(&endpoint.response)) {
            return Err(format!("`{}`: chunks have trailers and no body, a body has none", server.name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_valid(operations: &str) -> bool {
        let config = serde_json::from_str(&format!(r#"{{"operations": [{operations}]}}"#)).expect("a config");
        validate(&config).is_ok()
    }

    #[test]
    fn steps_have_an_order() {
        let (run, wait) = (r#"{"type": "run"}"#, r#"{"type": "wait"}"#);
        let (connect, send) = (r#"{"type": "connect", "id": "a"}"#, r#"{"type": "send", "id": "a"}"#);
        assert!(is_valid(""));
        assert!(is_valid(&format!("{run}, {connect}, {send}, {wait}, {run}, {connect}, {wait}")));
        for wrong in [
            run.to_string(),
            wait.to_string(),
            format!("{run}, {run}, {wait}"),
            format!("{run}, {send}, {wait}"),
            format!("{run}, {connect}, {connect}, {wait}"),
            format!(r#"{run}, {{"type": "read", "id": "stdin"}}, {wait}"#),
            format!(r#"{run}, {{"type": "kill", "signal": "SIGKILL"}}, {wait}"#),
        ] {
            assert!(!is_valid(&wrong), "{wrong}");
        }
    }
}
