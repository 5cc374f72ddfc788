//! One series (a vantage, a method and a scope), row after row: how things are, and what changed.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use super::change_point::{ChangePoint, Moved};
use super::event::{Event, Kind, Side, Verdict};
use super::outage::{Availability, Turn};
use super::presence::{Change, Presences, RECENT};
use super::row::{Facet, Hosts, Interval, Name, Plane, Row};
use super::timeline::Timeline;

/// One scope, as one vantage sees it by one method.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Where the probes leave from.
    pub vantage: Name,
    /// How it is asked.
    pub method: Name,
    /// Whether its rows are of peers, or of traces.
    pub plane: Plane,
    /// The block or a routed prefix.
    pub scope: Ipv4Net,
    /// How many runs there are.
    pub runs: u64,
    /// How many of them say nothing about the block: their vantage had no way out, or nothing answered behind
    /// its first public hop.
    pub inconclusive: u64,
    /// How many of the newest in a row were cut short.
    pub incomplete_of_late: u64,
    /// The longest row of runs that were cut short.
    pub incomplete: Option<Incomplete>,
    /// When the first of them began.
    pub first: Timestamp,
    /// How things are.
    pub state: State,
    /// How they were.
    pub timeline: Timeline,
}

/// Runs in a row that were cut short: what they do not show is no evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incomplete {
    /// How many.
    pub runs: u64,
    /// When the first of them began.
    pub first: Timestamp,
    /// When the last of them began.
    pub last: Timestamp,
}

/// How things are in a scope, as one vantage sees it by one method.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The newest run.
    pub run: Arc<str>,
    /// When that began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Whether it came to its own end.
    pub complete: bool,
    /// What the runs say together; not swayed by single traces.
    pub verdict: Verdict,
    /// Since when it is so: the end of the first run that shows it. Nothing when it was so from the
    /// first run on.
    pub since: Option<Timestamp>,
    /// Each configured class, and its share in the newest run that came to its end and classified a
    /// trace.
    pub shares: Vec<(Name, Option<Interval>)>,
    /// The carriers that are there, those with most traces first.
    pub carriers: Vec<Holding>,
    /// Of the control plane: how many AS of peers send nearly the whole table, where that is known.
    pub full_peers: Option<u32>,
    /// The classified traces of that run that have proof of arrival, where it says so.
    pub proven: Option<u32>,
    /// How many carriers would have to fail before nothing of the scope is reached, as far as
    /// this vantage sees them. 0 in an outage; for the block those of all its prefixes together.
    pub redundancy: usize,
    /// Traces of that run: those that were made, and those that were classified.
    pub traces: u32,
    /// Those that were classified.
    pub classified: u32,
    /// The median RTT to the border, in milliseconds.
    pub rtt_ms: Option<f32>,
    /// The targets that were pinged and that answered, in the newest run that pinged any.
    pub hosts: Option<Hosts>,
}

/// A carrier that is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Holding {
    /// The carrier.
    pub carrier: Name,
    /// Its traces in the run that the shares are of.
    pub count: u32,
    /// Since when; nothing when it was there from the first run on.
    pub since: Option<Timestamp>,
}

impl State {
    /// The share of a class.
    #[must_use]
    pub fn share(&self, class: Name) -> Option<Interval> {
        self.shares.iter().find(|(name, _)| *name == class).and_then(|(_, share)| *share)
    }
}

/// What is as good as no traces that arrive: a tenth of what is usual.
const NEXT_TO_NONE: f64 = 0.1;

/// A series while its rows go by.
pub(super) struct Following {
    first: Rc<Row>,
    newest: Rc<Row>,
    runs: u64,
    inconclusive: u64,
    /// The newest runs in a row that were cut short, and the longest row.
    incomplete_of_late: Option<Incomplete>,
    incomplete: Option<Incomplete>,
    /// The runs that began when the newest one did.
    together: Vec<Arc<str>>,
    timeline: Timeline,
    /// The newest runs that classified traces, and how many traces were classified in all.
    recent: VecDeque<Rc<Row>>,
    classified: f64,
    measured: Option<Rc<Row>>,
    pinged: Option<Rc<Row>>,
    arrival: Availability,
    hosts: Availability,
    classes: Presences,
    carriers: Presences,
    change_point: ChangePoint,
    verdict: Verdict,
    /// What stands instead of the verdict while nothing can be classified.
    dark: Option<Verdict>,
    since: Option<Timestamp>,
    /// The runs before and after what the verdict does not have in it yet.
    changing: Option<(Rc<Row>, Rc<Row>)>,
}

