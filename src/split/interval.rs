//! A share and its 95 % interval.

use std::collections::BTreeMap;

use crate::targets::ClassId;
use crate::transit::Class;

/// The normal quantile of a two-sided 95 % interval.
pub(super) const Z: f64 = 1.959_963_984_540_054;

/// A share of the classified traces, with the limits of its 95 % interval; all from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The share.
    pub share: f64,
    /// The lower limit.
    pub low: f64,
    /// The upper limit.
    pub high: f64,
    /// The number of classified traces it is of; with several vantages, the number that independent
    /// traces of the same precision would have.
    pub size: f64,
}

impl Share {
    /// The share of a class among so many classified traces, if there are any.
    pub(super) fn of(
        counts: &BTreeMap<Class, usize>,
        id: ClassId,
        classified: usize,
    ) -> Option<Self> {
        let count = counts.get(&Class::Transit(id)).copied().unwrap_or_default();
        (classified > 0).then(|| Self::wilson(real(count) / real(classified), real(classified)))
    }

    /// The mean of shares that weigh the same, if there are any. Its interval is the score interval
    /// for a mean of independent shares: it holds every mean that is no further off than 1.96
    /// standard deviations, those taken where the shares are likeliest to have that mean. It is
    /// Wilson's for one share, and for equal samples that agree.
    pub(super) fn mean(shares: &[Self]) -> Option<Self> {
        let share = mean(shares.iter().map(|one| one.share))?;
        let size = shares.iter().map(|one| one.size).sum();
        let parts: Vec<(f64, f64)> = shares.iter().map(|one| (one.share, one.size)).collect();
        let mirrored: Vec<(f64, f64)> =
            parts.iter().map(|(share, size)| (1.0 - share, *size)).collect();
        let (low, high) = (lower_limit(&parts), 1.0 - lower_limit(&mirrored));
        Some(Self { share, low: low.clamp(0.0, share), high: high.clamp(share, 1.0), size })
    }

    /// A share with the score interval of a sample of this size (Wilson, "Probable inference", JASA 22, 1927).
    #[must_use]
    pub fn wilson(share: f64, size: f64) -> Self {
        Self::score(share, size, Z)
    }

    /// The score interval that reaches `quantile` standard deviations.
    pub(super) fn score(share: f64, size: f64, quantile: f64) -> Self {
        let z2 = quantile * quantile / size;
        let middle = (share + z2 / 2.0) / (1.0 + z2);
        let half =
            quantile / (1.0 + z2) * (share * (1.0 - share) / size + z2 / (4.0 * size)).sqrt();
        // At 0 and 1 one limit is the share itself; rounding must not put it beyond.
        let (low, high) = ((middle - half).clamp(0.0, share), (middle + half).clamp(share, 1.0));
        Self { share, low, high, size }
    }
}

/// The mean, if there are any.
pub(super) fn mean(numbers: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let count = real(numbers.len());
    (count > 0.0).then(|| numbers.sum::<f64>() / count)
}

/// The least mean that is no more than [`Z`] standard deviations below that of `parts`, which are
/// shares with their sizes. The likeliest shares with a lower mean are those at which each gives way
/// to the same `pull`.
fn lower_limit(parts: &[(f64, f64)]) -> f64 {
    let observed = mean(parts.iter().map(|(share, _)| *share)).unwrap_or_default();
    let count = real(parts.len());
    let pulled =
        |pull: f64| parts.iter().map(move |(share, size)| (give_way(*share, *size, pull), *size));
    let mean_at = |pull| mean(pulled(pull).map(|(share, _)| share)).unwrap_or_default();
    let inside = |pull: f64| {
        let variance: f64 = pulled(pull).map(|(share, size)| share * (1.0 - share) / size).sum();
        (observed - mean_at(pull)) * count <= Z * variance.sqrt()
    };
    let mut pulls = (0.0, 1.0);
    while inside(pulls.1) && pulls.1 < 1e18 {
        pulls = (pulls.1, pulls.1 * 2.0);
    }
    for _ in 0..STEPS {
        let middle = f64::midpoint(pulls.0, pulls.1);
        if inside(middle) { pulls.0 = middle } else { pulls.1 = middle }
    }
    mean_at(pulls.0)
}

/// How often the search for a limit halves its range: to the last bit.
const STEPS: u32 = 60;

/// The likeliest share behind an observed one of `size`, when it is pulled down by `pull`: where the
/// likelihood's slope, size * (observed - p) / (p * (1 - p)), is the pull.
fn give_way(observed: f64, size: f64, pull: f64) -> f64 {
    let sum = size + pull;
    let root = (sum * sum - 4.0 * pull * size * observed).max(0.0).sqrt();
    2.0 * size * observed / (sum + root)
}

/// A count as a number; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "no run has 2^53 traces")]
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(share: Share) -> (String, String, String) {
        let text = |number: f64| format!("{number:.4}");
        (text(share.share), text(share.low), text(share.high))
    }

    /// At 0 of n and n of n the far limits are z² / (n + z²) and n / (n + z²).
    #[test]
    fn wilson_limits_are_those_worked_by_hand() {
        assert_eq!(limits(Share::wilson(0.6, 10.0)), ("0.6000", "0.3127", "0.8318").map_str());
        assert_eq!(limits(Share::wilson(0.0, 20.0)), ("0.0000", "0.0000", "0.1611").map_str());
        assert_eq!(limits(Share::wilson(1.0, 256.0)), ("1.0000", "0.9852", "1.0000").map_str());
    }

    /// The limits move as far as the less certain prefix alone lets them: half as far as its own.
    #[test]
    fn a_prefix_with_few_traces_weighs_as_much_and_widens_the_interval() {
        let few = Share::wilson(0.0, 4.0);
        let mean = Share::mean(&[Share::wilson(1.0, 1e9), few]).expect("two shares");
        assert!((mean.share - 0.5).abs() < 1e-9);
        assert!((mean.high - (0.5 + few.high / 2.0)).abs() < 1e-6, "{mean:?}");
        assert!(mean.low > 0.499_999, "{mean:?}");
    }

    /// What no prefix leaves open adds nothing to what one does.
    #[test]
    fn a_prefix_that_is_all_of_one_class_leaves_the_width_to_one_that_is_split() {
        let split = Share::wilson(0.5, 256.0);
        let pure = Share::wilson(1.0, 256.0);
        let mean = Share::mean(&[split, pure, pure, pure]).expect("shares");
        let half = (split.high - split.low) / 8.0;
        assert!((mean.high - mean.low) / 2.0 <= half + 0.002, "{mean:?} {half}");
        assert!((mean.share - mean.low - half).abs() < 1e-3, "{mean:?} {half}");
    }

    #[test]
    fn one_share_is_its_own_mean() {
        for (share, size) in [(0.6, 10.0), (0.0, 20.0), (1.0, 256.0), (0.01, 400.0)] {
            let alone = Share::wilson(share, size);
            let mean = Share::mean(&[alone]).expect("a share");
            assert_eq!(limits(mean), limits(alone));
            let five = Share::mean(&[alone; 5]).expect("shares");
            assert_eq!(limits(five), limits(Share::wilson(share, 5.0 * size)));
        }
    }

    #[test]
    fn no_share_has_no_mean() {
        assert_eq!(Share::mean(&[]), None);
    }

    trait MapStr {
        fn map_str(self) -> (String, String, String);
    }

    impl MapStr for (&str, &str, &str) {
        fn map_str(self) -> (String, String, String) {
            (self.0.into(), self.1.into(), self.2.into())
        }
    }
}
