//! A scope over time in a bounded number of buckets, for pictures.

use jiff::{SignedDuration, Timestamp};

use super::row::{Hosts, Name, Plane, Row};

/// What the runs of a stretch of time saw together.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// When its first run began.
    pub first: Timestamp,
    /// When its last run began.
    pub last: Timestamp,
    /// How many runs there are.
    pub runs: u32,
    /// Each class with its traces and the sum of its shares over [`Self::classified_runs`].
    pub classes: Vec<ClassSum>,
    /// Traces that died before any carrier.
    pub unreached: u64,
    /// Traces whose border nobody can name.
    pub unknown: u64,
    /// The runs with a classified trace.
    pub classified_runs: u32,
    /// The carriers with their traces, in the order in which they came.
    pub carriers: Vec<(Name, u64)>,
    /// The lowest, the sum and the highest of the runs' RTTs to the border, in milliseconds.
    pub rtt: Option<Rtt>,
    /// Pinged and answering targets, added up, where any were pinged.
    pub hosts: Option<Hosts>,
}

/// A class in a bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassSum {
    /// The class; [`Name::OTHER`] is among them.
    pub class: Name,
    /// Its traces.
    pub count: u64,
    /// The sum of its shares in the runs that have any: divided by
    /// [`Bucket::classified_runs`] it is the mean, which for the block weighs prefixes equally.
    pub shares: f64,
}

/// RTTs of several runs, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rtt {
    /// The lowest.
    pub low: f32,
    /// The highest.
    pub high: f32,
    /// The sum.
    pub sum: f64,
    /// How many there are.
    pub runs: u32,
}

impl Rtt {
    /// The mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / f64::from(self.runs)
    }

    fn and(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            sum: self.sum + other.sum,
            runs: self.runs + other.runs,
        }
    }
}

/// Seconds that are more than all of time.
const WIDEST: i64 = 1 << 48;

/// A stretch of a picture: a bucket that lasts until the next one, or a gap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch<'t> {
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends.
    pub to: Timestamp,
    /// What the runs saw; nothing in a gap.
    pub bucket: Option<&'t Bucket>,
}

/// A scope over time. The buckets are as wide as they need to be for a bounded number of them, and
/// only those with runs are there.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    most: usize,
    /// Seconds.
    width: i64,
    buckets: Vec<Bucket>,
    /// How many pauses between runs took 2^n seconds.
    pauses: [u32; 40],
    /// When the newest run began.
    newest: Option<Timestamp>,
    /// A pause of so much is no gap.
    bridged: SignedDuration,
    /// When the newest run of the whole history ended.
    end: Option<Timestamp>,
}

/// Collectors write their tables every two to eight hours. Between them a row comes only when something changes, and
/// what was known holds.
const BETWEEN_TABLES: SignedDuration = SignedDuration::from_hours(24);

impl Timeline {
    pub(super) fn new(most: usize, plane: Plane) -> Self {
        let bridged = match plane {
            Plane::Control => BETWEEN_TABLES,
            Plane::Data => SignedDuration::ZERO,
        };
        Self {
            most,
            width: 1,
            buckets: Vec::new(),
            pauses: [0; 40],
            newest: None,
            bridged,
            end: None,
        }
    }

    /// The buckets that have runs, oldest first.
    #[must_use]
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// How long it usually is from one run to the next, within a factor of 2: the runs' median.
    #[must_use]
    pub fn usual_pause(&self) -> SignedDuration {
        let all: u32 = self.pauses.iter().sum();
        let mut before = 0;
        let median = self.pauses.iter().position(|count| {
            before += count;
            before * 2 > all
        });
        SignedDuration::from_secs(median.map_or(0, |log| 2_i64 << log))
    }

