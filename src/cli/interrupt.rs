//! Interruption: the first Ctrl-C or SIGTERM ends a run in order, the second at once. So does a terminal
//! that goes away.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Whether a signal came.
#[derive(Debug, Clone)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Installs the signal handlers. A SIGINT or SIGHUP that was ignored at the start, as behind `&` in a
    /// script and behind nohup, stays ignored.
    pub(super) fn awaited() -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let ignored = ignored();
        let is_ignored = |signal: i32| signal != SIGTERM && ignored & 1 << (signal - 1) != 0;
        for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !is_ignored(*signal)) {
            // A terminal that goes away may say so twice, by its shell and by itself.
            if signal != SIGHUP {
                signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))?;
            }
            signal_hook::flag::register(signal, Arc::clone(&stop))?;
        }
        Ok(Self(stop))
    }

    /// Whether one came.
    pub(super) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The signals that this process ignores, a bit for each (`proc_pid_status(5)`); none where nobody says.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
