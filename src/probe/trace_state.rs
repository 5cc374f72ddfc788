//! The state of one trace while it is under way: its probes, counted by TTL, and the path that the
//! replies show.

use std::net::Ipv4Addr;
use std::time::Duration;

use jiff::Timestamp;

use crate::targets::Block;
use crate::trace::{
    ForeignPath, Hop, HopReply, HopTry, PathEnd, ReplyKind, Router, StopReason, Strategy, Trace,
};

use super::divergence::Test;
use super::engine::Matched;
use super::exchange::{Attempt, Probe, ProbeTtl, Reply, TraceKey};
use super::timing::{Moment, Stamp};

/// The part of all traces that are explorers.
const EXPLORERS: f64 = 0.06;

/// How long a trace waits when the machine would not send its probe; twice as long each further time, up to
/// the longest.
const HOLD: Duration = Duration::from_millis(250);
const LONGEST_HOLD: Duration = Duration::from_secs(2);
/// How often the machine may refuse before a trace gives up, after some eight seconds.
const MOST_REFUSALS: u32 = 6;

/// What a trace does for the others of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A complete trace, like all others.
    Full,
    /// A complete trace for which the others wait: it shows them where the border is.
    Pilot,
    /// It begins at the border that others have found.
    BorderSearch,
    /// It began at the border, met what no other trace has shown, and is traced completely from there.
    Fallback,
}

/// Whether a trace may probe a hop whose ICMP rate is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Slot {
    /// It has not asked for a slot.
    #[default]
    None,
    /// It waits in the queue of the hop.
    Queued,
    /// It may send one probe.
    Granted,
}

/// One probe of the trace.
#[derive(Debug, Clone)]
struct SentProbe {
    ttl: ProbeTtl,
    attempt: Attempt,
    /// When it left.
    sent: Stamp,
    /// Whether its reply, which has not come, would still come in time.
    waiting: bool,
    reply: Option<HopReply>,
}

/// The first reply to a probe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replied {
    /// When the probe had left.
    pub(super) sent: Moment,
    /// How long the reply took, where that is known.
    pub(super) rtt: Option<Duration>,
    /// Whether it came in time.
    pub(super) in_time: bool,
}

/// The probes at one TTL, counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Attempts {
    pub(super) sent: u8,
    pub(super) waiting: u8,
    pub(super) replied: bool,
    pub(super) last_sent: Moment,
}

impl Attempts {
    /// It was probed, and no reply came in time.
    pub(super) fn is_silent(self) -> bool {
        self.sent > 0 && self.waiting == 0 && !self.replied
    }
}

/// One trace.
#[derive(Debug, Clone)]
pub(super) struct TraceState {
    pub(super) key: TraceKey,
    /// The group of traces whose knowledge it shares.
    pub(super) group: usize,
    probes: Vec<SentProbe>,
    by_ttl: [Attempts; ProbeTtl::MOST as usize + 1],
    furthest_probed: u8,
    furthest_reply: u8,
    /// The foreign routers that replied, and what ends the path.
    pub(super) path: ForeignPath<ProbeTtl>,
    pub(super) role: Role,
    pub(super) slot: Slot,
    /// Whether it finds out if its packets take different paths.
    pub(super) test: Test,
    /// Whether it has nothing more to send, but late replies may still come.
    pub(super) awaits_late: bool,
    /// The TTL of its last foreign hop, as the group knows it.
    pub(super) reported_depth: Option<ProbeTtl>,
    /// Its last foreign hop, as the group knows it.
    pub(super) reported_border: Option<Ipv4Addr>,
    /// A factor from 0.5 to 1.5 that spreads the retries of all traces over time.
    pub(super) spread: f64,
    /// How often the machine would not send its probes.
    refusals: u32,
    /// Until when it sends nothing, since the machine would not.
    held_until: Moment,
    /// TTLs that were to be probed, and of which no probe left: bit n for TTL n.
    never_probed: u64,
    /// When the system took its first probe, whether or not that has left.
    taken: Option<Moment>,
}

