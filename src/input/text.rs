//! A stream of text in UTF-8, whatever its encoding, and as numbered lines, whatever its line ends.
//!
//! UTF-16 is decoded as a stream. What is neither that nor UTF-8 is a code page, which shows line by line: a
//! file may hold several. Digits, blanks, `*`, `<` and addresses come out as they were written in every
//! encoding a console or a shell writes; of the letters of other scripts that holds in Unicode alone.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader};
use std::ops::Range;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;

/// The longest line, in bytes; what is behind it is cut off.
pub(crate) const LONGEST: usize = 1 << 20;

/// Stands for a letter of an unknown code page.
const LETTER: char = char::REPLACEMENT_CHARACTER;
const NO_BREAK_SPACE: char = '\u{a0}';
const BYTE_ORDER_MARK: char = '\u{feff}';

/// `input` in UTF-8 where it is UTF-16, else as it is.
///
/// # Errors
/// When `input` fails.
pub(crate) fn decoded<'a>(
    mut input: impl BufRead + Send + 'a,
) -> io::Result<Box<dyn BufRead + Send + 'a>> {
    let Some(encoding) = utf16(input.fill_buf()?) else { return Ok(Box::new(input)) };
    let decoder = DecodeReaderBytesBuilder::new().encoding(Some(encoding)).build(input);
    Ok(Box::new(BufReader::new(decoder)))
}

/// The kind of UTF-16 that begins with `bytes`. It is known by its mark, or by an ASCII character at its
/// beginning.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let is_ascii = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    match bytes {
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        [first, 0, ..] if is_ascii(*first) => Some(UTF_16LE),
        [0, second, ..] if is_ascii(*second) => Some(UTF_16BE),
        _ => None,
    }
}

/// The lines of a text, each with its number from 1, without line ends: LF, CR LF, CR CR LF or CR.
pub(crate) struct Lines<R> {
    input: R,
    cutter: Cutter,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `input`, which is UTF-8 or of a code page that agrees with ASCII.
    pub(crate) fn new(input: R) -> Self {
        Self { input, cutter: Cutter::default(), number: 0 }
    }

    fn cut(&mut self) -> io::Result<Option<String>> {
        loop {
            let bytes = self.input.fill_buf()?;
            if bytes.is_empty() {
                return Ok(self.cutter.rest());
            }
            let read = bytes.len();
            for (place, byte) in bytes.iter().enumerate() {
                if let Some(line) = self.cutter.take(*byte) {
                    self.input.consume(place + 1);
                    return Ok(Some(line));
                }
            }
            self.input.consume(read);
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<(u64, String)>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.cut().transpose()?;
        self.number += 1;
        Some(line.map(|line| (self.number, line)))
    }
}

/// What line ends have been seen right before, that may belong together.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Before {
    #[default]
    Text,
    Cr,
    CrCr,
}

/// Follows line ends, byte by byte.
#[derive(Debug, Default)]
struct Cutter {
    before: Before,
    line: Vec<u8>,
}

impl Cutter {
    /// The line that this byte ends.
    fn take(&mut self, byte: u8) -> Option<String> {
        match (byte, self.before) {
            (b'\n', Before::Cr | Before::CrCr) => {
                self.before = Before::Text;
                None
            }
            (b'\r', Before::Cr) => {
                self.before = Before::CrCr;
                None
            }
            // The second CR was a line of its own.
            (b'\r', Before::CrCr) => Some(String::new()),
            (b'\r', Before::Text) => {
                self.before = Before::Cr;
                Some(self.text())
            }
            (b'\n', Before::Text) => Some(self.text()),
            (_, before) => {
                self.before = Before::Text;
                if self.line.len() < LONGEST {
                    self.line.push(byte);
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
        let bytes = std::mem::take(&mut self.line);
        decode(&bytes).into_owned()
    }
}

/// A line as text: UTF-8, else a code page. In those of two bytes the second can look like a letter or a
/// bracket, never like a digit, a blank, a dot, a colon, `*`, `<` or a parenthesis; so a text is read rightly by
/// all who take a bracket for one only where an address stands in it.
pub(crate) fn decode(line: &[u8]) -> Cow<'_, str> {
    // NUL: what a shell that writes UTF-16 has appended.
    if line.contains(&0) {
        let rest: Vec<u8> = line.iter().copied().filter(|byte| *byte != 0).collect();
        return Cow::Owned(decode(&rest).into_owned());
    }
    match std::str::from_utf8(line) {
        Ok(text) => Cow::Borrowed(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)),
        Err(_) => Cow::Owned(line.iter().map(letter).collect()),
    }
}

/// The lines of whole bytes as texts, as [`decode`] reads each.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = Cow<'_, str>> {
    // To check all of them at once is faster than line by line.
    let has_mark = || memchr::memmem::find(bytes, "\u{feff}".as_bytes()).is_some();
    let is_plain = memchr::memchr(0, bytes).is_none() && !has_mark();
    let text = str::from_utf8(bytes).ok().filter(|_| is_plain);
    ranges(bytes).map(move |line| {
        let plain = text.and_then(|text| text.get(line.clone()));
        plain.map_or_else(|| decode(&bytes[line]), Cow::Borrowed)
    })
}

