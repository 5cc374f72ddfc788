//! Whether shares moved, beyond chance: a change-point test.
//!
//! At every run, the runs since the last change are split in two at several places; for each, the
//! generalized likelihood ratio says how much better two sets of shares explain the counts than one. The
//! largest decides. Where counts vary from run to run by more than chance has it (overdispersion: what
//! balances paths may change its mind for many at once), the bar is raised by as much as they do. The rates
//! are simulated: `benches/history.rs`.

use std::collections::VecDeque;
use std::rc::Rc;

use super::row::{Facet, Name, Row};

/// How many runs are kept one by one.
const KEPT: usize = 32;
/// After how many of them a change may have come; every place is looked at once one is found.
const TRIED: [usize; 10] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 31];
/// Twice the logarithm of the likelihood ratio that a change of two classes must exceed, and how much
/// more for each further class.
const BAR: (f64, f64) = (18.5, 3.0);
/// How much more a change must exceed that only the newest run shows: the next one decides.
const ALONE: f64 = 8.0;
/// A change may have come wherever the test says nearly the same.
const NEARLY: f64 = 9.0;
/// A smaller move is no news, however sure.
const LEAST: f64 = 0.05;
/// How many traces of long ago weigh as much as they did.
const MOST: u64 = 1 << 15;
/// The most classes there can be.
const CLASSES: usize = 32;

/// Shares that are watched.
pub(super) struct ChangePoint {
    classes: Vec<Name>,
    runs: VecDeque<Counted>,
    older: Counts,
    last_older: Option<Rc<Row>>,
    all: Counts,
    /// The overdispersion of older runs, of each class.
    dispersion: Vec<Overdispersion>,
}

type Counts = Vec<u64>;

struct Counted {
    row: Rc<Row>,
    counts: Counts,
}

/// Shares moved.
pub(super) struct Moved {
    /// The class whose share moved most.
    pub(super) class: Name,
    /// The last run before.
    pub(super) before: Rc<Row>,
    /// The first run after.
    pub(super) after: Rc<Row>,
    /// The counts of all runs before, and of all after.
    pub(super) counts: [Vec<(Name, u32)>; 2],
    /// The class's shares.
    pub(super) shares: [f64; 2],
}

impl ChangePoint {
    pub(super) fn new() -> Self {
        Self {
            classes: Vec::new(),
            runs: VecDeque::new(),
            older: Vec::new(),
            last_older: None,
            all: Vec::new(),
            dispersion: Vec::new(),
        }
    }

    /// Takes a run in that came to its end and classified traces.
    pub(super) fn add(&mut self, row: &Rc<Row>) {
        let mut counts = if self.runs.len() < KEPT { Vec::new() } else { self.retire() };
        counts.clear();
        for (name, _) in row.named(Facet::Classes) {
            if !self.classes.contains(&name) {
                self.classes.push(name);
            }
        }
        let count = |class: &Name| u64::from(row.count(Facet::Classes, *class));
        counts.extend(self.classes.iter().map(count));
        add(&mut self.all, &counts);
        self.runs.push_back(Counted { row: Rc::clone(row), counts });
    }

    /// The oldest run goes to what is only counted together.
    fn retire(&mut self) -> Counts {
        let Some(run) = self.runs.pop_front() else { return Vec::new() };
        self.dispersion.resize_with(self.classes.len(), Overdispersion::default);
        for (class, dispersion) in self.dispersion.iter_mut().enumerate() {
            dispersion.fade();
            dispersion.add(&run.counts, &self.older, class);
        }
        add(&mut self.older, &run.counts);
        if self.older.iter().sum::<u64>() > MOST {
            self.older.iter_mut().for_each(|count| *count /= 2);
            self.all = self.older.clone();
            self.runs.iter().for_each(|run| add(&mut self.all, &run.counts));
        }
        self.last_older = Some(run.row);
        run.counts
    }