impl Following {
    pub(super) fn new(row: &Rc<Row>, buckets: usize) -> Self {
        Self {
            first: Rc::clone(row),
            newest: Rc::clone(row),
            runs: 0,
            inconclusive: 0,
            incomplete_of_late: None,
            incomplete: None,
            together: Vec::new(),
            timeline: Timeline::new(buckets, row.plane),
            recent: VecDeque::new(),
            classified: 0.0,
            measured: None,
            pinged: None,
            arrival: Availability::new(NEXT_TO_NONE),
            hosts: Availability::new(0.0),
            classes: Presences::new(Facet::Classes),
            carriers: Presences::new(Facet::Carriers),
            change_point: ChangePoint::new(),
            verdict: Verdict::Unknown,
            dark: None,
            since: None,
            changing: None,
        }
    }

    /// Forgets what was known, since rows from this one on are of other prefixes.
    pub(super) fn begin_anew(&mut self, row: &Rc<Row>) {
        let old = std::mem::replace(self, Self::new(row, 0));
        (self.first, self.runs) = (old.first, old.runs);
        (self.inconclusive, self.incomplete) = (old.inconclusive, old.incomplete);
        (self.together, self.timeline) = (old.together, old.timeline);
    }

    /// Whether the row was there before: rows that begin together are compared.
    pub(super) fn has(&mut self, row: &Row) -> bool {
        if row.started != self.newest.started {
            self.together.clear();
        }
        let had = self.together.contains(&row.run);
        if !had {
            self.together.push(Arc::clone(&row.run));
        }
        had
    }

    /// Follows a row that is no older than those before.
    pub(super) fn follow(
        &mut self,
        row: &Rc<Row>,
        from: Option<Timestamp>,
        events: &mut Vec<Event>,
    ) {
        self.newest = Rc::clone(row);
        self.runs += 1;
        if !row.is_evidence() {
            self.inconclusive += 1;
            return;
        }
        self.count_incomplete(row);
        if from.is_none_or(|from| row.started >= from) {
            self.timeline.add(row);
        }
        self.follow_arrival(row, events);
        if row.classified() > 0 && self.arrival.is_sure() {
            self.follow_names(row, events);
        }
        self.follow_hosts(row, events);
    }

    fn count_incomplete(&mut self, row: &Row) {
        let (first, last) = (row.started, row.started);
        self.incomplete_of_late = match self.incomplete_of_late {
            _ if row.complete => None,
            Some(so_far) => Some(Incomplete { runs: so_far.runs + 1, last, ..so_far }),
            None => Some(Incomplete { runs: 1, first, last }),
        };
        let longest = self.incomplete.map_or(0, |longest| longest.runs);
        if let Some(late) = self.incomplete_of_late.filter(|late| late.runs >= longest) {
            self.incomplete = Some(late);
        }
    }

    /// Whether anything arrives.
    fn follow_arrival(&mut self, row: &Rc<Row>, events: &mut Vec<Event>) {
        // Where a host answers there is a way, though no trace shows it.
        if row.classified() == 0 && row.answers() {
            return;
        }
        let turn = self.arrival.add(row, row.classified(), row.traces());
        if self.dark.is_none() && turn.is_none() && self.arrival.is_out() {
            self.dark = Some(darkness(row));
        }
        let Some(turn) = turn else { return };
        let before = self.shown();
        self.dark = (!turn.up).then(|| darkness(&turn.after));
        let kind = match (before, self.shown()) {
            (Verdict::Unreached, _) => Kind::OutageEnded,
            (_, Verdict::Unreached) => Kind::OutageBegan,
            _ => Kind::VerdictChanged,
        };
        self.since = Some(turn.after.ended);
        let share = |row: &Row| ratio(row.classified(), row.traces());
        let sides = sides(&turn.before, &turn.after, share, classes);
        let verdicts = (before, self.shown());
        events.push(self.event(kind, None, sides, verdicts, row));
    }

