//! Where an object ends: braces outside strings, 64 bytes at a time.
//!
//! Comparing sixteen bytes at once and counting with bit masks is many times as fast as looking at
//! every byte, and this is the one part of reading JSON that cannot be shared between cores.

use wide::u8x16;

/// What a scan came upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// The brace that closes the object.
    End,
    /// The end of a line, in a string or between values.
    LineEnd { in_string: bool },
}

/// How deep in an object a scan is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scan {
    depth: u64,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// Goes on through `bytes` to what it meets, or to their end; returns how many it has read.
    pub(super) fn on(&mut self, bytes: &[u8]) -> (usize, Option<Met>) {
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        let mut read = 0;
        for block in blocks {
            match self.block(block, BLOCK) {
                (_, None) => read += BLOCK,
                (more, met) => return (read + more, met),
            }
        }
        let mut padded = [b' '; BLOCK];
        padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        let (more, met) = self.block(&padded, rest.len());
        (read + more, met)
    }

    /// As `on`, through the first `length` bytes of `block`.
    fn block(&mut self, block: &[u8; BLOCK], length: usize) -> (usize, Option<Met>) {
        let [quote, backslash, open, close, line] = masks(block);
        let quotes = quote & !self.escapes(backslash, length);
        let strings = inside(quotes) ^ if self.in_string { u64::MAX } else { 0 };
        let mut events = ((open | close) & !strings) | line;
        while events != 0 {
            let place = events.trailing_zeros();
            let bit = 1 << place;
            events &= events - 1;
            let read = place as usize + 1;
            if line & bit != 0 {
                let in_string = strings & bit != 0;
                (self.in_string, self.escaped) = (in_string, false);
                return (read, Some(Met::LineEnd { in_string }));
            } else if open & bit != 0 {
                self.depth += 1;
            } else {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return (read, Some(Met::End));
                }
            }
        }
        // Behind `length` are blanks, which change nothing.
        self.in_string = strings >> (BLOCK - 1) != 0;
        (length, None)
    }

    /// The bytes that a backslash stands before.
    fn escapes(&mut self, backslash: u64, length: usize) -> u64 {
        let mut escapes = u64::from(self.escaped);
        if length == 0 {
            return escapes;
        }
        self.escaped = false;
        let mut left = backslash & !escapes;
        while left != 0 {
            let bit = left & left.wrapping_neg();
            escapes |= bit << 1;
            self.escaped = bit == 1 << (length - 1);
            // The one behind it is escaped, and begins nothing.
            left &= !(bit | bit << 1);
        }
        escapes
    }
}

const BLOCK: usize = 64;

/// Where in `block` quotes, backslashes, opening and closing braces, and line ends are: a bit each.
fn masks(block: &[u8; BLOCK]) -> [u64; 5] {
    let bytes = [b'"', b'\\', b'{', b'}', b'\n'].map(u8x16::splat);
    let mut masks = [0; 5];
    for (place, lane) in block.as_chunks().0.iter().enumerate() {
        let lane = u8x16::new(*lane);
        for (mask, byte) in masks.iter_mut().zip(bytes) {
            *mask |= u64::from(lane.simd_eq(byte).to_bitmask()) << (16 * place);
        }
    }
    masks
}

/// From each odd bit of `quotes` to the one before the next: what is inside.
const fn inside(quotes: u64) -> u64 {
    let mut bits = quotes;
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same, byte by byte.
    fn plain(bytes: &[u8]) -> (usize, Option<Met>) {
        let (mut depth, mut in_string, mut escaped) = (0, false, false);
        for (place, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' => return (place + 1, Some(Met::LineEnd { in_string })),
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = !in_string,
                b'{' if !in_string => depth += 1,
                b'}' if !in_string && depth <= 1 => return (place + 1, Some(Met::End)),
                b'}' if !in_string => depth -= 1,
                _ => {}
            }
        }
        (bytes.len(), None)
    }

    /// As `on`, where the bytes come `piece` by `piece`.
    fn in_pieces(bytes: &[u8], piece: usize) -> (usize, Option<Met>) {
        let mut scan = Scan::default();
        let mut read = 0;
        for piece in bytes.chunks(piece) {
            let (more, met) = scan.on(piece);
            read += more;
            if met.is_some() {
                return (read, met);
            }
        }
        (read, None)
    }

    #[test]
    fn braces_in_strings_and_behind_backslashes_do_not_count() {
        for (text, end) in [
            (r#"{"a":"}"}x"#, 9),
            (r#"{"a":"\"}"}x"#, 11),
            (r#"{"a":"\\"}x"#, 10),
            (r#"{"a":"\\\"}\\"}x"#, 15),
            (r#"{"a":{"b":{}}}x"#, 14),
            ("{}", 2),
        ] {
            for piece in 1..70 {
                assert_eq!(in_pieces(text.as_bytes(), piece), (end, Some(Met::End)), "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn it_finds_what_a_look_at_every_byte_finds(
            // Backslashes stand in strings only.
            middle in r#"("([a{}]|\\\\|\\"){0,80}"|[{}\[\]a,:]){0,20}"#,
            end in r#"("([a{}]|\\\\|\\"){0,80})?[}]{0,9}\n?"#,
            piece in 1_usize..200,
        ) {
            let text = format!("{{{middle}{end}");
            prop_assert_eq!(in_pieces(text.as_bytes(), piece), plain(text.as_bytes()));
        }
    }
}
