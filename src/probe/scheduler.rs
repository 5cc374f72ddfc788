//! What to send next, over all traces of a run.
//!
//! Traces that are under way come before new ones, so a trace begins when there is nothing else to
//! send: at any time the probes are spread over all distances, and over all routed prefixes because
//! the targets come shuffled. No router sees more than its share of the rate.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::net::Ipv4Addr;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::targets::Targets;
use crate::trace::{StopReason, Strategy};

use super::border_search::Search;
use super::order::{self, Prefix};
use super::policy::{Action, Decision};
use super::prefix_knowledge::PrefixKnowledge;
use super::rto::Rto;
use super::trace_state::{Heard, Role, TraceState, Turn};
use super::{Finished, Moment, Probe, ProbeMethod, ProbeTtl, Reply, TraceKey, TraceSettings};

/// What a reply was to the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matched {
    /// The first answer to a probe.
    First,
    /// A second answer to the same probe.
    Duplicate,
    /// An answer to a probe of a trace that has ended.
    Late,
    /// It identifies a probe that was never sent.
    Unasked,
}

/// Something to look at later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The time of this try is up.
    TryIsUp(Probe),
    /// A course wanted to be asked again.
    Ask(TraceKey),
    /// The next may ask a hop that limits its answers.
    Turn(Prefix, ProbeTtl),
}

/// All traces of a run. What has not begun takes a few bytes, and what has ended none.
#[derive(Debug)]
pub struct TraceScheduler {
    targets: Targets,
    settings: TraceSettings,
    /// All paths, in the order in which they begin.
    keys: Vec<TraceKey>,
    begun: usize,
    ended: usize,
    under_way: BTreeMap<TraceKey, TraceState>,
    neighbours: BTreeMap<Prefix, PrefixKnowledge>,
    /// What is known where nothing is known yet.
    nobody: PrefixKnowledge,
    patience: Rto,
    chance: StdRng,
    /// How many of the paths, the first ones, are traced completely.
    pilots: usize,
    /// How many of those have not got through yet.
    learning: usize,
    /// Methods by which one probe of a path may be under way at a time.
    narrow: Vec<ProbeMethod>,
    /// Courses that may want to send.
    ready: VecDeque<TraceKey>,
    timers: BinaryHeap<Reverse<(Moment, Timer)>>,
    waiting: usize,
    sent: u64,
    finished: Vec<Finished>,
}

impl TraceScheduler {
    /// A plan for tracing those of `addresses` that are home, in this order, by each of `methods`
    /// with so many `flows`.
    pub fn new(
        targets: Targets,
        settings: TraceSettings,
        addresses: &[Ipv4Addr],
        methods: &[ProbeMethod],
        flows: u8,
        random: &mut impl RngExt,
    ) -> Self {
        let mut keys = order::keys(&targets.block, addresses, methods, flows);
        let pilots = match settings.strategy {
            Strategy::Full => 0,
            Strategy::Border => order::learners_first(&mut keys, &targets.block, settings.pilots),
        };
        Self {
            pilots,
            learning: pilots,
            keys,
            begun: 0,
            ended: 0,
            under_way: BTreeMap::new(),
            neighbours: BTreeMap::new(),
            nobody: PrefixKnowledge::default(),
            patience: Rto::new(settings.timeout),
            chance: StdRng::seed_from_u64(random.random()),
            narrow: Vec::new(),
            ready: VecDeque::new(),
            timers: BinaryHeap::new(),
            waiting: 0,
            sent: 0,
            finished: Vec::new(),
            targets,
            settings,
        }
    }

    /// From now on one probe of a path by `method` is under way at a time.
    pub fn one_at_a_time(&mut self, method: ProbeMethod) {
        self.narrow.push(method);
    }

    /// How many traces there will be.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is nothing to trace.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many traces have ended.
    #[must_use]
    pub fn ended(&self) -> usize {
        self.ended
    }

