//! The loop of every run: one thread that sends what a scheduler decides, at the pace of the run, and
//! waits in the transport for replies.
//!
//! Traces and pings run in the same loop: [`Scheduler`] decides, [`Transport`] moves packets, and an
//! [`Observer`] takes what has ended. Time comes from the transport, so the same loop runs on real
//! sockets and in simulated time.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::trace::StopReason;

use super::packet::Ignored;
use super::timing::{Moment, Pace, Stamp};
use super::transport::{Refusal, SendResult, Transport, TransportCounts, TransportError, Unsent};

/// How long the loop waits at most before it checks whether it should stop.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// How long it sleeps at least between packets. At thousands a second a few leave together, since
/// waking up costs more than sending does.
const SHORTEST_WAIT: Duration = Duration::from_micros(500);
/// How long it waits when a transport can take no more, and at first when the machine refuses to send.
const BUSY_WAIT: Duration = Duration::from_millis(1);
/// How often a probe is tried again at once that the machine refuses to send, each time after twice the wait.
/// Then its trace tries later.
const MOST_RETRIES: u32 = 8;
/// How long nothing may leave although something should, before the run gives up.
const GIVE_UP: Duration = Duration::from_secs(10);
/// How many probes must have been refused meanwhile.
const SEVERAL: u32 = 200;
/// After so long without a look at the replies the process was stopped, or had no CPU.
const HELD_UP: Duration = Duration::from_millis(250);
/// How many probes it sends between two looks at the replies. Without a rate limit replies would
/// otherwise overflow their buffer, and traces would go on behind their end.
const BATCH: usize = 8;

/// Decides what to send next. Pure: time is an argument.
pub trait Scheduler {
    /// What is sent.
    type Probe;
    /// What comes back.
    type Reply;
    /// What is handed on when it has ended: a trace, a host.
    type Output;

    /// The next probe to send at `now`, if there is one. It stays the next one until [`Self::sent`] or
    /// [`Self::refused`].
    fn next(&mut self, now: Moment) -> Option<Self::Probe>;

    /// The probe that [`Self::next`] gave has left.
    fn sent(&mut self, probe: &Self::Probe, at: Stamp);

    /// The machine refused, at `at`, to send the probe that [`Self::next`] gave. It is no attempt.
    fn refused(&mut self, probe: &Self::Probe, at: Moment) -> NotSent;

    /// The system reports, at `at`, that a probe never left that [`Self::sent`] was called for.
    fn unsent(&mut self, probe: &Self::Probe, at: Moment) -> NotSent;

    /// Takes a reply; returns what it was.
    fn received(&mut self, reply: Self::Reply) -> Matched;

    /// Runs the timers that are due at `now`.
    fn expire(&mut self, now: Moment);

    /// When the next timer is due.
    fn next_timer(&self) -> Option<Moment>;

    /// How many outputs there will be.
    fn total(&self) -> usize;

    /// How many of them have ended.
    fn ended(&self) -> usize;

    /// Takes the outputs that have ended since the last call.
    fn take_ended(&mut self) -> Vec<Self::Output>;

    /// Ends all that is under way, for `reason`.
    fn stop(&mut self, reason: StopReason);
}

/// What becomes of probes that did not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NotSent {
    /// So many will be sent again.
    pub again: u64,
    /// So many will not: they were refused for too long, or what they were for has ended.
    pub given_up: u64,
}

impl NotSent {
    /// So many, which will be sent `again` or not.
    pub(crate) const fn of(count: u64, again: bool) -> Self {
        if again { Self { again: count, given_up: 0 } } else { Self { again: 0, given_up: count } }
    }

    /// Adds others.
    pub(crate) const fn add(&mut self, others: Self) {
        self.again += others.again;
        self.given_up += others.given_up;
    }
}

/// Observes a run while it goes on, and may end it.
pub trait Observer<T> {
    /// Called at least ten times a second. `Break` interrupts the run.
    fn on_progress(&mut self, progress: &Progress) -> ControlFlow<()>;

