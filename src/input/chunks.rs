//! A text cut into chunks that can be read apart, on all cores.
//!
//! Whoever knows the text says where one may be cut. Where there is no such place for long, the text is read
//! line by line as it comes, so that memory stays bounded.

use std::io::{self, BufRead, Read as _};

use super::text;

/// How much is read at once.
const PART: usize = 1 << 20;
/// How much is searched for a place to cut.
const MOST: usize = 4 << 20;

/// Reads lines one after the other, which do not stand alone.
pub(crate) trait Sequence<T> {
    /// Takes the next line; what comes of it is added to `found`.
    fn line(&mut self, number: u64, line: &str, found: &mut Vec<T>);

    /// Nothing comes any more.
    fn end(self: Box<Self>, found: &mut Vec<T>);
}

/// A part of a text.
pub(crate) enum Chunk<T> {
    /// Whole lines that can be read apart, from this one on.
    Lines(u64, Vec<u8>),
    /// What has been found in lines that could not.
    Found(Vec<T>),
}

/// Begins to read lines.
type Begin<'a, T> = dyn Fn() -> Box<dyn Sequence<T> + Send + 'a> + Send + Sync + 'a;

/// The chunks of a text.
pub(crate) struct Chunks<'a, R, T> {
    input: R,
    /// The last place in some bytes at which a text may be cut.
    cut: fn(&[u8]) -> Option<usize>,
    begin: &'a Begin<'a, T>,
    kept: Vec<u8>,
    /// The number of the next line.
    number: u64,
    sequence: Option<Box<dyn Sequence<T> + Send + 'a>>,
    is_over: bool,
}

impl<'a, R: BufRead, T> Chunks<'a, R, T> {
    /// The chunks of `input`, which is UTF-8 or of a code page that agrees with ASCII.
    pub(crate) fn new(input: R, cut: fn(&[u8]) -> Option<usize>, begin: &'a Begin<'a, T>) -> Self {
        Self { input, cut, begin, kept: Vec::new(), number: 1, sequence: None, is_over: false }
    }

    fn next_chunk(&mut self) -> io::Result<Option<Chunk<T>>> {
        while !self.is_over {
            let before = self.kept.len();
            let part = u64::try_from(PART).unwrap_or(u64::MAX);
            let read = (&mut self.input).take(part).read_to_end(&mut self.kept)?;
            if read == 0 {
                self.is_over = true;
                let rest = std::mem::take(&mut self.kept);
                return Ok(self.last(rest));
            }
            // A place that begins in what was read before ends in what is read now.
            let from = if self.sequence.is_some() { 0 } else { before.saturating_sub(PART) };
            if let Some(place) =
                (self.cut)(&self.kept[from..]).map(|place| place + from).filter(|place| *place > 0)
            {
                let rest = self.kept.split_off(place);
                let whole = std::mem::replace(&mut self.kept, rest);
                return Ok(Some(self.whole(whole)));
            }
            if self.sequence.is_some() || self.kept.len() > MOST {
                let found = self.in_sequence();
                if !found.is_empty() {
                    return Ok(Some(Chunk::Found(found)));
                }
            }
        }
        Ok(None)
    }

    /// Lines before a place where the text may be cut.
    fn whole(&mut self, bytes: Vec<u8>) -> Chunk<T> {
        let first = self.number;
        if let Some(mut sequence) = self.sequence.take() {
            let mut found = Vec::new();
            self.feed(&mut *sequence, &bytes, &mut found);
            sequence.end(&mut found);
            Chunk::Found(found)
        } else {
            self.number += text::count(&bytes);
            Chunk::Lines(first, bytes)
        }
    }

    fn last(&mut self, bytes: Vec<u8>) -> Option<Chunk<T>> {
        (!bytes.is_empty() || self.sequence.is_some()).then(|| self.whole(bytes))
    }