    /// Which carriers and classes there are, and how much of each.
    fn follow_names(&mut self, row: &Rc<Row>, events: &mut Vec<Event>) {
        self.recent.push_back(Rc::clone(row));
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        self.classified += f64::from(row.classified());
        let classes = self.classes.see(&self.recent, self.classified);
        let carriers = self.carriers.see(&self.recent, self.classified);
        let before = self.verdict;
        let settled = self.classes.is_settled() && self.carriers.is_settled();
        for change in &classes {
            self.changing = Some(widest(self.changing.take(), change));
        }
        let turned = if settled { self.settle() } else { None };
        let verdicts = (before, self.verdict);
        for change in carriers {
            events.push(self.carrier(&change, verdicts, row));
        }
        if let Some(Turn { before: from, after, .. }) = turned {
            let sides = sides(&from, &after, |_| None, self::classes);
            events.push(self.event(Kind::VerdictChanged, None, sides, verdicts, row));
        }
        if row.complete {
            self.measured = Some(Rc::clone(row));
            if !row.is_exact() {
                self.change_point.add(row);
            }
        }
        if let Some(moved) = Some(()).filter(|()| settled).and_then(|()| self.change_point.moved())
        {
            events.push(self.moved(&moved, row));
            self.classes.learn_anew(row);
            self.carriers.learn_anew(row);
        }
    }

    /// Takes the classes that are there for the verdict. The change, if it is news.
    fn settle(&mut self) -> Option<Turn> {
        let mut names = self.classes.names().map(|(name, _)| name);
        let verdict = match (names.next(), names.next()) {
            (None, _) => return None,
            (Some(name), None) => Verdict::Only(name),
            _ => Verdict::Mixed,
        };
        let changing = self.changing.take();
        if verdict == self.verdict {
            return None;
        }
        self.verdict = verdict;
        let (before, after) = changing?;
        self.since = Some(after.ended);
        Some(Turn { up: true, before, after })
    }

    /// Whether hosts answer, as long as there is a way to them.
    fn follow_hosts(&mut self, row: &Rc<Row>, events: &mut Vec<Event>) {
        let Some(hosts) = row.hosts else { return };
        self.pinged = Some(Rc::clone(row));
        if hosts.alive == 0 && !self.arrival.is_sure() {
            return;
        }
        let Some(turn) = self.hosts.add(row, hosts.alive, hosts.pinged) else { return };
        let kind = if turn.up { Kind::HostsBack } else { Kind::HostsSilent };
        let share = |row: &Row| row.hosts.and_then(|hosts| ratio(hosts.alive, hosts.pinged));
        let sides = sides(&turn.before, &turn.after, share, answers);
        events.push(self.event(kind, None, sides, (self.shown(), self.shown()), row));
    }

    fn shown(&self) -> Verdict {
        self.dark.unwrap_or(self.verdict)
    }

    fn carrier(&self, change: &Change, verdicts: (Verdict, Verdict), found: &Row) -> Event {
        let kind = if change.appeared { Kind::CarrierAppeared } else { Kind::CarrierVanished };
        let share = |row: &Row| ratio(row.count(Facet::Carriers, change.name), row.classified());
        let counts = |row: &Row| row.carriers.clone();
        let sides = sides(&change.before, &change.after, share, counts);
        self.event(kind, Some(change.name), sides, verdicts, found)
    }

    fn moved(&self, moved: &Moved, found: &Row) -> Event {
        let mut sides = sides(&moved.before, &moved.after, |_| None, |_| Vec::new());
        for ((side, counts), share) in sides.iter_mut().zip(&moved.counts).zip(moved.shares) {
            side.counts.clone_from(counts);
            side.share = Some(share);
        }
        let verdicts = (self.verdict, self.verdict);
        self.event(Kind::ShareMoved, Some(moved.class), sides, verdicts, found)
    }

