//! An axis of values with round numbers at its ends.

use super::px::Px;

/// From the lower end to the upper one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Scale {
    /// The narrowest one with round ends that has all values; nothing without any.
    pub(super) fn round(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let low = values.clone().reduce(f64::min).filter(|low| low.is_finite())?;
        let high = values.reduce(f64::max).filter(|high| high.is_finite())?;
        // A line of small noise is no mountain range.
        let step = round_up(((high - low) / 2.0).max(high / 10.0).max(0.001));
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Some(Self { low, high: if high > low { high } else { low + step } })
    }

    /// The same from 0.
    pub(super) fn from_zero(values: impl Iterator<Item = f64>) -> Option<Self> {
        let high = values.reduce(f64::max).filter(|high| high.is_finite())?;
        Some(Self { low: 0.0, high: round_up(high.max(0.001)) })
    }

    /// How far above the lower end a value is, on an axis of this height.
    pub(super) fn height(self, value: f64, height: Px) -> Px {
        height.part((value - self.low) / (self.high - self.low))
    }
}

/// 1, 2 or 5 with zeros.
fn round_up(value: f64) -> f64 {
    let ten = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|step| step * ten);
    steps.into_iter().find(|step| *step >= value * 0.999_999).unwrap_or(10.0 * ten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_round() {
        let ends = |values: &[f64]| Scale::round(values.iter().copied()).map(|s| (s.low, s.high));
        assert_eq!(ends(&[184.0, 236.0]), Some((150.0, 250.0)));
        assert_eq!(ends(&[200.0]), Some((200.0, 220.0)));
        assert_eq!(ends(&[0.0]), Some((0.0, 0.001)));
        assert_eq!(ends(&[]), None);
        assert_eq!(Scale::from_zero([0.017].into_iter()), Some(Scale { low: 0.0, high: 0.02 }));
    }
}
