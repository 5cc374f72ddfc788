//! A stream of JSON cut into the values that are records: one after the other, on lines or not, or
//! the elements of one array around all of them.

use std::io::{self, BufRead};

use super::{Finding, Sink};

/// The longest record; nothing real comes near.
const LONGEST: usize = 64 << 20;

/// Hands every record of `input` to `parse`, and what that finds to `sink`, in their order.
///
/// # Errors
/// When `input` fails.
pub(super) fn each(
    input: &mut (dyn BufRead + Send),
    sink: &mut Sink<'_>,
    parse: impl Fn(&[u8]) -> Vec<Finding> + Sync,
) -> io::Result<()> {
    let mut cutter = Cutter::default();
    loop {
        let bytes = input.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        let read = bytes.len();
        for byte in bytes {
            if let Some((line, record)) = cutter.take(*byte) {
                parse(&record).into_iter().for_each(|finding| sink(line, finding));
            }
        }
        input.consume(read);
    }
    if let Some((line, _)) = cutter.rest() {
        sink(line, Finding::Broken("the input ends within a record".into()));
    }
    Ok(())
}

/// Follows depth and strings, byte by byte.
#[derive(Debug, Default)]
struct Cutter {
    record: Vec<u8>,
    depth: usize,
    in_string: bool,
    escaped: bool,
    line: u64,
    began: u64,
}

impl Cutter {
    fn take(&mut self, byte: u8) -> Option<(u64, Vec<u8>)> {
        self.line += u64::from(byte == b'\n');
        let outside = self.depth == 0 && !self.in_string;
        // The array around all records, and what is between them.
        if outside && byte != b'{' {
            return None;
        }
        if outside {
            self.began = self.line + 1;
        }
        if self.record.len() < LONGEST {
            self.record.push(byte);
        }
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_string => self.escaped = true,
            b'"' => self.in_string = !self.in_string,
            _ if self.in_string => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
        (self.depth == 0 && !self.in_string).then(|| (self.began, std::mem::take(&mut self.record)))
    }

    fn rest(self) -> Option<(u64, Vec<u8>)> {
        (!self.record.is_empty()).then_some((self.began, self.record))
    }
}
