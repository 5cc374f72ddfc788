//! The loop that joins plan, pace and wire: one thread, waiting in the wire until the next thing is
//! due.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use super::pace::Pace;
use super::plan::{Matched, Plan};
use super::wire::{Sent, Tally, Wire, WireError};
use super::{Finished, Method, Moment, Settings, Stop};

/// How long the engine waits at most before it looks whether it should stop.
const LOOK_UP: Duration = Duration::from_millis(100);
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
pub trait Watch {
    /// Called at least ten times a second; `Break` interrupts the run.
    fn look(&mut self, progress: &Progress) -> ControlFlow<()>;
    /// Called for every trace that has ended.
    fn ended(&mut self, finished: &Finished);
}

/// What a run has measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The traces, in the order in which they ended.
    pub traces: Vec<Finished>,
    /// From the first probe to the last answer.
    pub took: Duration,
    /// Whether every trace came to its own end, rather than to the run's.
    pub cut_short: Option<Stop>,
    /// Answers by what they were to the plan.
    pub matched: BTreeMap<Matched, u64>,
    /// Packets that were no answers, and probes that could not be sent.
    pub tally: Tally,
    /// Packets sent.
    pub packets: u64,
}

/// Traces everything in `plan` over `wire`.
///
/// # Errors
/// When the wire fails.
pub fn run(
    wire: &mut (impl Wire + ?Sized),
    mut plan: Plan,
    settings: &Settings,
    watch: &mut impl Watch,
) -> Result<Measured, WireError> {
    for method in [Method::Icmp, Method::Udp] {
        if !wire.tells_ttls_apart(method) {
            plan.one_at_a_time(method);
        }
    }
    let mut run = Run { wire, plan, pace: Pace::new(settings.rate), watch, traces: Vec::new() };
    let mut matched = BTreeMap::new();
    let mut replies = Vec::new();
    let deadline = settings.deadline.map(|deadline| Moment::START + deadline);
    let cut_short = loop {
        let now = run.wire.now();
        run.plan.elapse(now);
        let due = run.send_what_is_due(now)?;
        run.collect();
        if run.watch.look(&run.progress(now)).is_break() {
            break Some(Stop::Interrupted);
        }
        if run.plan.ended() == run.plan.len() {
            break None;
        }
        if deadline.is_some_and(|deadline| deadline <= now) {
            break Some(Stop::Deadline);
        }
        let until = [due, run.plan.alarm_at(), deadline].into_iter().flatten().min();
        let until = until.unwrap_or(now + LOOK_UP).min(now + LOOK_UP);
        run.wire.recv(until, &mut replies)?;
        for reply in replies.drain(..) {
            *matched.entry(run.plan.replied(reply)).or_default() += 1;
        }
    };
    if let Some(stop) = cut_short {
        run.plan.end_all(stop);
        run.collect();
    }
    Ok(Measured {
        took: run.wire.now().since(Moment::START),
        packets: run.plan.packets(),
        tally: run.wire.tally().clone(),
        traces: run.traces,
        cut_short,
        matched,
    })
}

struct Run<'a, W: ?Sized, V> {
    wire: &'a mut W,
    plan: Plan,
    pace: Pace,
    watch: &'a mut V,
    traces: Vec<Finished>,
}

impl<W: Wire + ?Sized, V: Watch> Run<'_, W, V> {
    /// Sends while the pace allows; returns when to send on, if there is more to send.
    fn send_what_is_due(&mut self, now: Moment) -> Result<Option<Moment>, WireError> {
        // At an unlimited rate answers must be fetched between probes, before their buffer fills.
        for _ in 0..32 {
            if self.pace.ready() > now {
                return Ok(Some(self.pace.ready()));
            }
            let Some(probe) = self.plan.next(now) else { return Ok(None) };
            match self.wire.send(&probe)? {
                Sent::Busy => return Ok(Some(now + BUSY)),
                Sent::At(at) | Sent::Refused(at) => {
                    self.pace.spend(at);
                    self.plan.sent(&probe, at);
                }
            }
        }
        Ok(Some(now))
    }

    fn collect(&mut self) {
        for finished in self.plan.take_finished() {
            self.watch.ended(&finished);
            self.traces.push(finished);
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