impl TraceState {
    /// A trace of which nothing was sent yet; `chance` is from 0 to 1.
    pub(super) fn new(key: TraceKey, group: usize, role: Role, chance: f64) -> Self {
        Self {
            key,
            group,
            probes: Vec::new(),
            by_ttl: [Attempts::default(); ProbeTtl::MOST as usize + 1],
            furthest_probed: 0,
            furthest_reply: 0,
            path: ForeignPath { routers: Vec::new(), end: PathEnd::Open },
            role,
            slot: Slot::default(),
            test: Test::default(),
            awaits_late: false,
            reported_depth: None,
            reported_border: None,
            spread: chance.clamp(0.0, 1.0) + 0.5,
            refusals: 0,
            held_until: Moment::START,
            never_probed: 0,
            taken: None,
        }
    }

    /// `probe` has left.
    pub(super) fn sent(&mut self, probe: &Probe, sent: Stamp) {
        let (ttl, attempt) = (probe.ttl, probe.attempt);
        let (waiting, reply) = (true, None);
        self.probes.push(SentProbe { ttl, attempt, sent, waiting, reply });
        let attempts = self.attempts_mut(ttl);
        attempts.sent += 1;
        attempts.waiting += 1;
        attempts.last_sent = attempts.last_sent.max(sent.at);
        self.taken.get_or_insert(sent.at);
        self.never_probed &= !(1 << ttl.get());
        self.furthest_probed = self.furthest_probed.max(ttl.get());
    }

    /// The machine would not send a probe at `at`. Returns when the trace tries again; nothing when it has
    /// tried enough, or when that is `hopeless`.
    pub(super) fn refused(&mut self, at: Moment, hopeless: bool) -> Option<Moment> {
        self.refusals += 1;
        let hold = HOLD * (1 << (self.refusals - 1));
        self.held_until = at + hold.min(LONGEST_HOLD);
        (self.refusals <= MOST_REFUSALS && !hopeless).then_some(self.held_until)
    }

    /// Whether it sends nothing at `now`, since the machine would not.
    pub(super) fn is_held(&self, now: Moment) -> bool {
        self.held_until > now
    }

    /// When a probe left that no reply has come to.
    pub(super) fn left(&self, ttl: ProbeTtl, attempt: Attempt) -> Option<Moment> {
        let probe = self.probes.iter().find(|it| (it.ttl, it.attempt) == (ttl, attempt))?;
        probe.reply.is_none().then_some(probe.sent.at)
    }

    /// What was sent since `since` and met silence never left. Returns how many probes these were, and how
    /// many of them were awaited.
    pub(super) fn forget_silent(&mut self, since: Moment) -> (usize, usize) {
        let never_left = |probe: &mut SentProbe| probe.reply.is_none() && probe.sent.at >= since;
        let forgotten: Vec<SentProbe> = self.probes.extract_if(.., never_left).collect();
        for probe in &forgotten {
            let at = self.probes.iter().filter(|it| it.ttl == probe.ttl).map(|it| it.sent.at).max();
            let attempts = self.attempts_mut(probe.ttl);
            attempts.sent -= 1;
            attempts.waiting -= u8::from(probe.waiting);
            attempts.last_sent = at.unwrap_or_default();
            if attempts.sent == 0 {
                self.never_probed |= 1 << probe.ttl.get();
            }
        }
        self.furthest_probed = self.probes.iter().map(|it| it.ttl.get()).max().unwrap_or_default();
        (forgotten.len(), forgotten.iter().filter(|it| it.waiting).count())
    }

    /// The nearest TTL that was to be probed, and of which no probe left.
    pub(super) fn never_probed(&self) -> Option<ProbeTtl> {
        u8::try_from(self.never_probed.trailing_zeros()).ok().and_then(ProbeTtl::new)
    }

    /// The number of the next attempt at a TTL, unless all were made.
    pub(super) fn next_attempt(&self, ttl: ProbeTtl) -> Option<Attempt> {
        let is_made = |attempt: &Attempt| {
            self.probes.iter().any(|it| (it.ttl, it.attempt) == (ttl, *attempt))
        };
        // Mostly as many as were sent; others where some of those never left.
        let first = self.at(ttl).sent;
        (first..Attempt::MOST).chain(0..first).filter_map(Attempt::new).find(|it| !is_made(it))
    }

