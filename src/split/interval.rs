//! A share and its 95 % interval.

use std::collections::BTreeMap;

use crate::targets::ClassId;
use crate::transit::Class;

/// The normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// A share of the classified traces, with the limits of its 95 % interval; all from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The share.
    pub share: f64,
    /// The lower limit.
    pub low: f64,
    /// The upper limit.
    pub high: f64,
    /// The number of traces it stands for; where prefixes are weighed, the number that a simple
    /// sample of the same precision would have.
    pub size: f64,
}

impl Share {
    /// The share of a class among the classified traces, if there are any.
    pub(super) fn of(counts: &BTreeMap<Class, usize>, id: ClassId) -> Option<Self> {
        let classified: usize =
            counts.iter().filter(|(class, _)| class.is_classified()).map(|(_, count)| count).sum();
        let count = counts.get(&Class::Transit(id)).copied().unwrap_or_default();
        (classified > 0).then(|| Self::wilson(real(count) / real(classified), real(classified)))
    }

    /// The mean of shares that weigh the same, if there are any. Its size is Kish's effective
    /// sample size for those weights.
    pub(super) fn mean(shares: &[Self]) -> Option<Self> {
        let parts = real(shares.len());
        let share = shares.iter().map(|one| one.share).sum::<f64>() / parts;
        let size = parts * parts / shares.iter().map(|one| one.size.recip()).sum::<f64>();
        (!shares.is_empty()).then(|| Self::wilson(share, size))
    }

    /// The score interval (Wilson, "Probable inference", JASA 22, 1927).
    fn wilson(share: f64, size: f64) -> Self {
        let z2 = Z * Z / size;
        let middle = (share + z2 / 2.0) / (1.0 + z2);
        let half = Z / (1.0 + z2) * (share * (1.0 - share) / size + z2 / (4.0 * size)).sqrt();
        // At 0 and 1 one limit is the share itself; rounding must not put it beyond.
        let (low, high) = ((middle - half).clamp(0.0, share), (middle + half).clamp(share, 1.0));
        Self { share, low, high, size }
    }
}

/// A count as a number; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "no run has 2^53 traces")]
fn real(count: usize) -> f64 {
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

    #[test]
    fn equal_prefixes_give_the_interval_of_all_their_traces() {
        let parts = [Share::wilson(1.0, 256.0), Share::wilson(0.0, 256.0)];
        let mean = Share::mean(&parts).expect("two shares");
        assert_eq!(limits(mean), limits(Share::wilson(0.5, 512.0)));
    }

    #[test]
    fn a_prefix_with_few_traces_weighs_as_much_and_widens_the_interval() {
        let parts = [Share::wilson(1.0, 1000.0), Share::wilson(0.0, 4.0)];
        let mean = Share::mean(&parts).expect("two shares");
        assert!((mean.share - 0.5).abs() < 1e-9);
        assert!((mean.size - 15.936).abs() < 0.001, "{}", mean.size);
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
