//! What to send next, over all traces of a run.
//!
//! Traces that are under way come before new ones, so a trace begins when there is nothing else to
//! send: at any time the probes are spread over all distances, and over all routed prefixes because
//! the targets come shuffled. No router sees more than its share of the rate.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::Ipv4Addr;

use rand::RngExt;

use crate::targets::Targets;

use super::course::Course;
use super::finished::Outcome;
use super::neighbours::Neighbours;
use super::next::{Decision, Next};
use super::order::{self, key};
use super::seek::Seek;
use super::{Finished, Method, Moment, Path, Probe, Reply, Settings, Stop, Strategy};

/// What a reply was to the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matched {
    /// The first answer to a probe.
    Answer,
    /// A second answer to the same probe.
    Duplicate,
    /// An answer to a probe of a trace that has ended.
    Late,
    /// It identifies a probe that was never sent.
    Unasked,
}

/// Where a path stands.
#[derive(Debug)]
enum State {
    NotBegun,
    UnderWay(Course),
    Ended,
}

/// Something to look at later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Alarm {
    /// The time of this try is up.
    TryIsUp(usize, Probe),
    /// A course wanted to be asked again.
    Ask(usize),
}

/// All traces of a run.
#[derive(Debug)]
pub struct Plan {
    targets: Targets,
    settings: Settings,
    paths: Vec<Path>,
    states: Vec<State>,
    place: HashMap<Path, usize>,
    neighbours: HashMap<(usize, Method), Neighbours>,
    /// What is known where nothing is known yet.
    nobody: Neighbours,
    spread: Vec<f64>,
    /// How many of the paths, the first ones, are traced completely.
    learners: usize,
    /// How many of those have not got through yet.
    learning: usize,
    /// Methods by which one probe of a path may be under way at a time.
    narrow: Vec<Method>,
    /// Courses that may want to send.
    ready: VecDeque<usize>,
    alarms: BinaryHeap<Reverse<(Moment, Alarm)>>,
    begun: usize,
    waiting: usize,
    sent: u64,
    finished: Vec<Finished>,
    ended: usize,
}

impl Plan {
    /// A plan for tracing those of `addresses` that are home, in this order, by each of `methods`
    /// with so many `flows`.
    pub fn new(
        targets: Targets,
        settings: Settings,
        addresses: &[Ipv4Addr],
        methods: &[Method],
        flows: u8,
        random: &mut impl RngExt,
    ) -> Self {
        let mut paths = order::paths(&targets.block, addresses, methods, flows);
        let learners = match settings.strategy {
            Strategy::Full => paths.len(),
            Strategy::Border => {
                order::learners_first(&mut paths, &targets.block, settings.learners)
            }
        };
        Self {
            targets,
            settings,
            learners,
            learning: learners,
            states: paths.iter().map(|_| State::NotBegun).collect(),
            place: paths.iter().enumerate().map(|(at, path)| (*path, at)).collect(),
            neighbours: HashMap::new(),
            nobody: Neighbours::default(),
            spread: paths.iter().map(|_| random.random()).collect(),
            paths,
            narrow: Vec::new(),
            ready: VecDeque::new(),
            alarms: BinaryHeap::new(),
            begun: 0,
            waiting: 0,
            sent: 0,
            finished: Vec::new(),
            ended: 0,
        }
    }

    /// From now on one probe of a path by `method` is under way at a time.
    pub fn one_at_a_time(&mut self, method: Method) {
        self.narrow.push(method);
    }

