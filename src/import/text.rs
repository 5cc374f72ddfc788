//! A stream of text as numbered lines, whatever its encoding and its line ends.

use std::io::{self, BufRead};

/// The longest line; what is behind it is cut off.
const LONGEST: usize = 1 << 20;

/// The lines of a text, each with its number from 1, without line ends.
pub(super) struct Lines<'a> {
    input: &'a mut (dyn BufRead + Send),
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(input: &'a mut (dyn BufRead + Send)) -> Self {
        Self { input, number: 0 }
    }
}

impl Iterator for Lines<'_> {
    type Item = io::Result<(u64, String)>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = Vec::new();
        match self.input.read_until(b'\n', &mut bytes) {
            Err(error) => return Some(Err(error)),
            Ok(0) => return None,
            Ok(_) => {}
        }
        self.number += 1;
        bytes.truncate(LONGEST);
        let text = String::from_utf8_lossy(&bytes);
        Some(Ok((self.number, text.trim_end_matches(['\n', '\r']).to_owned())))
    }
}
