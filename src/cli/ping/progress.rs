//! The progress bar of a census, on a terminal's stderr.

use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::ProgressBar;

use crate::census::PingProgress;

use super::super::interrupt::Interrupt;
use super::super::progress::{EVERY, bar};

/// Watches a census for a user.
pub(in super::super) struct Watcher {
    interrupt: Interrupt,
    bar: ProgressBar,
    drawn: Duration,
}

impl Watcher {
    /// A watcher for a census, which `interrupt` ends in order.
    pub(in super::super) fn new(quiet: bool, interrupt: Interrupt) -> Self {
        Self { interrupt, bar: bar(0, "targets", quiet), drawn: Duration::ZERO }
    }

    /// Draws the bar now and then; breaks off when the user interrupts.
    pub(in super::super) fn on_progress(&mut self, ping: &PingProgress) -> ControlFlow<()> {
        let progress = &ping.progress;
        if self.interrupt.came() {
            return ControlFlow::Break(());
        }
        if !self.bar.is_hidden() && progress.elapsed >= self.drawn + EVERY {
            self.drawn = progress.elapsed;
            let number = |count| u64::try_from(count).unwrap_or_default();
            self.bar.set_length(number(progress.total));
            self.bar.set_position(number(progress.ended));
            let (method, packets) = (ping.method.name(), progress.packets);
            self.bar.set_message(format!("{method}  {packets} packets  {} alive", ping.alive));
        }
        ControlFlow::Continue(())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