    /// Takes an output that has ended.
    fn on_ended(&mut self, output: T);
}

/// Keeps every output, and interrupts nothing.
impl<T> Observer<T> for Vec<T> {
    fn on_progress(&mut self, _: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn on_ended(&mut self, output: T) {
        self.push(output);
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Since the start.
    pub elapsed: Duration,
    /// Traces or hosts that have ended.
    pub ended: usize,
    /// How many there will be.
    pub total: usize,
    /// Packets sent.
    pub packets: u64,
}

/// What a reply was to its scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matched {
    /// The first reply to a probe.
    First,
    /// A further reply to the same probe.
    Duplicate,
    /// A further reply to the same probe that contradicts the first: somebody else sent it, or says something else.
    Contradictory,
    /// A reply that came when nothing waited for it any more.
    Late,
    /// It identifies a probe that was never sent.
    Unasked,
    /// A reply to a ping, from another address than the one that was asked.
    Foreign,
    /// An ICMP error in reply to a ping.
    Error,
}

/// Fewer replies than this that cannot be are chance or a confused box.
const SOME_FORGED: u64 = 50;
/// One for so many packets is too many.
const FORGED_SHARE: u64 = 20;

/// What a run has done, beside the outputs that it handed to its observer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    /// How many outputs it handed on.
    pub ended: usize,
    /// From the start to the last reply.
    pub took: Duration,
    /// How much of that it waited, with nothing to send. Of traces alone.
    pub waited: Duration,
    /// Why it ended before everything had come to its own end, where it did.
    pub cut_short: Option<StopReason>,
    /// How many replies there were of each kind.
    pub matched: BTreeMap<Matched, u64>,
    /// Packets sent.
    pub packets: u64,
    /// How many of them were for traces that were made again and are not among the outputs, by target.
    pub unkept: BTreeMap<Ipv4Addr, usize>,
    /// What the transport counted beside the replies.
    pub counts: TransportCounts,
}

impl Measured {
    /// How many replies there were of this kind.
    #[must_use]
    pub fn replies(&self, matched: Matched) -> u64 {
        self.matched.get(&matched).copied().unwrap_or_default()
    }

    /// Adds a run that followed, on the same clock.
    pub fn add(&mut self, later: Self) {
        self.ended += later.ended;
        self.took = later.took;
        self.waited += later.waited;
        self.cut_short = self.cut_short.or(later.cut_short);
        for (matched, count) in later.matched {
            *self.matched.entry(matched).or_default() += count;
        }
        self.packets += later.packets;
        for (target, count) in later.unkept {
            *self.unkept.entry(target).or_default() += count;
        }
        self.counts.add(later.counts);
    }

    /// Whether most errors that quote its probes quote them with changed fields, as behind a box that translates
    /// addresses: then silence says nothing. Of forged messages few look like that.
    #[must_use]
    pub fn is_behind_translation(&self) -> bool {
        let ignored = |why| self.counts.ignored.get(&why).copied().unwrap_or_default();
        let changed = ignored(Ignored::Changed);
        let others = ignored(Ignored::NotOurs) + ignored(Ignored::Unproven);
        changed > self.replies(Matched::First) && changed > others / 16
    }

    /// How many replies somebody seems to have forged, where they are too many for chance: they do not know the run's
    /// secret, answer what was never sent, or contradict others.
    #[must_use]
    pub fn forged(&self) -> Option<u64> {
        let unproven = self.counts.ignored.get(&Ignored::Unproven).copied().unwrap_or_default();
        let others = [Matched::Unasked, Matched::Contradictory].map(|what| self.replies(what));
        let forged = unproven + others.iter().sum::<u64>();
        (forged >= SOME_FORGED && forged * FORGED_SHARE >= self.packets).then_some(forged)
    }