    /// How many packets were sent.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.sent
    }

    /// The next probe to send at `now`, if there is one. It stays the next until [`Self::sent`].
    pub fn next(&mut self, now: Moment) -> Option<Probe> {
        loop {
            while let Some(&key) = self.ready.front() {
                if let Some(probe) = self.ask(key, now) {
                    return Some(probe);
                }
                self.ready.pop_front();
            }
            self.begin()?;
        }
    }

    /// The probe that [`Self::next`] gave was handed to the system at `at`; `left` says whether it
    /// left the machine.
    pub fn sent(&mut self, probe: &Probe, at: Moment, left: bool) {
        self.sent += u64::from(left);
        self.waiting += 1;
        self.ready.pop_front();
        let Some(course) = self.under_way.get_mut(&probe.key) else { return };
        course.sent(probe, at, left);
        let turn = std::mem::take(&mut course.turn);
        // A late answer that does not say which probe it is for would be taken for the next one's.
        let narrow = self.narrow.contains(&probe.key.method);
        let wait = if narrow { self.settings.timeout } else { self.patience.retry_after() };
        self.set_timer(at + wait, Timer::TryIsUp(*probe));
        // To the end of the queue: one trace's probes go out between those of others.
        self.ready.push_back(probe.key);
        if turn != Turn::Come
            && let Some(limit) = self.near(&probe.key).and_then(|near| near.limit_at(probe.ttl))
        {
            limit.asked(at);
        }
    }

    /// Takes a reply.
    pub fn replied(&mut self, reply: Reply) -> Matched {
        let Probe { key, ttl, attempt } = reply.probe;
        let received = reply.answer.received;
        let Some(course) = self.under_way.get_mut(&key) else { return Matched::Late };
        match course.answered(ttl, attempt, reply.answer, &self.targets.block) {
            Heard::Again => Matched::Duplicate,
            Heard::Unasked => Matched::Unasked,
            Heard::First { sent, waited } => {
                self.waiting -= usize::from(waited);
                self.patience.heard(sent, received);
                self.learn_from(key, ttl, sent, received);
                self.ready.push_back(key);
                Matched::First
            }
        }
    }

    /// Lets the time of every try that is up at `now` run out.
    pub fn elapse(&mut self, now: Moment) {
        while let Some(Reverse((when, alarm))) = self.timers.peek().copied() {
            if when > now {
                return;
            }
            self.timers.pop();
            match alarm {
                Timer::Ask(key) => self.ready.push_back(key),
                Timer::TryIsUp(probe) => self.time_is_up(&probe, now),
                Timer::Turn(prefix, ttl) => self.next_turn(prefix, ttl, now),
            }
        }
    }

    /// When [`Self::elapse`] has something to do next.
    #[must_use]
    pub fn next_timer(&self) -> Option<Moment> {
        self.timers.peek().map(|Reverse((when, _))| *when)
    }

    /// Takes the traces that have ended since the last call.
    pub fn take_finished(&mut self) -> Vec<Finished> {
        std::mem::take(&mut self.finished)
    }

    /// Ends all traces that are under way.
    pub fn end_all(&mut self, stop: StopReason) {
        let under_way: Vec<TraceKey> = self.under_way.keys().copied().collect();
        for key in under_way {
            self.end(key, stop);
        }
    }

    /// Begins the next trace, unless all have begun, enough is under way, or it has to wait for
    /// what others learn.
    fn begin(&mut self) -> Option<()> {
        let role = match self.pilots {
            0 => Role::Traces,
            pilots if self.begun < pilots => Role::Learns,
            _ => Role::Seeks,
        };
        let too_early = role == Role::Seeks && self.learning > 0;
        if self.waiting >= self.settings.in_flight || too_early {
            return None;
        }
        let key = *self.keys.get(self.begun)?;
        let course = TraceState::new(key, role, self.chance.random());
        self.begun += 1;
        self.under_way.insert(key, course);
        self.ready.push_back(key);
        Some(())
    }

    /// Asks the course what it wants; ends it when it wants nothing more.
    fn ask(&mut self, key: TraceKey, now: Moment) -> Option<Probe> {
        match self.wish(key, now)? {
            Action::Send(probe) => return self.may_ask(probe, now).then_some(probe),
            Action::WaitUntil(when) => self.set_timer(when, Timer::Ask(key)),
            Action::Wait => {}
            Action::Done(stop) => self.end(key, stop),
        }
        None
    }

    /// What the course wants: to get through, then to be sure of its border.
    fn wish(&mut self, key: TraceKey, now: Moment) -> Option<Action> {
        if let Some(next) = self.on_the_way(key, now) {
            self.leave_undecided(key, false);
            return Some(next);
        }
        let (decision, course) = self.decision(key, now)?;
        let decided_at = decision.decided_at(course);
        self.tell_where_it_seems_to_end(key, decided_at.is_some());
        if let Some(when) = decided_at {
            return Some(Action::WaitUntil(when));
        }
        self.tell_where_it_ends(key);
        let (decision, course) = self.decision(key, now)?;
        Some(decision.at_the_end(course))
    }

    /// What the course wants to get through; nothing when it is.
    fn on_the_way(&mut self, key: TraceKey, now: Moment) -> Option<Action> {
        let (decision, course) = self.decision(key, now)?;
        if course.role == Role::Seeks {
            match decision.seek(course) {
                Search::Go(next) => return Some(next),
                Search::End => return None,
                Search::Widen if !self.widen(key)? => return Some(Action::Wait),
                Search::Widen => {}
            }
        }
        let (decision, course) = self.decision(key, now)?;
        decision.on_the_way(course)
    }

    /// Lets a seeking course make a complete trace, unless enough others do so already: it waits for
    /// what they learn.
    fn widen(&mut self, key: TraceKey) -> Option<bool> {
        let most = self.settings.pilots.max(1);
        let near = self.near(&key)?;
        let may = near.widening < most;
        near.widening += usize::from(may);
        let course = self.under_way.get_mut(&key)?;
        if may {
            course.role = Role::Widens;
        }
        Some(may)
    }

    /// Whether `probe` may be sent now, as far as the hop that it asks limits its answers; if not,
    /// its course stands in the queue.
    fn may_ask(&mut self, probe: Probe, now: Moment) -> bool {
        let Some(course) = self.under_way.get(&probe.key) else { return false };
        let turn = course.turn;
        // For what it learns, others wait.
        if matches!(course.role, Role::Learns | Role::Widens) {
            return true;
        }
        let Some(limit) = self.near(&probe.key).and_then(|near| near.limit_at(probe.ttl)) else {
            return true;
        };
        if turn == Turn::Come || limit.wait(now).is_none() && !limit.has_queue() {
            return true;
        }
        if turn == Turn::None {
            let first = limit.queue(probe.key, now);
            if let Some(course) = self.under_way.get_mut(&probe.key) {
                course.turn = Turn::Queued;
            }
            if let (Some(when), Some(prefix)) = (first, self.prefix(&probe.key)) {
                self.set_timer(when, Timer::Turn(prefix, probe.ttl));
            }
        }
        false
    }

    /// Lets the next in the queue for a hop have its turn.
    fn next_turn(&mut self, prefix: Prefix, ttl: ProbeTtl, now: Moment) {
        let Some(limit) = self.neighbours.get_mut(&prefix).and_then(|near| near.limit_at(ttl))
        else {
            return;
        };
        let (turns, next) = (limit.turn(now), limit.next_turn(now));
        for key in turns {
            if let Some(course) = self.under_way.get_mut(&key) {
                course.turn = Turn::Come;
                self.ready.push_back(key);
            }
        }
        if let Some(when) = next {
            self.set_timer(when, Timer::Turn(prefix, ttl));
        }
    }

    /// The course, and what it needs to decide.
    fn decision(&self, key: TraceKey, now: Moment) -> Option<(Decision<'_>, &TraceState)> {
        let course = self.under_way.get(&key)?;
        let near = self.neighbours.get(&self.prefix(&key)?).unwrap_or(&self.nobody);
        let learns = matches!(course.role, Role::Learns | Role::Widens);
        let window = match self.settings.window {
            _ if self.narrow.contains(&key.method) => 1,
            // Others wait for it.
            usual if learns => usual.max(usize::from(self.settings.gap_limit)),
            usual => usual,
        };
        let (specials, settings) = (&self.targets.specials, &self.settings);
        Some((Decision { specials, settings, near, window, now }, course))
    }

    fn prefix(&self, key: &TraceKey) -> Option<Prefix> {
        Prefix::of(&self.targets.block, key)
    }

    fn near(&mut self, key: &TraceKey) -> Option<&mut PrefixKnowledge> {
        let prefix = self.prefix(key)?;
        Some(self.neighbours.entry(prefix).or_default())
    }

    /// An answer at `ttl` of `key` tells the neighbours how far the path goes, and how often that
    /// hop answers.
    fn learn_from(&mut self, key: TraceKey, ttl: ProbeTtl, sent: Moment, received: Moment) {
        let Some(prefix) = self.prefix(&key) else { return };
        let near = self.neighbours.entry(prefix).or_default();
        if let Some(course) = self.under_way.get(&key) {
            near.advanced(&course.foreign.routers);
        }
        if let Some(limit) = near.limit_at(ttl) {
            limit.heard(sent, received);
        }
    }

    /// A course is through, as far as it seems: `undecided` says whether late answers may still
    /// show that it is not. The others begin where it seems to end.
    fn tell_where_it_seems_to_end(&mut self, key: TraceKey, undecided: bool) {
        let Some(course) = self.under_way.get_mut(&key) else { return };
        if course.role == Role::Learns {
            course.role = Role::Traces;
            self.learning -= 1;
        }
        let depth = course.last_router().map(|router| router.ttl);
        let news = std::mem::replace(&mut course.depth, depth) != depth;
        if let (Some(near), Some(depth)) = (self.near(&key), depth.filter(|_| news)) {
            near.ends_at(depth);
        }
        self.leave_undecided(key, undecided);
    }

    /// Counts the courses that are through but for late answers; when there is none any more, the
    /// others need not wait for them.
    fn leave_undecided(&mut self, key: TraceKey, undecided: bool) {
        let Some(course) = self.under_way.get_mut(&key) else { return };
        let before = std::mem::replace(&mut course.undecided, undecided);
        if before == undecided {
            return;
        }
        let Some(near) = self.near(&key) else { return };
        near.undecided = near.undecided + usize::from(undecided) - usize::from(before);
        if near.undecided == 0 {
            self.wake(key);
        }
    }

    /// A course is through: its last foreign hop, unless it was through with the same before, is
    /// what the others may rely on.
    fn tell_where_it_ends(&mut self, key: TraceKey) {
        let Some(course) = self.under_way.get_mut(&key) else { return };
        let last = course.last_router().copied();
        let address = last.map(|router| router.address);
        let seeks = course.role == Role::Seeks;
        let news = course.through != address && !(seeks && address.is_none());
        course.through = address;
        let widened = course.role == Role::Widens;
        if widened {
            course.role = Role::Traces;
        }
        let Some(near) = self.near(&key) else { return };
        near.widening -= usize::from(widened);
        let border = news && last.is_some_and(|last| near.got_through(last));
        if border || widened {
            self.wake(key);
        }
    }

    /// Lets all courses to the routed prefix of `key` look again at what their neighbours have
    /// shown.
    fn wake(&mut self, key: TraceKey) {
        let Some(prefix) = self.prefix(&key) else { return };
        let keys = self.under_way.range(prefix.span()).map(|(key, _)| *key);
        self.ready.extend(keys.filter(|it| it.method == key.method));
    }

    fn time_is_up(&mut self, probe: &Probe, now: Moment) {
        let Some(course) = self.under_way.get_mut(&probe.key) else { return };
        let Some(sent) = course.ran_out(probe.ttl, probe.attempt) else { return };
        self.waiting -= 1;
        self.ready.push_back(probe.key);
        let prefix = Prefix::of(&self.targets.block, &probe.key);
        let near = prefix.and_then(|prefix| self.neighbours.get_mut(&prefix));
        let near = near.filter(|near| near.expects(course, probe.ttl));
        if let Some(limit) = near.and_then(|near| near.limit_at(probe.ttl)) {
            limit.lost(sent, now);
        }
    }

    fn set_timer(&mut self, when: Moment, alarm: Timer) {
        self.timers.push(Reverse((when, alarm)));
    }

    fn end(&mut self, key: TraceKey, stop: StopReason) {
        let Some(course) = self.under_way.remove(&key) else { return };
        self.waiting -= course.waiting();
        self.ended += 1;
        self.finished.extend(course.finish(stop));
    }
}
