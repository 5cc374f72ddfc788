//! What a run shows while it goes on, on a terminal's stderr.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use crate::owner::Owners;
use crate::probe::engine::{Observer, Progress};
use crate::probe::{Archive, ArchiveError, Finished};
use crate::targets::Targets;
use crate::transit::{Class, judge_alone};

use super::interrupt::Interrupt;

/// How often the bar is drawn.
pub(super) const EVERY: Duration = Duration::from_millis(100);

/// Watches a run for a user, and keeps its traces.
pub(super) struct Watcher<'a> {
    interrupt: Interrupt,
    bar: ProgressBar,
    drawn: Duration,
    targets: &'a Targets,
    owners: &'a Owners<'a>,
    classes: BTreeMap<Class, usize>,
    kept: Result<Archive, ArchiveError>,
}

impl<'a> Watcher<'a> {
    /// A watcher for a run of `traces` traces, which `interrupt` ends in order.
    pub(super) fn new(
        traces: usize,
        quiet: bool,
        targets: &'a Targets,
        owners: &'a Owners<'a>,
        interrupt: Interrupt,
    ) -> Self {
        let classes = BTreeMap::new();
        let bar = bar(traces, "traces", quiet);
        let kept = Ok(Archive::default());
        Self { interrupt, bar, drawn: Duration::ZERO, targets, owners, classes, kept }
    }

    /// The traces that have ended.
    pub(super) fn kept(mut self) -> Result<Archive, ArchiveError> {
        std::mem::replace(&mut self.kept, Ok(Archive::default()))
    }

    fn message(&self, progress: &Progress) -> String {
        let seconds = progress.elapsed.as_secs_f64().max(0.001);
        let packets = u32::try_from(progress.packets).map_or(f64::INFINITY, f64::from);
        let mut text = format!("{} packets, {:.0}/s", progress.packets, packets / seconds);
        for (class, count) in &self.classes {
            let _ = write!(text, "  {} {count}", class.name(&self.targets.classes));
        }
        text
    }
}

impl Observer for Watcher<'_> {
    fn on_progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        if self.interrupt.came() {
            return ControlFlow::Break(());
        }
        if !self.bar.is_hidden() && progress.elapsed >= self.drawn + EVERY {
            self.drawn = progress.elapsed;
            self.bar.set_position(u64::try_from(progress.ended).unwrap_or_default());
            self.bar.set_message(self.message(progress));
        }
        ControlFlow::Continue(())
    }

    fn on_ended(&mut self, finished: Finished) {
        if !self.bar.is_hidden() {
            let trace = finished.trace(Timestamp::UNIX_EPOCH);
            let class = judge_alone(&trace, self.targets, self.owners).class;
            *self.classes.entry(class).or_default() += 1;
        }
        if let Err(error) = self.kept.as_mut().map_or(Ok(()), |kept| kept.push(&finished)) {
            self.kept = Err(error);
        }
    }
}

impl Drop for Watcher<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar for so many `things`, on a terminal's stderr.
pub(super) fn bar(count: usize, things: &str, quiet: bool) -> ProgressBar {
    let hidden = quiet || !io::stderr().is_terminal();
    let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let length = u64::try_from(count).unwrap_or_default();
    let template = format!("{{bar:24}} {{pos}}/{{len}} {things}  {{elapsed}}  {{msg}}");
    let style = ProgressStyle::with_template(&template);
    let bar = ProgressBar::with_draw_target(Some(length), target);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