    /// No reply came in time to a probe that left at `sent`. Returns whether one was awaited.
    pub(super) fn timed_out(&mut self, ttl: ProbeTtl, attempt: Attempt, sent: Moment) -> bool {
        let probe = self.probe_mut(ttl, attempt);
        let Some(probe) = probe.filter(|probe| probe.waiting && probe.sent.at == sent) else {
            return false;
        };
        probe.waiting = false;
        self.attempts_mut(ttl).waiting -= 1;
        true
    }

    /// Takes a reply to one of its probes. Returns when the probe had left, how long the reply took if that
    /// is known, and whether it came in time; what else the reply is when it is not the first one to its probe.
    pub(super) fn received(&mut self, reply: Reply, block: &Block) -> Result<Replied, Matched> {
        let Probe { ttl, attempt, .. } = reply.probe;
        let probe = self.probe_mut(ttl, attempt).ok_or(Matched::Unasked)?;
        if let Some(first) = &mut probe.reply {
            if (first.from, first.kind) == (reply.from, reply.kind) {
                return Err(Matched::Duplicate);
            }
            first.contradicted_by.get_or_insert(reply.from);
            return Err(Matched::Contradictory);
        }
        let (sent, in_time) = (probe.sent.at, std::mem::take(&mut probe.waiting));
        let rtt = reply.received.since(probe.sent);
        probe.reply = Some(HopReply {
            reply_ttl: reply.reply_ttl,
            labels: reply.labels,
            ..HopReply::new(reply.from, reply.kind, rtt)
        });
        let attempts = self.attempts_mut(ttl);
        attempts.replied = true;
        attempts.waiting -= u8::from(in_time);
        self.furthest_reply = self.furthest_reply.max(ttl.get());
        self.extend_path(ttl, reply.from, reply.kind, block);
        Ok(Replied { sent, rtt, in_time })
    }

    /// The probes at a TTL.
    pub(super) fn at(&self, ttl: ProbeTtl) -> Attempts {
        self.by_ttl[usize::from(ttl.get())]
    }

    /// The routers that answered at a TTL, by attempt.
    pub(super) fn routers_at(&self, ttl: ProbeTtl) -> impl DoubleEndedIterator<Item = Ipv4Addr> {
        let replies = self.probes.iter().filter(move |probe| probe.ttl == ttl);
        let replies = replies.filter_map(|probe| probe.reply.as_ref());
        replies.filter(|reply| reply.kind == ReplyKind::TimeExceeded).map(|reply| reply.from)
    }

    /// The silent TTLs from `first` to `last`, both included.
    pub(super) fn silent(&self, first: u8, last: u8) -> impl Iterator<Item = ProbeTtl> {
        let last = last.min(self.furthest_probed);
        (first..=last).filter_map(ProbeTtl::new).filter(|ttl| self.at(*ttl).is_silent())
    }

    /// The furthest TTL that was probed, or the first.
    pub(super) fn furthest_probed(&self) -> ProbeTtl {
        ProbeTtl::new(self.furthest_probed).unwrap_or(ProbeTtl::FIRST)
    }

    /// How many TTLs up to `last` are awaited: no reply came, and one may still come in time.
    pub(super) fn awaited(&self, last: ProbeTtl) -> usize {
        let last = last.get().min(self.furthest_probed);
        let up_to_last = &self.by_ttl[..=usize::from(last)];
        up_to_last.iter().filter(|attempts| attempts.waiting > 0 && !attempts.replied).count()
    }

    /// The nearest TTL that was probed.
    pub(super) fn nearest_probed(&self) -> Option<ProbeTtl> {
        (1..=self.furthest_probed).filter_map(ProbeTtl::new).find(|ttl| self.at(*ttl).sent > 0)
    }

    /// The furthest TTL that was replied to, or 0.
    pub(super) fn furthest_reply(&self) -> u8 {
        self.furthest_reply
    }

    /// The TTL behind all that were probed, unless none is left.
    pub(super) fn next_ttl(&self) -> Option<ProbeTtl> {
        ProbeTtl::new(self.furthest_probed + 1)
    }

