//! JSON as programs write it, step by step: short plain strings, short numbers, any order.
//!
//! Every step gives nothing where it meets something else, valid or not; who then reads the text from
//! its beginning with `serde_json` has the answer. What a step does accept, `serde_json` reads alike.

use std::str;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The digits of a number that a double holds exactly, so that one division rounds it rightly.
const DIGITS: usize = 15;
const POWERS: [f64; DIGITS + 1] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The digits of a number that 64 bits hold.
const LONGEST: usize = 18;

/// The most brackets around each other in a value that is passed.
const DEEPEST: usize = 8;

/// A number as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimal {
    is_negative: bool,
    /// Its digits, no more than a double holds.
    digits: u64,
    /// How many of them stand behind the point.
    behind: usize,
}

impl Decimal {
    pub(super) fn real(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "it has no more digits than a double holds")]
        let number = self.digits as f64 / POWERS.get(self.behind).copied().unwrap_or(f64::NAN);
        if self.is_negative { -number } else { number }
    }

    /// How many millionths it is, if that is a whole number.
    pub(super) fn millionths(self) -> Option<u64> {
        const POWERS: [u64; 7] = [1_000_000, 100_000, 10_000, 1000, 100, 10, 1];
        let power = POWERS.get(self.behind).filter(|_| !self.is_negative)?;
        self.digits.checked_mul(*power)
    }
}

/// A place in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Reads an object; `field` reads the value of each key.
    pub(super) fn fields(
        &mut self,
        mut field: impl FnMut(&mut Self, &'a [u8]) -> Option<()>,
    ) -> Option<()> {
        self.expect(b'{')?;
        if self.meets(b'}') {
            return Some(());
        }
        loop {
            let key = self.quoted()?;
            self.expect(b':')?;
            field(self, key)?;
            if !self.meets(b',') {
                return self.expect(b'}');
            }
        }
    }

    /// Reads a list.
    pub(super) fn elements(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.expect(b'[')?;
        if self.meets(b']') {
            return Some(());
        }
        loop {
            element(self)?;
            if !self.meets(b',') {
                return self.expect(b']');
            }
        }
    }

    /// A string in which nothing is escaped.
    pub(super) fn string(&mut self) -> Option<&'a str> {
        let length = self.quoted()?.len();
        let end = self.at.checked_sub(1)?;
        self.text.get(end.checked_sub(length)?..end)
    }

    /// The bytes of a string in which nothing is escaped.
    fn quoted(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let rest = self.text.as_bytes().get(self.at..)?;
        let string = rest.get(..plain(rest)?)?;
        self.at += string.len() + 1;
        Some(string)
    }

    /// A whole number that is not negative.
    pub(super) fn whole<T: TryFrom<u64>>(&mut self) -> Option<T> {
        self.blanks();
        T::try_from(self.unsigned()?.0).ok()
    }

    /// A number without an exponent.
    pub(super) fn number(&mut self) -> Option<Decimal> {
        self.blanks();
        let is_negative = self.next() == Some(b'-');
        self.at += usize::from(is_negative);
        let (mut digits, before) = self.unsigned()?;
        let mut behind = 0;
        if self.next() == Some(b'.') {
            self.at += 1;
            (digits, behind) = self.digits(digits)?;
        }
        let is_exact = before + behind <= DIGITS && !matches!(self.next(), Some(b'e' | b'E'));
        is_exact.then_some(Decimal { is_negative, digits, behind })
    }

    /// Passes exactly this text, or nothing.
    #[inline]
    pub(super) fn literally<const N: usize>(&mut self, text: &[u8; N]) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        (rest.first_chunk() == Some(text)).then(|| self.at += N)
    }

    /// Reads by `read`, or goes back to where it was.
    pub(super) fn perhaps<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.at;
        let value = read(self);
        if value.is_none() {
            self.at = before;
        }
        value
    }

    /// Any value that is not needed; null is none.
    pub(super) fn present(&mut self) -> Option<IgnoredAny> {
        self.blanks();
        if self.next()? == b'n' {
            return None;
        }
        self.pass().map(|()| IgnoredAny)
    }

    /// Any value that is not needed.
    pub(super) fn pass(&mut self) -> Option<()> {
        self.pass_to(DEEPEST)
    }

    /// The same, where nothing stands in more than `depth` brackets; what does is left to `serde_json`, which
    /// has a limit of its own.
    fn pass_to(&mut self, depth: usize) -> Option<()> {
        self.blanks();
        let is_usual = match self.next()? {
            b'"' => self.perhaps(Self::quoted).is_some(),
            b'0'..=b'9' => self.perhaps(Self::pass_number).is_some(),
            b'{' if depth > 0 => {
                self.perhaps(|it| it.fields(|it, _| it.pass_to(depth - 1))).is_some()
            }
            b'[' if depth > 0 => {
                self.perhaps(|it| it.elements(|it| it.pass_to(depth - 1))).is_some()
            }
            _ => false,
        };
        if is_usual { Some(()) } else { self.other::<IgnoredAny>().map(|_| ()) }
    }

    /// A number that is neither negative nor has an exponent, and is not needed.
    pub(super) fn pass_number(&mut self) -> Option<()> {
        self.unsigned()?;
        if self.next() == Some(b'.') {
            self.at += 1;
            self.digits(0)?;
        }
        (!matches!(self.next(), Some(b'e' | b'E'))).then_some(())
    }

    /// A value that `serde_json` reads.
    pub(super) fn other<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let rest = self.text.get(self.at..)?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter();
        let value = values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(value)
    }

    /// Whether `byte` comes next, which is passed then.
    pub(super) fn meets(&mut self, byte: u8) -> bool {
        if self.next() != Some(byte) {
            self.blanks();
        }
        let met = self.next() == Some(byte);
        self.at += usize::from(met);
        met
    }

    /// Whether nothing comes any more.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.blanks();
        self.at == self.text.len()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.meets(byte).then_some(())
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.next() {
            self.at += 1;
        }
    }

    /// A whole number, which has no zero before it, and its digits.
    fn unsigned(&mut self) -> Option<(u64, usize)> {
        let is_zero = self.next() == Some(b'0');
        let (number, digits) = self.digits(0)?;
        (digits == 1 || !is_zero).then_some((number, digits))
    }

    /// Digits behind those of `number`: the number with them, and how many they are.
    fn digits(&mut self, mut number: u64) -> Option<(u64, usize)> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let mut count = 0;
        while let Some(digit @ b'0'..=b'9') = rest.get(count) {
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            count += 1;
        }
        self.at += count;
        (1..=LONGEST).contains(&count).then_some((number, count))
    }
}