    /// Reads all whole lines that are there.
    fn in_sequence(&mut self) -> Vec<T> {
        let mut found = Vec::new();
        let Some(end) = end_of_lines(&self.kept) else {
            // A line that has no end is cut off.
            let may_end = self.kept.ends_with(b"\r");
            self.kept.truncate(text::LONGEST);
            if may_end {
                self.kept.push(b'\r');
            }
            return found;
        };
        let rest = self.kept.split_off(end);
        let whole = std::mem::replace(&mut self.kept, rest);
        let mut sequence = self.sequence.take().unwrap_or_else(|| (self.begin)());
        self.feed(&mut *sequence, &whole, &mut found);
        self.sequence = Some(sequence);
        found
    }

    fn feed(&mut self, sequence: &mut dyn Sequence<T>, bytes: &[u8], found: &mut Vec<T>) {
        for line in text::lines(bytes) {
            sequence.line(self.number, &line, found);
            self.number += 1;
        }
    }
}

/// Where the last whole line ends. A CR at the end may be the first byte of a longer line end.
fn end_of_lines(bytes: &[u8]) -> Option<usize> {
    let ends = memchr::memrchr2_iter(b'\n', b'\r', bytes);
    let is_whole = |end: &usize| {
        bytes[*end] == b'\n' || bytes.get(end + 1).is_some_and(|next| !b"\r\n".contains(next))
    };
    ends.into_iter().find(is_whole).map(|end| end + 1)
}

impl<R: BufRead, T> Iterator for Chunks<'_, R, T> {
    type Item = io::Result<Chunk<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_chunk().transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    /// Numbers and lines, as they come.
    struct Numbered;

    impl Sequence<(u64, String)> for Numbered {
        fn line(&mut self, number: u64, line: &str, found: &mut Vec<(u64, String)>) {
            found.push((number, line.to_owned()));
        }

        fn end(self: Box<Self>, _: &mut Vec<(u64, String)>) {}
    }

    fn last_header(bytes: &[u8]) -> Option<usize> {
        let mut places = (1..bytes.len()).rev().filter(|place| bytes[place - 1] == b'\n');
        places.find(|place| bytes[*place..].starts_with(b"HEADER"))
    }

    fn lines(bytes: &[u8]) -> Vec<(u64, String)> {
        let begin = || Box::new(Numbered) as Box<dyn Sequence<_> + Send>;
        let chunks = Chunks::new(bytes, last_header, &begin);
        chunks
            .flat_map(|chunk| match chunk.expect("read") {
                Chunk::Found(found) => found,
                Chunk::Lines(first, bytes) => {
                    (first..).zip(text::lines(&bytes).map(Cow::into_owned)).collect()
                }
            })
            .collect()
    }

    #[test]
    fn every_line_comes_once_in_its_order_with_its_number() {
        let endings = ["\n", "\r\n", "\r", "\r\r\n"];
        for (every, end) in
            [7, 50_000, 300_000].into_iter().flat_map(|every| endings.map(|end| (every, end)))
        {
            let line = |number: u64| {
                let name = if number.is_multiple_of(every) { "HEADER" } else { "line" };
                format!("{name} {number} of many that fill some parts of what is read")
            };
            let expected: Vec<(u64, String)> =
                (1..=200_000).map(|number| (number, line(number))).collect();
            let text: String = expected.iter().flat_map(|(_, line)| [line.as_str(), end]).collect();
            assert!(lines(text.as_bytes()) == expected, "{every} {end:?}");
        }
    }

    #[test]
    fn a_line_without_end_takes_no_endless_memory() {
        // The last one ends where a part does that is read at once.
        for (length, end) in [(3 * MOST, b'\n'), (3 * MOST, b'\r'), (MOST + PART - 1, b'\r')] {
            let mut bytes = vec![b'x'; length];
            bytes.push(end);
            bytes.extend(b"end");
            let lines = lines(&bytes);
            assert_eq!(lines.len(), 2, "{length} {end}");
            assert_eq!(lines[1], (2, "end".into()));
        }
    }
}
