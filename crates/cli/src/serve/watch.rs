//! `--watch`: a component that is built again is served without a restart.

use std::ffi::OsString;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::app::App;
use super::shared::Shared;
use crate::report::{self, Failure};

/// How often the file is looked at, and how long it has to stay as it is: a compiler may still write.
const PERIOD: Duration = Duration::from_millis(100);

/// What shows that a file is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    modified: Option<SystemTime>,
    length: u64,
}

/// How each of `files` looks. `None` if one is away: it is about to be replaced.
fn look(files: &[OsString]) -> Option<Vec<Look>> {
    let look = |file: &OsString| {
        let found = fs::metadata(file).ok()?;
        Some(Look { modified: found.modified().ok(), length: found.len() })
    };
    files.iter().map(look).collect()
}

/// Serves what `load` makes of `files` whenever one of them has changed, until it is dropped. What cannot be loaded is
/// reported, and what was served before goes on.
pub async fn watch(
    files: &[OsString],
    load: impl Fn() -> Result<App, Failure> + Send + Sync + 'static,
    shared: Arc<Shared>,
) {
    let load = Arc::new(load);
    let (mut served, mut last) = (look(files), look(files));
    loop {
        sleep(PERIOD).await;
        let now = look(files);
        let settled = now == last;
        last.clone_from(&now);
        if now.is_none() || now == served || !settled {
            continue;
        }
        let changed = changed(files, served.as_deref(), now.as_deref());
        served = now;
        let load = load.clone();
        match spawn_blocking(move || load()).await {
            Ok(Ok(app)) => {
                shared.replace(app);
                let have = if changed.len() > 1 { "have" } else { "has" };
                report::note(&format!("{} {have} changed: serving the new one", changed.join(", ")));
            }
            Ok(Err(failure)) => {
                report::fail(&failure);
                report::note("still serving what was there before");
            }
            // A panic is reported where it happens.
            Err(_) => return,
        }
    }
}

/// The names of those of `files` that looked otherwise `before`.
fn changed(files: &[OsString], before: Option<&[Look]>, now: Option<&[Look]>) -> Vec<String> {
    let differs = |at: &usize| before.and_then(|looks| looks.get(*at)) != now.and_then(|looks| looks.get(*at));
    let names = (0..files.len()).filter(differs).filter_map(|at| files.get(at));
    names.map(|file| file.display().to_string()).collect()
}