    /// The last foreign router that replied.
    pub(super) fn last_router(&self) -> Option<&Router<ProbeTtl>> {
        self.path.routers.last()
    }

    /// Whether it is one of the few, chosen by chance, that look for a nearer border at once where
    /// others retry.
    pub(super) fn is_explorer(&self) -> bool {
        self.spread < 0.5 + EXPLORERS
    }

    /// How many of its probes are awaited.
    pub(super) fn waiting(&self) -> usize {
        self.probes.iter().filter(|probe| probe.waiting).count()
    }

    /// The trace when it ends for `stop`, of a run that began at `began`; nothing where the system
    /// took none of its probes. Of those that it took and that never left there is no hop.
    pub(super) fn finish(mut self, stop: StopReason, began: Timestamp) -> Option<Trace> {
        let silent = matches!(stop, StopReason::GapLimit | StopReason::MaxTtl);
        let stop = match self.role {
            // At the ceiling, a router that answered is no border.
            Role::BorderSearch
                if stop == StopReason::GapLimit
                    || silent && self.furthest_reply < self.furthest_probed =>
            {
                StopReason::Border
            }
            _ => stop,
        };
        let strategy = match self.role {
            Role::BorderSearch => Strategy::Border,
            // What a border search did not ask before it went on is not silent.
            Role::Full | Role::Pilot | Role::Fallback
                if self.nearest_probed() != Some(ProbeTtl::FIRST) =>
            {
                Strategy::Border
            }
            Role::Full | Role::Pilot | Role::Fallback => Strategy::Full,
        };
        let first = self.probes.first().map(|probe| probe.sent.at);
        let started = first.or(self.taken)?.after(began);
        self.probes.sort_by_key(|probe| (probe.ttl, probe.attempt));
        let mut hops: Vec<Hop> = Vec::new();
        for probe in self.probes {
            let (attempt, sent) = (probe.attempt.get().into(), Some(probe.sent.at.after(began)));
            let one = HopTry { attempt, sent, answer: probe.reply };
            match hops.last_mut().filter(|hop| hop.ttl == probe.ttl.into()) {
                Some(hop) => hop.tries.push(one),
                None => hops.push(Hop { ttl: probe.ttl.into(), tries: vec![one] }),
            }
        }
        Some(Trace {
            target: self.key.target,
            method: Some(self.key.method.into()),
            flow: Some(self.key.flow.get().into()),
            vantage: None,
            started: Some(started),
            hops,
            stop: Some(stop),
            strategy: Some(strategy),
        })
    }

    fn attempts_mut(&mut self, ttl: ProbeTtl) -> &mut Attempts {
        &mut self.by_ttl[usize::from(ttl.get())]
    }

    fn probe_mut(&mut self, ttl: ProbeTtl, attempt: Attempt) -> Option<&mut SentProbe> {
        // It is most often among the last.
        self.probes.iter_mut().rev().find(|probe| (probe.ttl, probe.attempt) == (ttl, attempt))
    }

    /// Brings the path up to date with a reply.
    fn extend_path(&mut self, ttl: ProbeTtl, from: Ipv4Addr, kind: ReplyKind, block: &Block) {
        let ForeignPath { routers, end } = &mut self.path;
        // The usual case: a new router behind all others, on a path that is open.
        if *end == PathEnd::Open
            && kind == ReplyKind::TimeExceeded
            && !block.contains(from)
            && routers.iter().all(|router| router.ttl < ttl && router.address != from)
        {
            routers.push(Router { address: from, ttl, first: ttl, unreachable: false });
            return;
        }
        let mut replies: Vec<(ProbeTtl, Attempt, &HopReply)> = Vec::new();
        for probe in &self.probes {
            replies.extend(probe.reply.as_ref().map(|reply| (probe.ttl, probe.attempt, reply)));
        }
        replies.sort_by_key(|(ttl, attempt, _)| (*ttl, *attempt));
        let replies = replies.iter().map(|(ttl, _, reply)| (*ttl, reply.from, reply.kind));
        self.path = ForeignPath::of(replies, self.key.target, block);
    }
}
