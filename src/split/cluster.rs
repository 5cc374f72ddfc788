//! Intervals for shares that several vantages have seen. The traces from one vantage repeat one path,
//! so the vantage is the unit: its traces are drawn together or not at all.

use std::collections::BTreeSet;
use std::ops::Range;
use std::thread;

use foldhash::HashMap;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::interval::{Share, Z, mean, real};

/// How often the vantages are drawn anew. The width of an interval is off by 1.6 % at this number.
const RESAMPLES: u32 = 2000;
/// How many vantages must have seen each prefix before none is drawn anew: with so many the variance to
/// the first order differs from that of the drawings by less than these differ among themselves (Efron,
/// 1982, chapter 6).
const MANY: usize = 1000;

/// The classified traces of one vantage to one routed prefix: all of them, then those of each class.
pub(super) type Seen = Vec<usize>;

/// What several vantages have seen of one or more routed prefixes.
pub(super) struct Clusters {
    /// What vantages have seen of each prefix, one row behind the other: each that differs once, since
    /// they are added up some thousand times.
    rows: Vec<f64>,
    /// The row of each vantage.
    vantages: Vec<usize>,
    /// Which of the prefixes have classified traces.
    seen: Vec<usize>,
    prefixes: usize,
    columns: usize,
}

impl Clusters {
    /// Nothing, unless at least two named vantages have classified traces. What is without a name is
    /// one more vantage.
    pub(super) fn of<'a>(
        prefixes: impl Iterator<Item = &'a HashMap<String, Seen>>,
    ) -> Option<Self> {
        let prefixes = prefixes.enumerate().filter(|(_, vantages)| !vantages.is_empty());
        let (seen, prefixes): (Vec<usize>, Vec<_>) = prefixes.unzip();
        let names: BTreeSet<&String> = prefixes.iter().flat_map(|seen| seen.keys()).collect();
        if names.iter().filter(|name| !name.is_empty()).count() < 2 {
            return None;
        }
        let columns = prefixes.iter().flat_map(|seen| seen.values()).map(Vec::len).max()?;
        let mut places: HashMap<Vec<usize>, usize> = HashMap::default();
        let mut rows = Vec::new();
        let mut vantages = Vec::with_capacity(names.len());
        for name in names {
            let mut row = vec![0; prefixes.len() * columns];
            for (place, seen) in row.chunks_mut(columns).zip(&prefixes) {
                let seen = seen.get(name).map_or(&[][..], Vec::as_slice);
                place.iter_mut().zip(seen).for_each(|(place, count)| *place = *count);
            }
            let next = places.len();
            vantages.push(*places.entry(row).or_insert_with_key(|row| {
                rows.extend(row.iter().map(|count| real(*count)));
                next
            }));
        }
        Some(Self { rows, vantages, seen, prefixes: prefixes.len(), columns })
    }

    /// The shares of all prefixes together and of each, on all cores.
    pub(super) fn shares_of_all(
        together: Option<&Self>,
        each: &[Option<Self>],
        seed: u64,
    ) -> (Option<Vec<Share>>, Vec<Option<Vec<Share>>>) {
        let Some(together) = together else { return (None, each.iter().map(|_| None).collect()) };
        // Prefixes that all vantages have seen need no draws of their own: theirs are the same.
        let is_same = |one: &Self| one.vantages.len() == together.vantages.len();
        let same = each.iter().enumerate().filter(|(_, one)| one.as_ref().is_some_and(is_same));
        let same: Vec<usize> = same.map(|(prefix, _)| prefix).collect();
        let places =
            same.iter().filter_map(|prefix| together.seen.iter().position(|seen| seen == prefix));
        let parts: Vec<_> = std::iter::once(0..together.prefixes)
            .chain(places.map(|place| place..place + 1))
            .collect();
        thread::scope(|scope| {
            let others = each.iter().enumerate().map(|(prefix, one)| {
                let one = one.as_ref().filter(|_| !same.contains(&prefix))?;
                let shares = move || one.shares(seed);
                Some((one, thread::Builder::new().spawn_scoped(scope, shares)))
            });
            let others: Vec<_> = others.collect();
            let mut shares = together.shares_of(&parts, seed).into_iter();
            let block = shares.next();
            let each = others.into_iter().enumerate().map(|(prefix, other)| match other {
                Some((_, Ok(begun))) => begun.join().ok(),
                // Where the system allows no more threads, this one does it.
                Some((one, Err(_))) => Some(one.shares(seed)),
                None => same.contains(&prefix).then(|| shares.next()).flatten(),
            });
            let each = each.collect();
            (block, each)
        })
    }

    /// The share of each class, in their order: the mean of the prefixes' shares.
    pub(super) fn shares(&self, seed: u64) -> Vec<Share> {
        self.shares_of(std::slice::from_ref(&(0..self.prefixes)), seed).pop().unwrap_or_default()
    }

    /// The same of some of the prefixes, each time from the same draws.
    fn shares_of(&self, parts: &[Range<usize>], seed: u64) -> Vec<Vec<Share>> {
        let whole = self.totals(&self.times(self.vantages.iter().copied()));
        let variances = if self.is_large() {
            self.linearised(parts, &whole)
        } else {
            self.resampled(parts, &whole, seed)
        };
        let of = |(part, variances): (&Range<usize>, Vec<f64>)| {
            let effective = self.effective(part, &whole);
            let shares = self.means(part, &whole, &whole).into_iter().zip(variances);
            let count = self.vantages.len();
            shares.map(|(share, variance)| interval(share, variance, count, effective)).collect()
        };
        parts.iter().zip(variances).map(of).collect()
    }

    /// Whether [`MANY`] vantages have seen each prefix.
    fn is_large(&self) -> bool {
        let times = self.times(self.vantages.iter().copied());
        let rows = || self.rows.chunks_exact(self.prefixes * self.columns).zip(&times);
        let seen_by = |prefix: usize| {
            let rows = rows().filter(|(row, _)| row[prefix * self.columns] > 0.0);
            rows.map(|(_, times)| times).sum::<f64>()
        };
        (0..self.prefixes).all(|prefix| seen_by(prefix) >= real(MANY))
    }

    /// The variance of each share over vantages that are drawn anew, for as many that were not.
    fn resampled(&self, parts: &[Range<usize>], whole: &[f64], seed: u64) -> Vec<Vec<f64>> {
        let mut random = StdRng::seed_from_u64(seed);
        let count = self.vantages.len();
        let mut sums = vec![vec![(0.0, 0.0); self.columns - 1]; parts.len()];
        let vantages = &self.vantages[..];
        // A range of 32 bits takes half of the instructions that one of 64 bits takes.
        let most = u32::try_from(count).unwrap_or(u32::MAX);
        for _ in 0..RESAMPLES {
            let drawn = (0..count).map(|_| vantages[random.random_range(0..most) as usize]);
            let drawn = self.totals(&self.times(drawn));
            for (part, sums) in parts.iter().zip(&mut sums) {
                for ((sum, squares), share) in sums.iter_mut().zip(self.means(part, &drawn, whole))
                {
                    *sum += share;
                    *squares += share * share;
                }
            }
        }
        let all = f64::from(RESAMPLES);
        let small = real(count) / (real(count) - 1.0);
        let variance = |(sum, squares)| (squares / all - (sum / all) * (sum / all)) * small;
        sums.into_iter().map(|sums| sums.into_iter().map(variance).collect()).collect()
    }

    /// The same to the first order: the squares of how far each vantage moves the share (the infinitesimal
    /// jackknife).
    fn linearised(&self, parts: &[Range<usize>], whole: &[f64]) -> Vec<Vec<f64>> {
        let times = self.times(self.vantages.iter().copied());
        let count = real(self.vantages.len());
        let of = |part: &Range<usize>, class: usize| {
            let moves = |row: &[f64]| {
                let rows = self.of_part(part, row).zip(self.of_part(part, whole));
                let moves = rows
                    .map(|(row, whole)| (row[class] - row[0] * whole[class] / whole[0]) / whole[0]);
                mean(moves).unwrap_or_default()
            };
            let rows = self.rows.chunks_exact(self.prefixes * self.columns).zip(&times);
            let squares = rows.map(|(row, times)| times * moves(row).powi(2));
            squares.sum::<f64>() * count / (count - 1.0)
        };
        parts.iter().map(|part| (1..self.columns).map(|class| of(part, class)).collect()).collect()
    }

    /// How often each of the rows comes.
    fn times(&self, rows: impl Iterator<Item = usize>) -> Vec<f64> {
        let mut times = vec![0.0; self.rows.len() / (self.prefixes * self.columns)];
        rows.for_each(|row| times[row] += 1.0);
        times
    }

    /// What has been seen together, prefix by prefix, where each row counts so many times.
    fn totals(&self, times: &[f64]) -> Vec<f64> {
        let width = self.prefixes * self.columns;
        let mut totals = vec![0.0; width];
        // Sums of whole numbers, which are exact in any order.
        for (row, times) in self.rows.chunks_exact(width).zip(times) {
            totals.iter_mut().zip(row).for_each(|(total, count)| *total += times * count);
        }
        totals
    }

    /// The shares of the classes, each the mean of the shares of `part` of the prefixes. A prefix that none of
    /// the drawn vantages has seen has the share that all of them see in `whole`.
    fn means(&self, part: &Range<usize>, drawn: &[f64], whole: &[f64]) -> Vec<f64> {
        let rows = || self.of_part(part, drawn).zip(self.of_part(part, whole));
        let of = |class: usize| {
            let share = |(drawn, whole): (&[f64], &[f64])| {
                let row = if drawn[0] > 0.0 { drawn } else { whole };
                row[class] / row[0]
            };
            mean(rows().map(share)).unwrap_or_default()
        };
        (1..self.columns).map(of).collect()
    }

    /// How many vantages of equal weight say as much as these (Kish).
    fn effective(&self, part: &Range<usize>, totals: &[f64]) -> f64 {
        let weight = |row: &[f64]| -> f64 {
            let parts = self.of_part(part, row).zip(self.of_part(part, totals));
            parts.map(|(seen, total)| seen[0] / total[0]).sum::<f64>() / real(part.len())
        };
        let rows = self.rows.chunks(self.prefixes * self.columns);
        let squares: Vec<f64> = rows.map(weight).map(|weight| weight * weight).collect();
        self.vantages.iter().map(|row| squares[*row]).sum::<f64>().recip()
    }

    /// What `row` has of each prefix of `part`.
    fn of_part<'r>(
        &self,
        part: &Range<usize>,
        row: &'r [f64],
    ) -> impl ExactSizeIterator<Item = &'r [f64]> + use<'r> {
        row[part.start * self.columns..part.end * self.columns].chunks(self.columns)
    }
}