    /// The buckets and the gaps between them: pauses of more than three times the usual one, and
    /// more than the width of two buckets. A bucket before a gap lasts for one usual pause. What is announced holds for a day.
    pub fn stretches(&self) -> impl Iterator<Item = Stretch<'_>> {
        let usual = self.usual_pause();
        let limit = (usual * 3).max(SignedDuration::from_secs(self.width * 2)).max(self.bridged);
        let next = self.buckets.iter().skip(1).map(Some).chain(std::iter::once(None));
        self.buckets.iter().zip(next).flat_map(move |(bucket, next)| {
            let held =
                self.end.map_or(bucket.last, |end| end.min(later(bucket.last, self.bridged)));
            let alone = if held > bucket.last { held } else { later(bucket.last, usual) };
            let pause = next.map(|next| next.first.duration_since(bucket.last));
            let gap = next.filter(|_| pause.is_some_and(|pause| pause > limit));
            let to = if gap.is_some() { alone } else { next.map_or(alone, |next| next.first) };
            let stretch = Stretch { from: bucket.first, to, bucket: Some(bucket) };
            let gap = gap.map(|next| Stretch { from: to, to: next.first, bucket: None });
            std::iter::once(stretch).chain(gap)
        })
    }

    /// The history ends here: what is known of late holds until then, if rows come only at changes.
    pub(super) fn end_at(&mut self, end: Timestamp) {
        self.end = Some(end);
    }

    /// Adds a row that is no older than those before.
    pub(super) fn add(&mut self, row: &Row) {
        if let Some(newest) = self.newest.replace(row.started) {
            self.pause(row.started.duration_since(newest));
        }
        if self.most == 0 {
            return;
        }
        let place = self.place(row.started);
        match self.buckets.last() {
            Some(last) if self.place(last.first) == place => {}
            _ => self.buckets.push(Bucket::new(row.started)),
        }
        if let Some(bucket) = self.buckets.last_mut() {
            bucket.add(row);
        }
        // Before and after 1970 there are always two.
        while self.buckets.len() > self.most && self.width < WIDEST {
            self.widen();
        }
    }

    fn pause(&mut self, pause: SignedDuration) {
        let log = u64::try_from(pause.as_secs()).unwrap_or(0).checked_ilog2();
        let log = log.and_then(|log| usize::try_from(log).ok()).unwrap_or(0);
        if let Some(count) = self.pauses.get_mut(log) {
            *count = count.saturating_add(1);
        }
    }

    fn place(&self, at: Timestamp) -> i64 {
        at.as_second().div_euclid(self.width)
    }

    fn widen(&mut self) {
        self.width *= 2;
        let width = self.width;
        let place = |at: Timestamp| at.as_second().div_euclid(width);
        self.buckets.dedup_by(|next, bucket| {
            let same = place(next.first) == place(bucket.first);
            if same {
                bucket.merge(next);
            }
            same
        });
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

impl Bucket {
    fn new(first: Timestamp) -> Self {
        Self {
            first,
            last: first,
            runs: 0,
            classes: Vec::new(),
            unreached: 0,
            unknown: 0,
            classified_runs: 0,
            carriers: Vec::new(),
            rtt: None,
            hosts: None,
        }
    }

    /// The traces that were classified.
    #[must_use]
    pub fn classified(&self) -> u64 {
        self.classes.iter().map(|class| class.count).sum()
    }

    /// How many traces, or peers, a run has in the mean.
    #[must_use]
    pub fn counted(&self) -> f64 {
        let all = self.classified() + self.unknown + self.unreached;
        f64::from(u32::try_from(all).unwrap_or(u32::MAX)) / f64::from(self.runs.max(1))
    }

    fn add(&mut self, row: &Row) {
        self.last = row.started;
        self.runs += 1;
        self.classified_runs += u32::from(row.classified() > 0);
        self.unreached += u64::from(row.unreached);
        self.unknown += u64::from(row.unknown);
        let mut rest = 1.0;
        for class in &row.classes {
            let shares = class.share.map_or(0.0, |share| f64::from(share.share));
            rest -= shares;
            self.class(ClassSum { class: class.class, count: class.count.into(), shares });
        }
        let shares = if row.other > 0 { rest.max(0.0) } else { 0.0 };
        self.class(ClassSum { class: Name::OTHER, count: row.other.into(), shares });
        for (carrier, count) in &row.carriers {
            self.carrier(*carrier, (*count).into());
        }
        let rtt = row.rtt_ms.map(|ms| Rtt { low: ms, high: ms, sum: ms.into(), runs: 1 });
        self.rtt = both(self.rtt, rtt, Rtt::and);
        self.hosts = both(self.hosts, row.hosts, Hosts::and);
    }

    fn merge(&mut self, next: &Self) {
        self.last = next.last;
        self.runs += next.runs;
        self.classified_runs += next.classified_runs;
        self.unreached += next.unreached;
        self.unknown += next.unknown;
        next.classes.iter().for_each(|class| self.class(*class));
        next.carriers.iter().for_each(|(carrier, count)| self.carrier(*carrier, *count));
        self.rtt = both(self.rtt, next.rtt, Rtt::and);
        self.hosts = both(self.hosts, next.hosts, Hosts::and);
    }

    fn class(&mut self, more: ClassSum) {
        match self.classes.iter_mut().find(|class| class.class == more.class) {
            Some(class) => {
                class.count += more.count;
                class.shares += more.shares;
            }
            None => self.classes.push(more),
        }
    }

    fn carrier(&mut self, carrier: Name, more: u64) {
        match self.carriers.iter_mut().find(|(name, _)| *name == carrier) {
            Some((_, count)) => *count += more,
            None => self.carriers.push((carrier, more)),
        }
    }
}

impl Hosts {
    fn and(self, other: Self) -> Self {
        Self {
            pinged: self.pinged.saturating_add(other.pinged),
            alive: self.alive.saturating_add(other.alive),
        }
    }
}

/// What there is of two values.
fn both<T>(one: Option<T>, other: Option<T>, and: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(and(one, other)),
        (one, other) => one.or(other),
    }
}