/// The lines of whole bytes, without their ends: LF, CR LF, CR CR LF or CR.
fn split(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    ranges(bytes).map(|line| &bytes[line])
}

fn ranges(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let ending = match &rest[length..] {
            [b'\r', b'\r', b'\n', ..] => 3,
            [b'\r', b'\n', ..] => 2,
            [_, ..] => 1,
            [] => 0,
        };
        let start = at;
        at += length + ending;
        Some(start..start + length.min(LONGEST))
    })
}

/// How many lines there are.
pub(crate) fn count(bytes: &[u8]) -> u64 {
    let count = if memchr::memchr(b'\r', bytes).is_some() {
        split(bytes).count()
    } else {
        let open = bytes.last().is_some_and(|byte| *byte != b'\n');
        memchr::memchr_iter(b'\n', bytes).count() + usize::from(open)
    };
    u64::try_from(count).unwrap_or(u64::MAX)
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
    use std::io::Read as _;

    use proptest::prelude::*;

    use super::*;

    fn lines_of(input: &mut (dyn BufRead + Send)) -> Vec<String> {
        Lines::new(decoded(input).unwrap()).map(|line| line.unwrap().1).collect()
    }

    fn lines(mut bytes: &[u8]) -> Vec<String> {
        lines_of(&mut bytes)
    }

    fn encoded(text: &str, to: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to).collect()
    }

    #[test]
    fn all_line_ends_are_line_ends() {
        assert_eq!(lines(b"a\nb\r\nc\rd\r\r\ne\n\nf"), ["a", "b", "c", "d", "e", "", "f"]);
        assert_eq!(lines(b"a\r\rb\r\r\rc"), ["a", "", "b", "", "", "c"]);
        assert_eq!(lines(b"a\r\n\r\nb\r\n"), ["a", "", "b"]);
    }

    #[test]
    fn bytes_are_split_as_a_stream_is() {
        let splits = |bytes: &[u8]| super::lines(bytes).map(Cow::into_owned).collect::<Vec<_>>();
        for bytes in [
            &b"a\nb\r\nc\rd\r\r\ne\n\nf"[..],
            b"a\r\rb\r\r\rc",
            b"a\r\n\r\nb\r\n",
            b"",
            b"a",
            b"a line\0 of text\n\xef\xbb\xbfc\n\xff\n",
            "\u{e9}\n\u{feff}a\nb".as_bytes(),
        ] {
            assert_eq!(splits(bytes), lines(bytes));
            assert_eq!(count(bytes), u64::try_from(lines(bytes).len()).unwrap());
        }
    }

    #[test]
    fn unicode_is_known_by_its_mark_and_without() {
        let text = "d\u{e9}lai 1\r\n  2 ms \u{6beb}\n";
        let expected = ["d\u{e9}lai 1", "  2 ms \u{6beb}"];
        let marked = format!("\u{feff}{text}");
        assert_eq!(lines(text.as_bytes()), expected);
        assert_eq!(lines(marked.as_bytes()), expected);
        for text in [text, &marked] {
            assert_eq!(lines(&encoded(text, u16::to_le_bytes)), expected);
            assert_eq!(lines(&encoded(text, u16::to_be_bytes)), expected);
        }
    }

    #[test]
    fn a_stream_of_utf_16_is_decoded_however_it_comes() {
        let text = "{\"a\": \"ä 🦀\"}\r\n";
        for to in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes = encoded(text, to);
            for piece in [2, 3, 5, 64] {
                let read = |bytes: &[u8]| {
                    let mut input = BufReader::with_capacity(piece, bytes);
                    io::read_to_string(decoded(&mut input).unwrap()).unwrap()
                };
                assert_eq!(read(&bytes), text);
                assert_eq!(read(&bytes[..bytes.len() - 1]), "{\"a\": \"ä 🦀\"}\r\u{fffd}");
            }
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
        bytes.extend(encoded("\u{feff}b 1.2.3.4\r\n", u16::to_le_bytes));
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
        let input = BufReader::new(io::repeat(b'x').take(1 << 28));
        assert_eq!(Lines::new(input).count(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_lines(bytes: Vec<u8>, size in 1_usize..9) {
            let whole = lines(&bytes);
            prop_assert!(whole.iter().all(|line| !line.contains(['\n', '\r'])));
            // However it is read, after the first two bytes.
            let mut slow = BufReader::with_capacity(size + 1, bytes.as_slice());
            prop_assert_eq!(whole, lines_of(&mut slow));
        }

        #[test]
        fn ascii_survives(text in "[ -~]{0,60}") {
            let mut foreign = b"\xc4\xfc ".to_vec();
            foreign.extend(text.bytes());
            prop_assert_eq!(&lines(&foreign)[0][7..], text.as_str());
        }
    }
}
