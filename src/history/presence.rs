//! Which names are there, carriers or classes, undisturbed by single traces.
//!
//! A single trace may show anybody: a router that answers from another's address, a path that was
//! balanced elsewhere for a moment. So a name is there when a run shows it with several traces and a good
//! share, or when run after run shows it; and it is gone when chance cannot explain any more that
//! nobody saw it.

use std::collections::VecDeque;
use std::rc::Rc;

use jiff::Timestamp;

use super::row::{Facet, Name, Row};
use super::significance::{LIKELY, Learned, SETTLED, too_few};

/// How many runs are looked back at for a name that is new.
pub(super) const RECENT: usize = 9;
/// In so many of eight runs a name must occur that is rare.
const OFTEN: usize = 6;
/// From this share on a name is no rare one.
const MUCH: f64 = 0.1;
/// Below this share one run is not enough to settle that a name is gone: paths are no dice, and a small
/// share may be none for once.
const MOST_IN_DOUBT: f64 = 0.2;
/// Up to this share of a run, traces are noise where a name with much of them was.
const NOISE: f64 = 0.01;

/// The names of one kind that are there.
pub(super) struct Presences {
    facet: Facet,
    present: Vec<Present>,
    /// Names that have gone of late, and since when.
    gone: Vec<(Name, Timestamp)>,
    unconfirmed: bool,
}

/// A name that is there.
struct Present {
    name: Name,
    /// Of traces.
    share: Learned,
    /// Of runs.
    runs: Learned,
    /// How unlikely it is by now that it is there, and what was counted meanwhile.
    doubt: f64,
    missed: (f64, f64),
    seen: Rc<Row>,
    first_without: Option<Rc<Row>>,
    since: Option<Timestamp>,
}

/// A name came or went.
pub(super) struct Change {
    pub(super) name: Name,
    pub(super) appeared: bool,
    pub(super) before: Rc<Row>,
    pub(super) after: Rc<Row>,
}

impl Presences {
    pub(super) fn new(facet: Facet) -> Self {
        Self { facet, present: Vec::new(), gone: Vec::new(), unconfirmed: false }
    }

