//! A stream of text as numbered lines, whatever its encoding and its line ends.
//!
//! Between the bytes of a file and the formats that are made of lines. Digits, blanks, `*`, `<` and
//! addresses come out as they were written in every encoding a console or a shell writes; of the
//! letters of other scripts that holds in Unicode alone.

use std::io::{self, BufRead};

/// The longest line, in bytes (UTF-16: in units); what is behind it is cut off.
pub(super) const LONGEST: usize = 1 << 20;

/// Stands for a letter of an unknown code page.
const LETTER: char = char::REPLACEMENT_CHARACTER;
const NO_BREAK_SPACE: char = '\u{a0}';
const BYTE_ORDER_MARK: char = '\u{feff}';
const CR: u16 = 0x0d;
const LF: u16 = 0x0a;

/// The lines of a text, each with its number from 1, without line ends. UTF-8, UTF-16, and code pages
/// that agree with ASCII; lines end in LF, CR LF, CR CR LF or CR.
pub(super) struct Lines<'a> {
    input: &'a mut (dyn BufRead + Send),
    cutter: Option<Cutter>,
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(input: &'a mut (dyn BufRead + Send)) -> Self {
        Self { input, cutter: None, number: 0 }
    }

    fn cut(&mut self) -> io::Result<Option<String>> {
        loop {
            let bytes = self.input.fill_buf()?;
            let cutter = self.cutter.get_or_insert_with(|| Cutter::new(Width::of(bytes)));
            if bytes.is_empty() {
                return Ok(cutter.rest());
            }
            let read = bytes.len();
            for (place, byte) in bytes.iter().enumerate() {
                if let Some(line) = cutter.take(*byte) {
                    self.input.consume(place + 1);
                    return Ok(Some(line));
                }
            }
            self.input.consume(read);
        }
    }
}

impl Iterator for Lines<'_> {
    type Item = io::Result<(u64, String)>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.cut().transpose()?;
        self.number += 1;
        Some(line.map(|line| (self.number, line)))
    }
}

/// The lines of a file that begins with `head`. The last one may have been cut anywhere.
pub(super) fn head(head: &[u8]) -> Vec<String> {
    let mut input = head;
    Lines::new(&mut input).map_while(Result::ok).map(|(_, line)| line).collect()
}

/// How many bytes make a unit, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    One,
    LittleEndian,
    BigEndian,
}

impl Width {
    /// That of a text that begins with `bytes`. UTF-16 is known by its mark, or by an ASCII character
    /// at its beginning.
    fn of(bytes: &[u8]) -> Self {
        let is_ascii = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
        match bytes {
            [0xff, 0xfe, ..] => Self::LittleEndian,
            [0xfe, 0xff, ..] => Self::BigEndian,
            [first, 0, ..] if is_ascii(*first) => Self::LittleEndian,
            [0, second, ..] if is_ascii(*second) => Self::BigEndian,
            _ => Self::One,
        }
    }
}

/// What line ends have been seen right before, that may belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Text,
    Cr,
    CrCr,
}

/// Follows units and line ends, byte by byte.
#[derive(Debug)]
struct Cutter {
    width: Width,
    half: Option<u8>,
    before: Before,
    line: Vec<u16>,
}

impl Cutter {
    fn new(width: Width) -> Self {
        Self { width, half: None, before: Before::Text, line: Vec::new() }
    }

    /// The line that this byte ends.
    fn take(&mut self, byte: u8) -> Option<String> {
        let unit = match (self.width, self.half.take()) {
            (Width::One, _) => u16::from(byte),
            (_, None) => {
                self.half = Some(byte);
                return None;
            }
            (Width::LittleEndian, Some(first)) => u16::from_le_bytes([first, byte]),
            (Width::BigEndian, Some(first)) => u16::from_be_bytes([first, byte]),
        };
        self.follow(unit)
    }

    fn follow(&mut self, unit: u16) -> Option<String> {
        match (unit, self.before) {
            (LF, Before::Cr | Before::CrCr) => {
                self.before = Before::Text;
                None
            }
            (CR, Before::Cr) => {
                self.before = Before::CrCr;
                None
            }
            // The second CR was a line of its own.
            (CR, Before::CrCr) => Some(String::new()),
            (CR, Before::Text) => {
                self.before = Before::Cr;
                Some(self.text())
            }
            (LF, Before::Text) => Some(self.text()),
            (_, before) => {
                self.before = Before::Text;
                if self.line.len() < LONGEST {
                    self.line.push(unit);
                }
                (before == Before::CrCr).then(String::new)
            }
        }
    }

    /// The last line, where nothing ends it.
    fn rest(&mut self) -> Option<String> {
        (!self.line.is_empty()).then(|| self.text())
    }

    fn text(&mut self) -> String {
        let units = std::mem::take(&mut self.line);
        let text = if self.width == Width::One { narrow(&units) } else { wide(&units) };
        match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) => rest.to_owned(),
            None => text,
        }
    }
}