    /// Whether shares have moved. What was before the move is forgotten then.
    pub(super) fn moved(&mut self) -> Option<Moved> {
        let kinds = self.all.iter().filter(|count| **count > 0).count();
        if kinds < 2 {
            return None;
        }
        let further = f64::from(u32::try_from(kinds - 2).unwrap_or(u32::MAX));
        let bar = BAR.1.mul_add(further, BAR.0);
        if !self.is_odd(bar / 2.0) {
            return None;
        }
        let mut all = self.ratios();
        all.sort_by(|one, other| other.1.total_cmp(&one.1));
        for (length, ratio) in all.iter().take_while(|(_, ratio)| *ratio >= bar) {
            let bar = if *length == 1 { bar + ALONE } else { bar };
            let place = self.runs.len() - length;
            let sides = self.sides(place);
            let Some(class) = self.farthest(&sides) else { continue };
            let dispersion = self.dispersion(place, class, &sides);
            if ratio / dispersion < bar {
                continue;
            }
            let near = |(_, other): &&(usize, f64)| (ratio - other).abs() / dispersion < NEARLY;
            let lengths = || all.iter().filter(near).map(|(length, _)| *length);
            let found = self.found(&sides, class, lengths().min()?, lengths().max()?)?;
            self.forget(place);
            return Some(found);
        }
        None
    }

    /// Whether the last few runs are so different from those before that it is worth the logarithms:
    /// Pearson's statistic is no less than half of the ratio.
    fn is_odd(&self, bar: f64) -> bool {
        let mut after = [0.0; CLASSES];
        let after = after.get_mut(..self.all.len().min(CLASSES)).unwrap_or_default();
        let of = real(self.all.iter().sum());
        for (place, run) in self.runs.iter().rev().enumerate() {
            for (after, count) in after.iter_mut().zip(&run.counts) {
                *after += real(*count);
            }
            if TRIED.contains(&(place + 1)) {
                let (some, mut statistic) = (after.iter().sum::<f64>(), 0.0);
                for (after, all) in after.iter().zip(&self.all).filter(|(_, all)| **all > 0) {
                    let expected = some * real(*all) / of;
                    statistic += (after - expected).powi(2) / expected;
                }
                // Both sides differ from all together.
                if some < of && statistic * of / (of - some) >= bar {
                    return true;
                }
            }
        }
        false
    }

    /// The ratio for a change before the last so many runs.
    fn ratios(&self) -> Vec<(usize, f64)> {
        let mut after = vec![0; self.all.len()];
        let mut before = self.all.clone();
        let together = likelihood(&self.all);
        let mut ratios = Vec::new();
        for (place, run) in self.runs.iter().rev().enumerate() {
            for (place, count) in run.counts.iter().enumerate() {
                after[place] += count;
                before[place] -= count;
            }
            if before.iter().any(|count| *count > 0) {
                let apart = likelihood(&after) + likelihood(&before);
                ratios.push((place + 1, 2.0 * (apart - together)));
            }
        }
        ratios
    }

    /// All counts before `place` and from there on.
    fn sides(&self, place: usize) -> [Counts; 2] {
        let mut sides = [self.older.clone(), Vec::new()];
        for (number, run) in self.runs.iter().enumerate() {
            add(&mut sides[usize::from(number >= place)], &run.counts);
        }
        sides
    }

    /// The class whose share moved most, if that is far enough.
    fn farthest(&self, sides: &[Counts; 2]) -> Option<usize> {
        let moved = |class| (share(&sides[1], class) - share(&sides[0], class)).abs();
        // The first of equals.
        let farther = |one, other| if moved(other) > moved(one) + 1e-9 { other } else { one };
        (0..self.classes.len()).reduce(farther).filter(|class| moved(*class) >= LEAST)
    }

