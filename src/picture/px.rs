//! Places in a picture, in tenths of a pixel: whole numbers, so that what abuts abuts, and no place is
//! no number.

use std::fmt;
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
}
