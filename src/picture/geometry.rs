//! Places and lengths of a picture, paths through them, and axes of values.

use std::fmt::{self, Display, Write as _};
use std::ops::{Add, Div, Mul, Sub};

/// A place or a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Px(i32);

impl Px {
    pub(super) const ZERO: Self = Self(0);

    /// Whole pixels.
    pub(super) const fn of(pixels: i32) -> Self {
        Self(pixels * 10)
    }

    /// A part of this length: all of it for 1 and more, nothing for 0 and less.
    pub(super) fn part(self, part: f64) -> Self {
        // Not a number becomes 0 here.
        #[expect(clippy::cast_possible_truncation, reason = "at most the length itself")]
        Self((f64::from(self.0) * part.clamp(0.0, 1.0)).round() as i32)
    }

    /// About how wide a text is, in a sans-serif font; rather too wide than too narrow.
    pub(super) fn text(text: &str, size: i32) -> Self {
        let tenths: i32 = text.chars().map(|sign| width(sign) * size / 10).sum();
        Self(tenths)
    }
}

/// Hundredths of the size of the font.
fn width(sign: char) -> i32 {
    match sign {
        ' ' | '.' | ',' | ':' | ';' | '|' | '!' | 'i' | 'l' | 'j' | '(' | ')' | '\'' => 40,
        'a'..='z' | '0'..='9' | '/' | '-' => 63,
        'M' | 'W' | '%' => 95,
        '\0'..='\u{2fff}' => 72,
        _ => 105,
    }
}

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        match (self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10) {
            (whole, 0) => write!(f, "{sign}{whole}"),
            (0, tenths) => write!(f, "{sign}.{tenths}"),
            (whole, tenths) => write!(f, "{sign}{whole}.{tenths}"),
        }
    }
}

impl Add for Px {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Px {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Mul<i32> for Px {
    type Output = Self;
    fn mul(self, times: i32) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl Div<i32> for Px {
    type Output = Self;
    fn div(self, by: i32) -> Self {
        Self(self.0.checked_div(by).unwrap_or(0))
    }
}

impl std::iter::Sum for Px {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

/// A path that grows.
#[derive(Debug, Clone, Default)]
pub(super) struct Path {
    text: String,
    at: (Px, Px),
}

impl Path {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn move_to(&mut self, x: Px, y: Px) {
        self.put('M', format_args!("{x} {y}"));
        self.at = (x, y);
    }

    /// Straight to a place.
    pub(super) fn line_to(&mut self, x: Px, y: Px) {
        self.put('l', format_args!("{} {}", x - self.at.0, y - self.at.1));
        self.at = (x, y);
    }

    /// To the right or left.
    pub(super) fn across(&mut self, x: Px) {
        if x != self.at.0 {
            self.put('h', x - self.at.0);
        }
        self.at.0 = x;
    }

    /// Up or down.
    pub(super) fn upright(&mut self, y: Px) {
        if y != self.at.1 {
            self.put('v', y - self.at.1);
        }
        self.at.1 = y;
    }

    pub(super) fn close(&mut self) {
        self.text.push('z');
    }

    fn put(&mut self, command: char, to: impl Display) {
        let _ = write!(self.text, "{command}{to}");
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

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
    fn places_are_short() {
        let texts = [Px(0), Px(-3), Px(12), Px(-120), Px(-125)].map(|px| px.to_string());
        assert_eq!(texts, ["0", "-.3", "1.2", "-12", "-12.5"]);
    }

    #[test]
    fn a_part_is_never_more_than_the_whole() {
        let parts = [0.5, 2.0, -1.0, f64::NAN, f64::INFINITY].map(|part| Px::of(10).part(part));
        assert_eq!(parts, [Px::of(5), Px::of(10), Px::ZERO, Px::ZERO, Px::of(10)]);
    }

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