    /// By what factor the runs on both sides of a change vary more than chance has it.
    fn dispersion(&self, place: usize, class: usize, sides: &[Counts; 2]) -> f64 {
        let mut dispersion = self.dispersion.get(class).copied().unwrap_or_default();
        for (number, run) in self.runs.iter().enumerate() {
            dispersion.add(&run.counts, &sides[usize::from(number >= place)], class);
        }
        dispersion.factor()
    }

    /// What moved, by a change that came between the last `longest` and `shortest` runs.
    fn found(
        &self,
        sides: &[Counts; 2],
        class: usize,
        shortest: usize,
        longest: usize,
    ) -> Option<Moved> {
        let before = match (self.runs.len() - longest).checked_sub(1) {
            Some(place) => &self.runs.get(place)?.row,
            None => self.last_older.as_ref()?,
        };
        let after = &self.runs.get(self.runs.len() - shortest)?.row;
        let counts = [0, 1].map(|side: usize| {
            let count = |class: &Name| u32::try_from(at(&sides[side], self.place(*class)));
            let some = self.classes.iter().map(|class| (*class, count(class).unwrap_or(u32::MAX)));
            some.filter(|(_, count)| *count > 0).collect()
        });
        Some(Moved {
            class: *self.classes.get(class)?,
            before: Rc::clone(before),
            after: Rc::clone(after),
            counts,
            shares: [share(&sides[0], class), share(&sides[1], class)],
        })
    }

    fn place(&self, class: Name) -> usize {
        self.classes.iter().position(|other| *other == class).unwrap_or(usize::MAX)
    }

    fn forget(&mut self, place: usize) {
        self.last_older = place
            .checked_sub(1)
            .and_then(|last| self.runs.get(last))
            .map(|run| Rc::clone(&run.row));
        self.runs.drain(..place);
        self.older.clear();
        self.all.clear();
        self.runs.iter().for_each(|run| add(&mut self.all, &run.counts));
    }
}

fn add(sum: &mut Counts, counts: &[u64]) {
    if sum.len() < counts.len() {
        sum.resize(counts.len(), 0);
    }
    sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
}

/// The logarithm of the likelihood of counts under their own shares.
fn likelihood(counts: &[u64]) -> f64 {
    let all = counts.iter().sum::<u64>();
    counts.iter().map(|count| x_log_x(*count)).sum::<f64>() - x_log_x(all)
}

fn x_log_x(count: u64) -> f64 {
    if count > 0 { real(count) * real(count).ln() } else { 0.0 }
}

/// How much evidence it takes to believe in overdispersion.
const PRIOR: f64 = 4.0;

/// How much a class varies from run to run: the sum of the squares of its deviations, each in
/// proportion to what chance has it, and their number.
#[derive(Debug, Clone, Copy, Default)]
struct Overdispersion {
    squares: f64,
    runs: f64,
}

impl Overdispersion {
    /// A run of long ago says less.
    fn fade(&mut self) {
        (self.squares, self.runs) = (self.squares * 0.995, self.runs * 0.995);
    }

    /// Adds a run, where `many` give the share.
    fn add(&mut self, run: &[u64], many: &[u64], class: usize) {
        let share = share(many, class);
        let of = real(run.iter().sum());
        let variance = of * share * (1.0 - share);
        // Where next to nothing is expected, or nothing else, a deviation says nothing.
        if variance >= 0.5 {
            self.squares += of.mul_add(-share, real(at(run, class))).powi(2) / variance;
            self.runs += 1.0;
        }
    }

    fn factor(self) -> f64 {
        ((self.squares + PRIOR) / (self.runs + PRIOR)).max(1.0)
    }
}

fn at(counts: &[u64], place: usize) -> u64 {
    counts.get(place).copied().unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "no history has 2^53 traces")]
fn real(count: u64) -> f64 {
    count as f64
}

fn share(counts: &[u64], class: usize) -> f64 {
    real(at(counts, class)) / real(counts.iter().sum::<u64>().max(1))
}
