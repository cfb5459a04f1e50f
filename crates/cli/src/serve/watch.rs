//! `--watch`: a component that is built again is served without a restart.

use std::ffi::OsStr;
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

fn look(file: &OsStr) -> Option<Look> {
    let found = fs::metadata(file).ok()?;
    Some(Look { modified: found.modified().ok(), length: found.len() })
}

/// Serves what `load` makes of `file` whenever that has changed, until it is dropped. What cannot be loaded is reported, and
/// what was served before goes on.
pub async fn watch(file: &OsStr, load: impl Fn() -> Result<App, Failure> + Send + Sync + 'static, shared: Arc<Shared>) {
    let load = Arc::new(load);
    let (mut served, mut last) = (look(file), look(file));
    loop {
        sleep(PERIOD).await;
        let now = look(file);
        let settled = now == last;
        last = now;
        // A file that is away is about to be replaced.
        if now.is_none() || now == served || !settled {
            continue;
        }
        served = now;
        let load = load.clone();
        match spawn_blocking(move || load()).await {
            Ok(Ok(app)) => {
                shared.replace(app);
                report::note(&format!("{} has changed: serving the new one", file.display()));
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
