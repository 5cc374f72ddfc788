//! UTF-16 as some editors and shells write it, turned into the UTF-8 that the formats read.

use std::io::{self, BufRead, BufReader, Read};

/// What marks UTF-16, the lower byte first or last.
const MARKS: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

/// `input` in UTF-8: decoded where it begins with the mark of UTF-16, else as it is.
///
/// # Errors
/// When `input` fails.
pub(super) fn decoded<'a>(
    input: &'a mut (dyn BufRead + Send),
) -> io::Result<Box<dyn BufRead + Send + 'a>> {
    let head = input.fill_buf()?;
    let Some(mark) = MARKS.into_iter().find(|mark| head.starts_with(mark)) else {
        return Ok(Box::new(input));
    };
    Ok(Box::new(BufReader::new(Utf16::new(input, mark == MARKS[1]))))
}

struct Utf16<'a> {
    input: &'a mut (dyn BufRead + Send),
    high_first: bool,
    /// What stood at the end of a piece and belongs to what follows.
    rest: Vec<u8>,
    text: io::Cursor<Vec<u8>>,
}

impl<'a> Utf16<'a> {
    fn new(input: &'a mut (dyn BufRead + Send), high_first: bool) -> Self {
        Self { input, high_first, rest: Vec::new(), text: io::Cursor::default() }
    }

    /// Decodes the next piece; there is none at the end.
    fn decode(&mut self) -> io::Result<bool> {
        let piece = self.input.fill_buf()?;
        let read = piece.len();
        self.rest.extend_from_slice(piece);
        self.input.consume(read);
        if self.rest.is_empty() {
            return Ok(false);
        }
        let mut units: Vec<u16> =
            self.rest.as_chunks().0.iter().map(|two| self.unit(*two)).collect();
        let mut used = 2 * units.len();
        if read > 0 && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            units.pop();
            used -= 2;
        }
        self.rest.drain(..used);
        let mut text = String::from_utf16_lossy(&units);
        if read == 0 {
            // Half a unit at the end.
            text.extend(self.rest.drain(..).map(|_| char::REPLACEMENT_CHARACTER));
        }
        self.text = io::Cursor::new(text.into_bytes());
        Ok(true)
    }

    fn unit(&self, two: [u8; 2]) -> u16 {
        if self.high_first { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) }
    }
}

impl Read for Utf16<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.text.read(to)?;
            if read > 0 || to.is_empty() || !self.decode()? {
                return Ok(read);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `bytes` as they are read when they come `piece` by `piece`.
    fn read(bytes: &[u8], piece: usize) -> String {
        let mut input = BufReader::with_capacity(piece, bytes);
        let mut text = String::new();
        decoded(&mut input).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn both_orders_are_read_and_utf_8_stays() {
        let text = "\u{feff}{\"a\": \"ä 🦀\"}\r\n";
        let low: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let high: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for piece in [2, 3, 5, 64] {
            assert_eq!(read(&low, piece), text);
            assert_eq!(read(&high, piece), text);
            assert_eq!(read(text.as_bytes(), piece), text);
        }
        assert_eq!(read(&low[..low.len() - 1], 7), "\u{feff}{\"a\": \"ä 🦀\"}\r\u{fffd}");
    }

    proptest! {
        #[test]
        fn nothing_panics_or_hangs(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            bytes.splice(0..0, [0xff, 0xfe]);
            let mut input = BufReader::with_capacity(3, bytes.as_slice());
            let mut text = String::new();
            decoded(&mut input).unwrap().read_to_string(&mut text).unwrap();
        }
    }
}