    fn event(
        &self,
        kind: Kind,
        subject: Option<Name>,
        [mut before, mut after]: [Side; 2],
        verdicts: (Verdict, Verdict),
        found: &Row,
    ) -> Event {
        (before.verdict, after.verdict) = verdicts;
        let Row { vantage, method, scope, plane, .. } = *self.first;
        let is_change = found.is_change && found.run == after.run;
        let first = is_change.then_some(found.started);
        // The incidents are numbered when all events are known.
        let incident = 0;
        Event {
            kind,
            vantage,
            method,
            plane,
            scope,
            subject,
            before,
            after,
            first,
            found: found.started,
            incident,
        }
    }

    pub(super) fn end(self) -> Series {
        let Row { vantage, method, scope, plane, .. } = *self.first;
        Series {
            vantage,
            method,
            plane,
            scope,
            runs: self.runs,
            inconclusive: self.inconclusive,
            incomplete_of_late: self.incomplete_of_late.map_or(0, |late| late.runs),
            incomplete: self.incomplete,
            first: self.first.started,
            state: self.state(),
            timeline: self.timeline,
        }
    }

    fn state(&self) -> State {
        let row = &self.newest;
        let measured = self.measured.as_ref().unwrap_or(row);
        let mut carriers: Vec<Holding> = self
            .carriers
            .names()
            .map(|(carrier, since)| Holding {
                carrier,
                count: measured.count(Facet::Carriers, carrier),
                since,
            })
            .collect();
        carriers.sort_by_key(|holding| Reverse(holding.count));
        State {
            run: Arc::clone(&row.run),
            started: row.started,
            ended: row.ended,
            complete: row.complete,
            verdict: self.shown(),
            since: self.since,
            shares: measured.classes.iter().map(|class| (class.class, class.share)).collect(),
            redundancy: if self.dark == Some(Verdict::Unreached) { 0 } else { carriers.len() },
            carriers,
            full_peers: row.full_peers,
            proven: measured.proven,
            traces: measured.traces(),
            classified: measured.classified(),
            rtt_ms: measured.rtt_ms,
            hosts: self.pinged.as_ref().and_then(|row| row.hosts),
        }
    }
}

/// What a run without a classified trace says.
fn darkness(row: &Row) -> Verdict {
    if row.unreached >= row.unknown { Verdict::Unreached } else { Verdict::Unknown }
}

/// From the earliest run before to the latest after.
fn widest(runs: Option<(Rc<Row>, Rc<Row>)>, change: &Change) -> (Rc<Row>, Rc<Row>) {
    let (before, after) = (Rc::clone(&change.before), Rc::clone(&change.after));
    match runs {
        None => (before, after),
        Some((one, other)) => (
            if one.started <= before.started { one } else { before },
            if other.started >= after.started { other } else { after },
        ),
    }
}

fn sides(
    before: &Row,
    after: &Row,
    share: impl Fn(&Row) -> Option<f64>,
    counts: impl Fn(&Row) -> Vec<(Name, u32)>,
) -> [Side; 2] {
    [(before, before.started), (after, after.ended)].map(|(row, at)| Side {
        run: Arc::clone(&row.run),
        at,
        verdict: Verdict::Unknown,
        share: share(row),
        counts: counts(row),
    })
}

/// The classes of a run with their counts, and what is none.
fn classes(row: &Row) -> Vec<(Name, u32)> {
    let rest = [(Name::UNKNOWN, row.unknown), (Name::UNREACHED, row.unreached)];
    row.named(Facet::Classes).chain(rest.into_iter().filter(|(_, count)| *count > 0)).collect()
}

fn answers(row: &Row) -> Vec<(Name, u32)> {
    row.hosts.map_or_else(Vec::new, |hosts| {
        vec![(Name::ALIVE, hosts.alive), (Name::SILENT, hosts.pinged - hosts.alive)]
    })
}

fn ratio(count: u32, of: u32) -> Option<f64> {
    (of > 0).then(|| f64::from(count) / f64::from(of))
}