    /// The names, with the times since when, where those are known.
    pub(super) fn names(&self) -> impl Iterator<Item = (Name, Option<Timestamp>)> + '_ {
        self.present.iter().map(|present| (present.name, present.since))
    }

    /// Whether the next runs may well show that a name with a good share has come or gone.
    pub(super) fn is_settled(&self) -> bool {
        !self.unconfirmed
            && !self.present.iter().any(|it| it.doubt > 0.0 && it.share.share() >= MUCH)
    }

    /// Sees the newest of the `recent` runs; `traces` were classified in all runs so far.
    pub(super) fn see(&mut self, recent: &VecDeque<Rc<Row>>, traces: f64) -> Vec<Change> {
        let Some(row) = recent.back() else { return Vec::new() };
        if row.is_exact() {
            return self.see_exact(recent, row);
        }
        let of = row.classified();
        let mut changes = Vec::new();
        for present in &mut self.present {
            changes.extend(present.see(row, row.count(self.facet, present.name), of));
        }
        let oldest = recent.front().map(|row| row.started);
        self.gone.retain(|(_, since)| oldest.is_none_or(|oldest| oldest < *since));
        self.gone.extend(changes.iter().map(|gone| (gone.name, gone.after.started)));
        self.present.retain(|present| !changes.iter().any(|gone| gone.name == present.name));
        let stayed = self.present.len();
        self.unconfirmed = false;
        for (name, count) in row.named(self.facet) {
            let known = |present: &Present| present.name == name;
            if !self.present.iter().any(known) {
                changes.extend(self.newcomer(recent, name, count, of, traces));
            }
        }
        if !changes.is_empty() {
            self.present
                .iter_mut()
                .take(stayed)
                .for_each(|present| present.learn_anew(row, self.facet));
        }
        changes
    }

    /// Where all are asked, a name is there if two show it and one of twenty, and stays while one of ten does.
    fn see_exact(&mut self, recent: &VecDeque<Rc<Row>>, row: &Rc<Row>) -> Vec<Change> {
        let of = row.classified();
        let is_there = |name: Name, was_there: bool| {
            let count = row.count(self.facet, name);
            let share = f64::from(count) / f64::from(of.max(1));
            count >= 2.min(of) && count > 0 && share >= 0.05 || was_there && share >= MUCH
        };
        let before = recent.len().checked_sub(2).and_then(|place| recent.get(place));
        let mut changes = Vec::new();
        for present in &mut self.present {
            if is_there(present.name, true) {
                present.seen = Rc::clone(row);
            } else {
                let (before, after) = (Rc::clone(&present.seen), Rc::clone(row));
                changes.push(Change { name: present.name, appeared: false, before, after });
            }
        }
        self.present.retain(|present| !changes.iter().any(|gone| gone.name == present.name));
        self.unconfirmed = false;
        let known: Vec<Name> = self.present.iter().map(|present| present.name).collect();
        for (name, count) in row.named(self.facet) {
            if known.contains(&name) || !is_there(name, false) {
                continue;
            }
            let since = before.map(|_| row.ended);
            let counts = (f64::from(count), f64::from(of));
            self.present.push(Present::new(name, row, counts, since));
            changes.extend(before.map(|before| Change {
                name,
                appeared: true,
                before: Rc::clone(before),
                after: Rc::clone(row),
            }));
        }
        changes
    }

    /// The shares are others from this run on.
    pub(super) fn learn_anew(&mut self, row: &Row) {
        self.present.iter_mut().for_each(|present| present.learn_anew(row, self.facet));
    }

    /// A name that is not there occurs.
    fn newcomer(
        &mut self,
        recent: &VecDeque<Rc<Row>>,
        name: Name,
        count: u32,
        of: u32,
        traces: f64,
    ) -> Option<Change> {
        let row = recent.back()?;
        let Some((before, after)) = self.appeared(recent, name) else {
            self.unconfirmed |= f64::from(count) >= MUCH * f64::from(of);
            return None;
        };
        let (mut hits, mut trials) = (0.0, 0.0);
        for row in recent.iter().rev().take_while(|row| row.started >= after.started) {
            hits += f64::from(row.count(self.facet, name));
            trials += f64::from(row.classified());
        }
        let share = (hits + 0.5) / (trials + 1.0);
        // As long as few traces were seen without it, it may have been there all along.
        let news = -(traces - trials) * (1.0 - share).ln() >= LIKELY;
        let before = before.filter(|_| news);
        let since = before.is_some().then_some(after.ended);
        self.present.push(Present::new(name, row, (hits, trials), since));
        before.map(|before| Change { name, appeared: true, before, after })
    }

    /// Whether `name` has appeared with the newest run: the last run without it, if one is known, and
    /// the first that shows it.
    fn appeared(
        &self,
        recent: &VecDeque<Rc<Row>>,
        name: Name,
    ) -> Option<(Option<Rc<Row>>, Rc<Row>)> {
        let gone = self.gone.iter().rev().find(|(gone, _)| *gone == name);
        let since = gone.map_or(Timestamp::MIN, |(_, since)| *since);
        let rows = recent.iter().rev().take_while(|row| row.started >= since);
        let sights: Vec<Sight<'_>> =
            rows.filter_map(|row| Sight::of(row, self.facet, name)).collect();
        let first = in_a_row(&sights, recent.len() == 1).or_else(|| often(&sights))?;
        let before = sights.iter().skip(first + 1).find(|sight| sight.row.complete);
        Some((before.map(|sight| Rc::clone(sight.row)), Rc::clone(sights.get(first)?.row)))
    }
}

impl Present {
    fn new(
        name: Name,
        row: &Rc<Row>,
        (hits, trials): (f64, f64),
        since: Option<Timestamp>,
    ) -> Self {
        let (mut share, mut runs) = (Learned::default(), Learned::default());
        share.add(hits, trials);
        runs.add(1.0, 1.0);
        let seen = Rc::clone(row);
        Self { name, share, runs, doubt: 0.0, missed: (0.0, 0.0), seen, first_without: None, since }
    }