/// The interval of a share whose variance over `count` vantages is `variance`. With few of them that
/// variance is little more than a guess, which Student's quantile makes up for; but a vantage
/// cannot say more than one class, so that no interval is wider than that of `effective`
/// vantages of which each is of one class.
fn interval(share: f64, variance: f64, count: usize, effective: f64) -> Share {
    if variance <= f64::EPSILON {
        return unanimous(share, effective);
    }
    let widest = Share::score(share, effective, Z);
    let size = share * (1.0 - share) / variance;
    let drawn = Share::score(share, size, student(count - 1));
    let width = |share: Share| share.high - share.low;
    if width(drawn) < width(widest) { drawn } else { widest }
}

/// No vantage differs from another. One that was not asked may, as Wilson's limits at 0 and 1 have
/// it: at most one in 1 + n / 3.84.
fn unanimous(share: f64, effective: f64) -> Share {
    let known = effective / (effective + Z * Z);
    Share { share, low: share * known, high: 1.0 - (1.0 - share) * known, size: effective }
}

/// Student's quantile of a two-sided 95 % interval.
fn student(freedom: usize) -> f64 {
    const FEW: [f64; 10] =
        [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281];
    let many = || {
        // Cornish and Fisher's expansion, to the third digit from here on.
        let n = real(freedom);
        Z + (Z.powi(3) + Z) / (4.0 * n)
            + (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / (96.0 * n * n)
            + (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * Z.powi(3) - 15.0 * Z)
                / (384.0 * n.powi(3))
    };
    freedom.checked_sub(1).and_then(|place| FEW.get(place)).copied().unwrap_or_else(many)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One prefix, of which each vantage has seen so many traces, and so many of the only class.
    fn shares(prefixes: &[&[(&str, usize, usize)]]) -> Option<Share> {
        seeded(prefixes, 0)
    }

    fn seeded(prefixes: &[&[(&str, usize, usize)]], seed: u64) -> Option<Share> {
        let by_vantage = |prefix: &&[(&str, usize, usize)]| {
            prefix
                .iter()
                .map(|(name, all, class)| ((*name).to_owned(), vec![*all, *class]))
                .collect()
        };
        let prefixes: Vec<HashMap<String, Seen>> = prefixes.iter().map(by_vantage).collect();
        Some(Clusters::of(prefixes.iter())?.shares(seed)[0])
    }

    fn limits(share: Share) -> String {
        format!("{:.4} {:.4} {:.4}", share.share, share.low, share.high)
    }

    #[test]
    fn one_vantage_is_no_cluster_and_neither_is_what_has_no_name() {
        assert_eq!(shares(&[&[("a", 9, 3)]]), None);
        assert_eq!(shares(&[&[("a", 9, 3), ("", 9, 3)]]), None);
        assert!(shares(&[&[("a", 9, 3), ("b", 9, 3)]]).is_some());
    }

    /// 4 / (4 + 3.8415) = 0.5101, however many traces they have made.
    #[test]
    fn four_vantages_that_agree_are_four_observations() {
        let four = [("a", 500, 500), ("b", 500, 500), ("c", 500, 500), ("d", 500, 500)];
        assert_eq!(limits(shares(&[&four]).expect("shares")), "1.0000 0.5101 1.0000");
    }

    /// Each of one class: Wilson's interval for 6 of 10, whatever the number of traces.
    #[test]
    fn vantages_that_are_each_of_one_class_are_a_simple_sample() {
        let each = |traces: usize| -> Vec<(&str, usize, usize)> {
            let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
            let place = |(place, name)| (name, traces, if place < 6 { traces } else { 0 });
            names.into_iter().enumerate().map(place).collect()
        };
        for traces in [1, 40] {
            let share = shares(&[&each(traces)]).expect("shares");
            assert_eq!(limits(share), "0.6000 0.3127 0.8318");
        }
    }

    /// Two vantages see the prefixes the same way, and so does a third: 3 / (3 + 3.8415) = 0.4385,
    /// of each half.
    #[test]
    fn prefixes_that_differ_weigh_the_same() {
        let china = [("a", 1, 1), ("b", 9, 9), ("c", 1, 1)];
        let russia = [("a", 7, 0), ("b", 7, 0), ("c", 7, 0)];
        let share = shares(&[&china, &russia]).expect("shares");
        assert!((share.share - 0.5).abs() < 1e-12);
        // The second one weighs more: (2/11 + 2/3 + ...) as Kish has it.
        let weights: [f64; 3] = [
            f64::midpoint(1.0 / 11.0, 1.0 / 3.0),
            f64::midpoint(9.0 / 11.0, 1.0 / 3.0),
            f64::midpoint(1.0 / 11.0, 1.0 / 3.0),
        ];
        let effective = weights.iter().map(|it| it * it).sum::<f64>().recip();
        assert!((share.size - effective).abs() < 1e-9);
        assert!((share.low - 0.5 * effective / (effective + 3.841_459)).abs() < 1e-6);
    }

    /// Every vantage sees a split near one half: their spread decides, which is small.
    #[test]
    fn vantages_that_see_the_same_split_say_much_together() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let seen: Vec<(&str, usize, usize)> = names
            .into_iter()
            .enumerate()
            .map(|(place, name)| (name, 100, 48 + place % 4))
            .collect();
        let share = shares(&[&seen]).expect("shares");
        assert!(share.high - share.low < 0.03, "{}", limits(share));
        assert!(share.low < 0.495 && share.high > 0.495, "{}", limits(share));
    }

    /// None of them has seen both prefixes, and none contradicts another.
    #[test]
    fn a_prefix_that_some_vantages_have_not_seen_keeps_its_share() {
        let china = [("a", 1, 1), ("b", 1, 1)];
        let russia = [("c", 1, 0), ("d", 1, 0), ("e", 1, 0), ("f", 1, 0), ("g", 1, 0), ("h", 1, 0)];
        let share = shares(&[&china, &russia]).expect("shares");
        // Kish: 1 / (2 / 16 + 6 / 144) = 6 vantages; 0.5 * 6 / 9.8415.
        assert_eq!(limits(share), "0.5000 0.3048 0.6952");
    }

    #[test]
    fn the_seed_decides_all_there_is_of_chance() {
        let seen = [("a", 10, 3), ("b", 10, 7), ("c", 10, 5), ("d", 10, 4)];
        assert_eq!(seeded(&[&seen], 1), seeded(&[&seen], 1));
        assert_ne!(seeded(&[&seen], 1), seeded(&[&seen], 2));
    }

    /// Twelve hundred vantages of which some have seen more than others, and none the same split.
    #[test]
    fn without_drawings_the_variance_is_the_same() {
        let prefix = |salt: usize| -> HashMap<String, Seen> {
            let seen = |place: usize| {
                let all = 1 + (place * 7 + salt) % 9;
                vec![all, (place * place + salt) % (all + 1)]
            };
            (0..1200).map(|place| (format!("v{place}"), seen(place))).collect()
        };
        let prefixes = [prefix(1), prefix(4)];
        let clusters = Clusters::of(prefixes.iter()).expect("vantages");
        assert!(clusters.is_large());
        let whole = clusters.totals(&clusters.times(clusters.vantages.iter().copied()));
        let parts = [0..2, 0..1, 1..2];
        let drawn = clusters.resampled(&parts, &whole, 7);
        let linear = clusters.linearised(&parts, &whole);
        for (drawn, linear) in drawn.iter().flatten().zip(linear.iter().flatten()) {
            assert!((drawn / linear - 1.0).abs() < 0.1, "{drawn} {linear}");
        }
        assert_ne!(drawn, linear);
    }

    #[test]
    fn students_quantiles_are_those_of_the_tables() {
        for (freedom, expected) in
            [(1, 12.706), (10, 2.228), (11, 2.201), (30, 2.042), (1000, 1.962)]
        {
            assert!((student(freedom) - expected).abs() < 1e-3, "{freedom}: {}", student(freedom));
        }
    }
}