fn wide(units: &[u16]) -> String {
    char::decode_utf16(units.iter().copied()).map(|unit| unit.unwrap_or(LETTER)).collect()
}

/// UTF-8, else a code page. In those of two bytes the second can look like a letter or a bracket, never
/// like a digit, a blank, a dot, a colon, `*`, `<` or a parenthesis; so a text is read rightly by all
/// who take a bracket for one only where an address stands in it.
fn narrow(units: &[u16]) -> String {
    // NUL: what a shell that writes UTF-16 has appended.
    let bytes: Vec<u8> = units
        .iter()
        .filter_map(|unit| u8::try_from(*unit).ok())
        .filter(|byte| *byte != 0)
        .collect();
    String::from_utf8(bytes).unwrap_or_else(|bytes| bytes.as_bytes().iter().map(letter).collect())
}

fn letter(byte: &u8) -> char {
    match byte {
        0..=0x7f => char::from(*byte),
        // As Windows has it, and as the consoles of DOS had it.
        0xa0 | 0xff => NO_BREAK_SPACE,
        _ => LETTER,
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        head(bytes)
    }

    fn utf16(text: &str, to: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to).collect()
    }

    #[test]
    fn all_line_ends_are_line_ends() {
        assert_eq!(lines(b"a\nb\r\nc\rd\r\r\ne\n\nf"), ["a", "b", "c", "d", "e", "", "f"]);
        assert_eq!(lines(b"a\r\rb\r\r\rc"), ["a", "", "b", "", "", "c"]);
        assert_eq!(lines(b"a\r\n\r\nb\r\n"), ["a", "", "b"]);
    }

    #[test]
    fn unicode_is_known_by_its_mark_and_without() {
        let text = "d\u{e9}lai 1\r\n  2 ms \u{6beb}\n";
        let expected = ["d\u{e9}lai 1", "  2 ms \u{6beb}"];
        let marked = format!("\u{feff}{text}");
        assert_eq!(lines(text.as_bytes()), expected);
        assert_eq!(lines(marked.as_bytes()), expected);
        for text in [text, &marked] {
            assert_eq!(lines(&utf16(text, u16::to_le_bytes)), expected);
            assert_eq!(lines(&utf16(text, u16::to_be_bytes)), expected);
        }
    }

    #[test]
    fn what_matters_survives_in_code_pages() {
        // Code page 932: the last byte of a letter is a bracket.
        assert_eq!(
            lines(b"a [10.0.3.6] \x83\x8b\x81[\x83g"),
            ["a [10.0.3.6] \u{fffd}\u{fffd}\u{fffd}[\u{fffd}g"]
        );
        // Code page 936, without a blank before the address.
        assert_eq!(
            lines(b" 2 <1 \xba\xc1\xc3\xeb*1.2.3.4"),
            [" 2 <1 \u{fffd}\u{fffd}\u{fffd}\u{fffd}*1.2.3.4"]
        );
        // No-break spaces of code pages 1252 and 850.
        for bytes in [b"\xe0 1\xa0ms", b"\x85 1\xffms"] {
            assert_eq!(lines(bytes), ["\u{fffd} 1\u{a0}ms"]);
        }
    }

    #[test]
    fn utf_16_that_was_appended_to_a_plain_file_can_be_read() {
        let mut bytes = b"a\r\n".to_vec();
        bytes.extend(utf16("\u{feff}b 1.2.3.4\r\n", u16::to_le_bytes));
        let lines = lines(&bytes);
        assert!(lines.iter().any(|line| line.ends_with("b 1.2.3.4")), "{lines:?}");
    }

    #[test]
    fn long_lines_are_cut_and_the_next_one_is_whole() {
        let mut bytes = vec![b'x'; 3 * LONGEST];
        bytes.extend(b"\nend");
        let lines = lines(&bytes);
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [LONGEST, 3]);
    }

    #[test]
    fn endless_lines_take_no_endless_memory() {
        let mut input = BufReader::new(io::Read::take(io::repeat(b'x'), 1 << 28));
        assert_eq!(Lines::new(&mut input).count(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_lines(bytes: Vec<u8>, size in 1_usize..9) {
            let whole = lines(&bytes);
            prop_assert!(whole.iter().all(|line| !line.contains(['\n', '\r'])));
            // However it is read, after the first two bytes.
            let mut slow = BufReader::with_capacity(size + 1, bytes.as_slice());
            let slow: Vec<_> = Lines::new(&mut slow).map(|line| line.unwrap().1).collect();
            prop_assert_eq!(whole, slow);
        }

        #[test]
        fn ascii_survives(text in "[ -~]{0,60}") {
            let mut foreign = b"\xc4\xfc ".to_vec();
            foreign.extend(text.bytes());
            prop_assert_eq!(&lines(&foreign)[0][7..], text.as_str());
        }
    }
}