    /// How many traces there will be.
    #[must_use]
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether there is nothing to trace.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
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
        while let Some(&place) = self.ready.front() {
            if let Some(probe) = self.ask(place, now) {
                return Some(probe);
            }
            self.ready.pop_front();
        }
        let place = self.begun;
        let seeks = place >= self.learners;
        if self.waiting >= self.settings.in_flight || seeks && self.learning > 0 {
            return None;
        }
        let path = *self.paths.get(place)?;
        self.begun += 1;
        let spread = self.spread.get(place).copied().unwrap_or_default();
        self.put(place, State::UnderWay(Course { seeks, ..Course::new(path, spread) }));
        self.ready.push_back(place);
        self.ask(place, now)
    }

    /// The probe that [`Self::next`] gave was handed to the system at `at`; `left` says whether it
    /// left the machine.
    pub fn sent(&mut self, probe: &Probe, at: Moment, left: bool) {
        self.sent += u64::from(left);
        self.waiting += 1;
        let Some(place) = self.ready.pop_front() else { return };
        if let Some(State::UnderWay(course)) = self.states.get_mut(place) {
            course.sent(probe, at, left);
            self.alarm(at + self.settings.timeout, Alarm::TryIsUp(place, *probe));
            // To the end of the queue: one trace's probes go out between those of others.
            self.ready.push_back(place);
        }
    }

    /// Takes a reply.
    pub fn replied(&mut self, reply: Reply) -> Matched {
        let Some(&place) = self.place.get(&reply.probe.path) else { return Matched::Unasked };
        let course = match self.states.get_mut(place) {
            Some(State::UnderWay(course)) => course,
            Some(State::Ended) => return Matched::Late,
            _ => return Matched::Unasked,
        };
        let Some(one) = course.find(reply.probe.ttl, reply.probe.attempt) else {
            return Matched::Unasked;
        };
        match one.outcome {
            Outcome::Answered(_) => return Matched::Duplicate,
            Outcome::Waiting => self.waiting = self.waiting.saturating_sub(1),
            Outcome::Silent => {}
        }
        one.outcome = Outcome::Answered(reply.answer);
        if let Some(key) = key(&self.targets.block, &course.path) {
            let near = self.neighbours.entry(key).or_default();
            near.advanced(&course.routers(&self.targets.block));
        }
        self.ready.push_back(place);
        Matched::Answer
    }

    /// Lets the time of every try that is up at `now` run out.
    pub fn elapse(&mut self, now: Moment) {
        while let Some(Reverse((when, alarm))) = self.alarms.peek().copied() {
            if when > now {
                return;
            }
            self.alarms.pop();
            match alarm {
                Alarm::Ask(place) => self.ready.push_back(place),
                Alarm::TryIsUp(place, probe) => self.time_is_up(place, &probe),
            }
        }
    }

    /// When [`Self::elapse`] has something to do next.
    #[must_use]
    pub fn alarm_at(&self) -> Option<Moment> {
        self.alarms.peek().map(|Reverse((when, _))| *when)
    }

    /// Takes the traces that have ended since the last call.
    pub fn take_finished(&mut self) -> Vec<Finished> {
        std::mem::take(&mut self.finished)
    }

    /// Ends all traces that are under way.
    pub fn end_all(&mut self, stop: Stop) {
        for place in 0..self.begun {
            self.end(place, stop);
        }
    }

    /// Asks the course what it wants; ends it when it wants nothing more.
    fn ask(&mut self, place: usize, now: Moment) -> Option<Probe> {
        let next = self.on_the_way(place, now).or_else(|| {
            self.tell_neighbours(place);
            self.decision(place, now).map(|(decision, course)| decision.at_the_end(course))
        })?;
        match next {
            Next::Send(probe) => return Some(probe),
            Next::WaitUntil(when) => self.alarm(when, Alarm::Ask(place)),
            Next::Wait => {}
            Next::Done(stop) => self.end(place, stop),
        }
        None
    }

    /// What the course wants to get through; nothing when it is.
    fn on_the_way(&mut self, place: usize, now: Moment) -> Option<Next> {
        if let Some(State::UnderWay(Course { seeks: true, .. })) = self.states.get(place) {
            let (decision, course) = self.decision(place, now)?;
            match decision.seek(course) {
                Seek::Go(next) => return Some(next),
                Seek::End => return None,
                Seek::Widen if !self.widen(place)? => return Some(Next::Wait),
                Seek::Widen => {}
            }
        }
        let (decision, course) = self.decision(place, now)?;
        decision.on_the_way(course)
    }

    /// Lets a seeking course make a complete trace, unless enough others do so already: it waits for
    /// what they learn.
    fn widen(&mut self, place: usize) -> Option<bool> {
        let State::UnderWay(course) = self.states.get_mut(place)? else { return None };
        let near = self.neighbours.entry(key(&self.targets.block, &course.path)?).or_default();
        let may = near.widening < self.settings.learners.max(1);
        if may {
            near.widening += 1;
            (course.seeks, course.widens) = (false, true);
        }
        Some(may)
    }

    /// The course, and what it needs to decide.
    fn decision(&self, place: usize, now: Moment) -> Option<(Decision<'_>, &Course)> {
        let State::UnderWay(course) = self.states.get(place)? else { return None };
        let key = key(&self.targets.block, &course.path)?;
        let near = self.neighbours.get(&key).unwrap_or(&self.nobody);
        let narrow = self.narrow.contains(&course.path.method);
        let window = if narrow { 1 } else { self.settings.window };
        let (block, specials) = (&self.targets.block, &self.targets.specials);
        let settings = &self.settings;
        Some((Decision { block, specials, settings, near, window, now }, course))
    }

    /// A course is through: its last foreign hop, unless it was through with the same before, is
    /// what the others may rely on.
    fn tell_neighbours(&mut self, place: usize) {
        let Some(State::UnderWay(course)) = self.states.get_mut(place) else { return };
        let last = course.routers(&self.targets.block).last().copied();
        let address = last.map(|router| router.address);
        if place < self.learners && !std::mem::replace(&mut course.learned, true) {
            self.learning -= 1;
        }
        let Some(key) = key(&self.targets.block, &course.path) else { return };
        let near = self.neighbours.entry(key).or_default();
        let widened = std::mem::replace(&mut course.widens, false);
        near.widening -= usize::from(widened);
        let news = course.through != address && !(course.seeks && address.is_none());
        course.through = address;
        let border = news && last.is_some_and(|last| near.got_through(last));
        if border || widened {
            self.wake(key);
        }
    }

    /// Lets all courses to a routed prefix look again at what their neighbours have shown.
    fn wake(&mut self, prefix: (usize, Method)) {
        let near = |path: &Path| key(&self.targets.block, path) == Some(prefix);
        let begun = self.paths.iter().take(self.begun).enumerate();
        self.ready.extend(begun.filter(|(_, path)| near(path)).map(|(place, _)| place));
    }

    fn time_is_up(&mut self, place: usize, probe: &Probe) {
        let Some(State::UnderWay(course)) = self.states.get_mut(place) else { return };
        let Some(one) = course.find(probe.ttl, probe.attempt) else { return };
        if one.outcome == Outcome::Waiting {
            one.outcome = Outcome::Silent;
            self.waiting = self.waiting.saturating_sub(1);
            self.ready.push_back(place);
        }
    }

    fn alarm(&mut self, when: Moment, alarm: Alarm) {
        self.alarms.push(Reverse((when, alarm)));
    }

    fn put(&mut self, place: usize, state: State) {
        if let Some(old) = self.states.get_mut(place) {
            *old = state;
        }
    }

    fn end(&mut self, place: usize, stop: Stop) {
        let Some(state) = self.states.get_mut(place) else { return };
        if !matches!(state, State::UnderWay(_)) {
            return;
        }
        let State::UnderWay(course) = std::mem::replace(state, State::Ended) else { return };
        let open = course.tries.iter().filter(|one| one.outcome == Outcome::Waiting).count();
        self.waiting = self.waiting.saturating_sub(open);
        self.ended += 1;
        // What never left this machine has measured nothing.
        if course.tries.iter().any(|one| one.left) {
            let stop = course.stop(stop);
            self.finished.push(Finished { path: course.path, stop, tries: course.tries });
        }
    }
}