    /// What its share was before others came or went says nothing about what it is since.
    fn learn_anew(&mut self, row: &Row, facet: Facet) {
        let count = row.count(facet, self.name);
        if count > 0 {
            self.share = Learned::default();
            self.share.add(count.into(), row.classified().into());
        }
    }

    fn see(&mut self, row: &Rc<Row>, count: u32, of: u32) -> Option<Change> {
        let much = self.share.share() >= MUCH;
        let noise = much && f64::from(count) <= NOISE * f64::from(of);
        if count > 0 && !noise {
            self.share.add(f64::from(count), f64::from(of) + self.missed.0);
            self.runs.add(1.0, 1.0 + self.missed.1);
            self.seen = Rc::clone(row);
            (self.doubt, self.missed, self.first_without) = (0.0, (0.0, 0.0), None);
            return None;
        }
        if !row.complete {
            return None;
        }
        let after = Rc::clone(self.first_without.get_or_insert_with(|| Rc::clone(row)));
        self.doubt += self.unlikely(of, much);
        self.missed = (self.missed.0 + f64::from(of), self.missed.1 + 1.0);
        let before = Rc::clone(&self.seen);
        let change = Change { name: self.name, appeared: false, before, after };
        (self.doubt >= SETTLED).then_some(change)
    }

    /// How unlikely it is not to see it in a run. The traces of a run are no independent witnesses of
    /// something rare: there, runs are counted too.
    fn unlikely(&self, of: u32, much: bool) -> f64 {
        let traces = too_few(0, of, self.share.at_least());
        if self.share.share() >= MOST_IN_DOUBT {
            traces
        } else if much {
            traces.min(SETTLED * 0.6)
        } else {
            traces.min(-(1.0 - self.runs.at_least()).ln())
        }
    }
}

/// What a run of late saw of a name.
struct Sight<'r> {
    row: &'r Rc<Row>,
    count: f64,
    of: f64,
}

impl<'r> Sight<'r> {
    /// A run that was cut short shows what it shows, and nothing by what it does not.
    fn of(row: &'r Rc<Row>, facet: Facet, name: Name) -> Option<Self> {
        let count = row.count(facet, name);
        let of = f64::from(row.classified());
        (row.complete || count > 0).then(|| Self { row, count: f64::from(count), of })
    }

    fn share(&self) -> f64 {
        self.count / self.of
    }
}

/// Seen with several traces and a good share, in one run or in runs next to each other. The place of the
/// first run of those; the newest has place 0.
fn in_a_row(sights: &[Sight<'_>], alone: bool) -> Option<usize> {
    let (mut count, mut of) = (0.0, 0.0);
    for (place, sight) in sights.iter().take(3).enumerate() {
        if sight.count == 0.0 {
            return None;
        }
        (count, of) = (count + sight.count, of + sight.of);
        let enough = |least: f64, share: f64| count >= least && count >= share * of;
        let there = match place {
            // The first run of all is taken as it is.
            0 if alone => enough(1.0, MUCH) || enough(3.0, 0.02),
            0 => enough(3.0, 0.2) || enough(16.0, 0.05),
            1 => enough(4.0, 0.02),
            _ => enough(3.0, 0.02),
        };
        if there {
            return Some(beginning(sights, place, count / of));
        }
    }
    None
}

/// The first run, back from `place`, that shows more than noise before a share like this one.
fn beginning(sights: &[Sight<'_>], place: usize, share: f64) -> usize {
    let like = |sight: &&Sight<'_>| sight.count > 0.0 && sight.share() >= share / 4.0;
    let length = sights.iter().take_while(like).count();
    if length == 0 { place } else { length - 1 }
}

/// Seen again and again, though rarely; a trace in hundreds is noise however often. The place of the first run of those.
fn often(sights: &[Sight<'_>]) -> Option<usize> {
    let window = sights.get(..8)?;
    let seen = || window.iter().enumerate().filter(|(_, sight)| sight.count > 0.0);
    let sum = |of: fn(&Sight<'_>) -> f64| window.iter().map(of).sum::<f64>();
    let share = sum(|sight| sight.count) / sum(|sight| sight.of);
    if seen().count() < OFTEN || share < NOISE {
        None
    } else {
        seen().map(|(place, _)| place).next_back()
    }
}
