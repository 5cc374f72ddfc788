//! What commands that ask a service share: its address, the key, the time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use jiff::Timestamp;
use rand::rngs::SysRng;
use rand::{SeedableRng, rngs::StdRng};

use crate::remote::{Client, Clock, Key, RemoteError, Service};

use super::interrupt::Interrupt;

/// How long a sleeper does not look whether the user has interrupted.
const SLICE: Duration = Duration::from_millis(25);
/// How long a service is left alone that says for the first time that it is asked too often, unless it says so itself.
const FIRST: Duration = Duration::from_secs(5);

/// Where a service is.
#[derive(Debug, Clone, Args)]
pub(super) struct Api {
    /// Another address of the service, such as a mirror's [default: the service's own]
    #[arg(long, value_name = "URL", help_heading = "Service")]
    pub(super) api: Option<String>,
}

impl Api {
    /// A client that leaves the service alone for `first` when it says for the first time that it is asked too often,
    /// where that is shorter than usual.
    pub(super) fn client(
        &self,
        service: Service,
        key: Option<Key>,
        clock: &Arc<dyn Clock>,
        first: Option<Duration>,
    ) -> Result<Client, RemoteError> {
        let first = first.map_or(FIRST, |first| first.clamp(SLICE, FIRST));
        Client::new(service, self.api.as_deref(), key, Arc::clone(clock), random(), first)
    }
}

/// The key in the environment or in a file; never one that was typed, since others see what is typed.
pub(super) fn key(variable: &str, file: Option<&Path>) -> Result<Option<Key>, RemoteError> {
    if let Some(path) = file {
        return Ok(Some(Key::from_file(path)?));
    }
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    let Some(value) = value else { return Ok(None) };
    Ok(Some(Key::new(&value.to_string_lossy(), variable)?))
}

/// A number that nobody can foresee, for jitter and names.
pub(super) fn random() -> u64 {
    use rand::RngExt as _;
    StdRng::try_from_rng(&mut SysRng)
        .map_or_else(|_| u64::from(std::process::id()), |mut it| it.random())
}

/// The clock of the machine; a signal ends its waits.
pub(super) struct SystemClock {
    began: Instant,
    interrupt: Interrupt,
}

impl SystemClock {
    /// A clock that knows when the user interrupts.
    pub(super) fn started() -> std::io::Result<Arc<dyn Clock>> {
        let interrupt = Interrupt::awaited()?;
        Ok(Arc::new(Self { began: Instant::now(), interrupt }))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn utc(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, time: Duration) {
        let until = Instant::now() + time;
        while !self.interrupt.came() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(SLICE));
        }
    }

    fn is_interrupted(&self) -> bool {
        self.interrupt.came()
    }
}

/// A file with a key, named by the user.
#[derive(Debug, Clone, Args)]
pub(super) struct KeyFile {
    /// File with the key, which nobody else may read [default: the environment variable `RIPE_ATLAS_KEY`]
    #[arg(long, value_name = "FILE", help_heading = "Service")]
    pub(super) key_file: Option<PathBuf>,
}