    /// Whether the run came to its own end, and hardly any of its probes failed to leave.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.cut_short.is_none()
            && self.counts.unsent <= self.packets / 100
            && !self.is_behind_translation()
    }
}

/// The loop, its pace and its deadline.
#[derive(Debug)]
pub struct Engine {
    pace: Pace,
    deadline: Option<Moment>,
}

impl Engine {
    /// An engine that sends at most `rate` packets in any second, and stops when `deadline` has passed
    /// since the start of the transport's clock.
    #[must_use]
    pub fn new(rate: Option<NonZeroU32>, deadline: Option<Duration>) -> Self {
        let deadline = deadline.map(|deadline| Moment::START + deadline);
        Self { pace: Pace::new(rate), deadline }
    }

    /// Runs until the scheduler has nothing left to do, or something ends the run. When the transport
    /// fails, what was measured until then comes with the failure, cut short as by an interruption.
    pub fn run<S, T, O>(
        &mut self,
        transport: &mut T,
        scheduler: &mut S,
        observer: &mut O,
    ) -> (Measured, Result<(), TransportError>)
    where
        S: Scheduler,
        T: Transport<S::Probe, S::Reply> + ?Sized,
        O: Observer<S::Output>,
    {
        let measured = Measured::default();
        let sending =
            Sending { retries: 0, retries_allowed: MOST_RETRIES, failing_since: None, failures: 0 };
        let mut run = Run { engine: self, transport, scheduler, observer, measured, sending };
        let (cut_short, failure) = match run.until_done() {
            Ok(cut_short) => (cut_short, Ok(())),
            Err(failure) => (Some(StopReason::Interrupted), Err(failure)),
        };
        if let Some(reason) = cut_short {
            run.scheduler.stop(reason);
            run.hand_on();
        }
        let mut measured = run.measured;
        measured.cut_short = cut_short;
        measured.took = transport.now().since(Moment::START);
        measured.counts.add(transport.take_counts());
        (measured, failure)
    }
}

struct Run<'a, S, T: ?Sized, O> {
    engine: &'a mut Engine,
    transport: &'a mut T,
    scheduler: &'a mut S,
    observer: &'a mut O,
    measured: Measured,
    sending: Sending,
}

/// How sending goes.
struct Sending {
    /// How often the next probe was refused.
    retries: u32,
    /// How often one is tried again. A firewall that refuses at random is worth that; one that refuses
    /// always would only hold up the others.
    retries_allowed: u32,
    /// Since when nothing has left although something should.
    failing_since: Option<Moment>,
    /// How many were refused since then.
    failures: u32,
}

impl Sending {
    /// A probe has left.
    fn succeeded(&mut self) {
        if self.retries > 0 {
            self.retries_allowed = MOST_RETRIES;
        }
        (self.retries, self.failing_since, self.failures) = (0, None, 0);
    }

    /// The machine refused a probe at `at`. Returns when to try again; nothing when it was tried enough.
    fn refused(&mut self, at: Moment) -> Option<Moment> {
        if self.retries < self.retries_allowed {
            self.retries += 1;
            return Some(at + BUSY_WAIT * (1 << (self.retries - 1)));
        }
        self.retries_allowed = (self.retries_allowed / 2).max(1);
        self.retries = 0;
        None
    }

    /// Fails when nothing has left for too long.
    fn check(&mut self, at: Moment, refusal: Refusal) -> Result<(), TransportError> {
        let lasted = at.since(*self.failing_since.get_or_insert(at));
        self.failures += 1;
        if lasted < GIVE_UP || self.failures < SEVERAL {
            Ok(())
        } else {
            Err(TransportError::CannotSend { lasted, refusal })
        }
    }
}

