//! The loop that joins plan, pace and wire: one thread, waiting in the wire until the next thing is
//! due.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::trace::StopReason;

use super::pace::Pace;
use super::scheduler::{Matched, TraceScheduler};
use super::transport::{SendResult, Transport, TransportCounts, TransportError};
use super::{Finished, Moment, ProbeMethod, TraceSettings};

/// How long the engine waits at most before it looks whether it should stop.
const LOOK_UP: Duration = Duration::from_millis(100);
/// How long it sleeps at least between packets: at thousands a second a few leave together, since
/// waking up costs more than sending does.
const NAP: Duration = Duration::from_micros(500);
/// How long it leaves a full send queue alone.
const BUSY: Duration = Duration::from_millis(1);

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Since the start.
    pub elapsed: Duration,
    /// Traces that have ended.
    pub ended: usize,
    /// Traces there will be.
    pub traces: usize,
    /// Packets sent.
    pub packets: u64,
}

/// Looks on while a run goes on, and may end it.
pub trait Observer {
    /// Called at least ten times a second; `Break` interrupts the run.
    fn on_progress(&mut self, progress: &Progress) -> ControlFlow<()>;
    /// Takes every trace that has ended, in that order.
    fn on_ended(&mut self, finished: Finished);
}

/// Keeps every trace, and interrupts nothing.
impl Observer for Vec<Finished> {
    fn on_progress(&mut self, _: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn on_ended(&mut self, finished: Finished) {
        self.push(finished);
    }
}

/// What a run has done, beside the traces that it handed to [`Observer::ended`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// How many traces it handed on.
    pub traces: usize,
    /// From the first probe to the last answer.
    pub took: Duration,
    /// Whether every trace came to its own end, rather than to the run's.
    pub cut_short: Option<StopReason>,
    /// Answers by what they were to the plan.
    pub matched: BTreeMap<Matched, u64>,
    /// Packets that were no answers, and probes that could not be sent.
    pub counts: TransportCounts,
    /// Packets sent.
    pub packets: u64,
}

impl Measured {
    /// Whether the run came to its own end, and sent what it meant to but for a trickle.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.cut_short.is_none() && self.counts.unsent <= self.packets / 100
    }
}

/// Traces everything in `plan` over `wire`. When the wire fails, what was measured until then comes
/// with the failure, cut short as by an interruption.
pub fn run(
    wire: &mut (impl Transport + ?Sized),
    mut plan: TraceScheduler,
    settings: &TraceSettings,
    watch: &mut impl Observer,
) -> (Measured, Result<(), TransportError>) {
    for method in [ProbeMethod::Icmp, ProbeMethod::Udp] {
        if !wire.tells_ttls_apart(method) {
            plan.one_at_a_time(method);
        }
    }
    let mut run = Run {
        wire,
        plan,
        pace: Pace::new(settings.rate),
        deadline: settings.deadline.map(|deadline| Moment::START + deadline),
        watch,
        traces: 0,
        matched: BTreeMap::new(),
    };
    let (cut_short, failure) = match run.until_done() {
        Ok(cut_short) => (cut_short, Ok(())),
        Err(failure) => (Some(StopReason::Interrupted), Err(failure)),
    };
    (run.measured(cut_short), failure)
}

struct Run<'a, W: ?Sized, V> {
    wire: &'a mut W,
    plan: TraceScheduler,
    pace: Pace,
    deadline: Option<Moment>,
    watch: &'a mut V,
    traces: usize,
    matched: BTreeMap<Matched, u64>,
}

impl<W: Transport + ?Sized, V: Observer> Run<'_, W, V> {
    /// Turns until nothing is left to do, or something ends the run.
    fn until_done(&mut self) -> Result<Option<StopReason>, TransportError> {
        let mut replies = Vec::new();
        loop {
            let now = self.wire.now();
            self.plan.elapse(now);
            let due = self.send_what_is_due(now)?;
            self.collect();
            if self.watch.on_progress(&self.progress(now)).is_break() {
                return Ok(Some(StopReason::Interrupted));
            }
            if self.plan.ended() == self.plan.len() {
                return Ok(None);
            }
            if self.deadline.is_some_and(|deadline| deadline <= now) {
                return Ok(Some(StopReason::Deadline));
            }
            let until = [due, self.plan.next_timer(), self.deadline].into_iter().flatten().min();
            let until = until.unwrap_or(now + LOOK_UP).min(now + LOOK_UP);
            self.wire.recv(until, &mut replies)?;
            for reply in replies.drain(..) {
                *self.matched.entry(self.plan.replied(reply)).or_default() += 1;
            }
        }
    }

    fn measured(mut self, cut_short: Option<StopReason>) -> Measured {
        if let Some(stop) = cut_short {
            self.plan.end_all(stop);
            self.collect();
        }
        Measured {
            took: self.wire.now().since(Moment::START),
            packets: self.plan.packets(),
            counts: self.wire.counts().clone(),
            traces: self.traces,
            matched: self.matched,
            cut_short,
        }
    }

    /// Sends while the pace allows; returns when to send on, if there is more to send.
    fn send_what_is_due(&mut self, now: Moment) -> Result<Option<Moment>, TransportError> {
        // At an unlimited rate answers must be fetched between probes, before their buffer fills and
        // before traces go on behind their end.
        for _ in 0..8 {
            if self.pace.ready() > now {
                return Ok(Some(self.pace.ready().max(now + NAP)));
            }
            let Some(probe) = self.plan.next(now) else { return Ok(None) };
            let (at, left) = match self.wire.send(&probe)? {
                SendResult::Busy => return Ok(Some(now + BUSY)),
                SendResult::Sent(at) => (at, true),
                SendResult::Unsent(at) => (at, false),
            };
            self.pace.spend(at);
            self.plan.sent(&probe, at, left);
        }
        Ok(Some(now))
    }

    fn collect(&mut self) {
        for finished in self.plan.take_finished() {
            self.traces += 1;
            self.watch.on_ended(finished);
        }
    }

    fn progress(&self, now: Moment) -> Progress {
        Progress {
            elapsed: now.since(Moment::START),
            ended: self.plan.ended(),
            traces: self.plan.len(),
            packets: self.plan.packets(),
        }
    }
}