/// How many bytes stand before a quote, if nothing before it is escaped or a control character.
fn plain(bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk() {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            length += marks.trailing_zeros() as usize / 8;
            return (bytes.get(length) == Some(&b'"')).then_some(length);
        }
        length += word.len();
        rest = behind;
    }
    length += rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
    (bytes.get(length) == Some(&b'"')).then_some(length)
}

/// The top bit of each byte of `word` that is a quote, a backslash or a control character, up to the
/// first of them; those behind it may be wrong.
const fn marks(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const fn zeros(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word
    }
    let quote = zeros(word ^ (ONES * b'"' as u64));
    let backslash = zeros(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * b' ' as u64) & !word;
    (quote | backslash | control) & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Deserializer;

    use super::*;

    /// What `serde_json` reads at the beginning of `text`, and where that ends.
    fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Option<(T, usize)> {
        let mut values = Deserializer::from_str(text).into_iter();
        let value = values.next()?.ok()?;
        Some((value, values.byte_offset()))
    }

    #[test]
    fn what_is_not_plain_is_left_to_others() {
        for text in [r#""a\"b""#, "\"a\n\"", "\"a", "a", ""] {
            assert_eq!(Cursor::new(text).string(), None, "{text}");
        }
        for text in
            ["01", "- 1", "1e3", "1.", ".1", "-", "1.234567890123456", "99999999999999999999", "x"]
        {
            assert!(Cursor::new(text).number().is_none(), "{text}");
        }
        assert_eq!(Cursor::new("256").whole::<u8>(), None);
        assert_eq!(Cursor::new("00").whole::<u8>(), None);
    }

    proptest! {
        #[test]
        fn strings_are_those_of_serde(text in r#""[a-z"\\\x00-\x20é]{0,20}",?"#) {
            let mut cursor = Cursor::new(&text);
            if let Some(string) = cursor.string() {
                let (theirs, end) = read::<String>(&text).expect("a string");
                prop_assert_eq!((string, cursor.at), (theirs.as_str(), end));
            }
        }

        #[test]
        fn numbers_are_those_of_serde(text in r"-?(0|[1-9][0-9]{0,9})(\.[0-9]{0,9})?[,eE]?") {
            let mut cursor = Cursor::new(&text);
            if let Some(number) = cursor.number() {
                let (theirs, end) = read::<f64>(&text).expect("a number");
                prop_assert_eq!((number.real().to_bits(), cursor.at), (theirs.to_bits(), end));
            }
        }

        #[test]
        fn plain_decimals_are_read(number in -1e3..1e3, decimals in 0_usize..7) {
            let text = format!("{number:.decimals$}");
            let number = Cursor::new(&text).number().map(Decimal::real);
            prop_assert_eq!(number, text.parse().ok());
        }

        #[test]
        fn what_is_passed_is_a_value(text in r#"[\[\]{}",:0-9a.\\ntrue -]{0,12}"#) {
            let mut cursor = Cursor::new(&text);
            if cursor.pass().is_some() {
                let passed = serde_json::from_str::<IgnoredAny>(&text[..cursor.at]);
                prop_assert!(passed.is_ok(), "{text}");
                // Behind a number serde wants a blank, a comma or a bracket: who reads on finds that there
                // is none.
                let is_number = text.trim_start().starts_with(|first: char| first.is_ascii_digit());
                let theirs = read::<IgnoredAny>(&text).map(|(_, end)| end);
                let is_left_to_others = theirs.is_none() && is_number;
                prop_assert!(theirs == Some(cursor.at) || is_left_to_others, "{text}");
            }
        }
    }
}