impl<S, T, O> Run<'_, S, T, O>
where
    S: Scheduler,
    T: Transport<S::Probe, S::Reply> + ?Sized,
    O: Observer<S::Output>,
{
    fn until_done(&mut self) -> Result<Option<StopReason>, TransportError> {
        let deadline = self.engine.deadline;
        let mut looked = Moment::START;
        loop {
            let now = self.transport.now();
            if now.since(looked) > HELD_UP {
                // What came meanwhile is not late.
                self.receive(now)?;
            }
            looked = now;
            self.scheduler.expire(now);
            let due = self.send_due(now)?;
            self.hand_on();
            let progress = Progress {
                elapsed: now.since(Moment::START),
                ended: self.scheduler.ended(),
                total: self.scheduler.total(),
                packets: self.measured.packets,
            };
            if self.observer.on_progress(&progress).is_break() {
                return Ok(Some(StopReason::Interrupted));
            }
            if progress.ended == progress.total {
                return Ok(None);
            }
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Ok(Some(StopReason::Deadline));
            }
            let longest = now + LONGEST_WAIT;
            let until = [due, self.scheduler.next_timer(), deadline].into_iter().flatten().min();
            let until = until.map_or(longest, |until| until.min(longest));
            self.receive(until)?;
        }
    }

    /// Takes what has come; when nothing has, waits for it until `until`.
    fn receive(&mut self, until: Moment) -> Result<(), TransportError> {
        let mut replies = Vec::new();
        self.transport.recv(until, &mut replies)?;
        for reply in replies {
            *self.measured.matched.entry(self.scheduler.received(reply)).or_default() += 1;
        }
        for Unsent { probe, refusal } in self.transport.take_unsent() {
            let not_sent = self.scheduler.unsent(&probe, self.transport.now());
            let NotSent { again, given_up } = not_sent;
            self.measured.packets = self.measured.packets.saturating_sub(again + given_up);
            self.count(not_sent, refusal);
        }
        Ok(())
    }

    fn count(&mut self, NotSent { again, given_up }: NotSent, refusal: Refusal) {
        self.measured.counts.count_resent(again, refusal);
        self.measured.counts.count_unsent(given_up, refusal);
    }

    /// Sends while the pace allows it. Returns when to send on; nothing when there is nothing to send.
    fn send_due(&mut self, now: Moment) -> Result<Option<Moment>, TransportError> {
        for _ in 0..BATCH {
            let ready = self.engine.pace.ready();
            if ready > now {
                return Ok(Some(ready.max(now + SHORTEST_WAIT)));
            }
            let Some(probe) = self.scheduler.next(now) else { return Ok(None) };
            match self.transport.send(&probe)? {
                SendResult::Busy => return Ok(Some(now + BUSY_WAIT)),
                SendResult::Sent(sent) => {
                    self.sending.succeeded();
                    self.engine.pace.spend(sent.at);
                    self.measured.packets += 1;
                    self.scheduler.sent(&probe, sent);
                }
                SendResult::Refused(at, refusal) => {
                    self.sending.check(at, refusal)?;
                    if let Some(again) = self.sending.refused(at) {
                        return Ok(Some(again));
                    }
                    self.engine.pace.spend(at);
                    let not_sent = self.scheduler.refused(&probe, at);
                    self.count(not_sent, refusal);
                }
            }
        }
        Ok(Some(now))
    }

    fn hand_on(&mut self) {
        for output in self.scheduler.take_ended() {
            self.measured.ended += 1;
            self.observer.on_ended(output);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(packets: u64, unproven: u64, contradictory: u64) -> Measured {
        let mut measured = Measured { packets, ..Measured::default() };
        measured.counts.ignored.insert(Ignored::Unproven, unproven);
        measured.matched.insert(Matched::Contradictory, contradictory);
        measured
    }

    #[test]
    fn forging_shows_beyond_what_chance_makes() {
        assert_eq!(measured(100, 20, 20).forged(), None, "few");
        assert_eq!(measured(10_000, 200, 200).forged(), None, "few for so many");
        assert_eq!(measured(10_000, 300, 200).forged(), Some(500));
        assert_eq!(measured(100, 0, 50).forged(), Some(50));
    }
}
