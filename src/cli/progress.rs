//! The progress bar of a run, on a terminal's stderr.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use crate::owner::Owners;
use crate::probe::Finished;
use crate::probe::engine::{Progress, Watch};
use crate::survey::{Survey, SurveyError};
use crate::targets::Targets;
use crate::transit::{Class, judge_alone};

use super::interrupt::Interrupt;

/// How often the bar is drawn.
pub(super) const EVERY: Duration = Duration::from_millis(100);

/// Watches a run for a user, and puts its traces into a survey.
pub(super) struct Watcher<'a, 't> {
    interrupt: Interrupt,
    bar: ProgressBar,
    drawn: Duration,
    targets: &'t Targets,
    owners: &'a Owners<'t>,
    classes: BTreeMap<Class, usize>,
    began: Timestamp,
    survey: Survey<'t>,
    failed: Result<(), SurveyError>,
}

impl<'a, 't> Watcher<'a, 't> {
    /// A watcher for a run of `traces` traces that began at `began`; `interrupt` ends it in order.
    pub(super) fn new(
        traces: usize,
        quiet: bool,
        (targets, owners): (&'t Targets, &'a Owners<'t>),
        survey: Survey<'t>,
        began: Timestamp,
        interrupt: Interrupt,
    ) -> Self {
        let bar = bar(traces, "traces", quiet);
        Self {
            interrupt,
            bar,
            drawn: Duration::ZERO,
            targets,
            owners,
            classes: BTreeMap::new(),
            began,
            survey,
            failed: Ok(()),
        }
    }

    /// The survey with all traces that have ended, and the interrupt for what follows.
    pub(super) fn finish(self) -> Result<(Survey<'t>, Interrupt), SurveyError> {
        self.bar.finish_and_clear();
        self.failed.map(|()| (self.survey, self.interrupt))
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

impl Watch for Watcher<'_, '_> {
    fn look(&mut self, progress: &Progress) -> ControlFlow<()> {
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

    fn ended(&mut self, finished: Finished) {
        let trace = finished.trace(self.began);
        if !self.bar.is_hidden() {
            let class = judge_alone(&trace, self.targets, self.owners).class;
            *self.classes.entry(class).or_default() += 1;
        }
        if self.failed.is_ok() {
            self.failed = self.survey.add(&trace);
        }
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
