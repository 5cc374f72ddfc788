//! How a file begins, as formats look at it to recognise themselves.

use std::io::Read as _;

use crate::input::HEAD;
use crate::input::text::{Lines, decoded};

/// The beginning of a file, which may end anywhere.
pub(super) struct Head {
    /// Its bytes, in UTF-8 if they were UTF-16.
    pub(super) bytes: Vec<u8>,
    /// Its lines.
    pub(super) lines: Vec<String>,
    /// From the first record on, without blanks, if it can be JSON records at all.
    json: String,
}

impl Head {
    pub(super) fn of(head: &[u8]) -> Self {
        let mut bytes = Vec::new();
        // Reading from memory cannot fail, except that UTF-16 may be cut off.
        let _ = decoded(head).and_then(|mut head| head.read_to_end(&mut bytes));
        let lines = Lines::new(bytes.as_slice()).map_while(Result::ok).map(|(_, line)| line);
        Self { lines: lines.collect(), json: squeezed(&bytes), bytes }
    }

    /// Whether it is JSON, and begins with `text`.
    pub(super) fn begins(&self, text: &str) -> bool {
        self.json.starts_with(text)
    }

    /// Whether it is JSON, and `text` is in it.
    pub(super) fn has(&self, text: &str) -> bool {
        self.json.contains(text)
    }

    /// Whether it is XML, and this is its first element.
    pub(super) fn has_element(&self, name: &str) -> bool {
        let text = String::from_utf8_lossy(&self.bytes);
        let mut rest = text.trim_start_matches('\u{feff}').trim_start();
        while let Some((_, behind)) = match rest {
            _ if rest.starts_with("<?") => rest.split_once("?>"),
            _ if rest.starts_with("<!--") => rest.split_once("-->"),
            _ if rest.starts_with("<!") => rest.split_once('>'),
            _ => None,
        } {
            rest = behind.trim_start();
        }
        let behind = rest.strip_prefix('<').and_then(|rest| rest.strip_prefix(name));
        behind.is_some_and(|behind| behind.starts_with([' ', '>', '\n', '\r', '\t']))
    }

    /// Whether it is text, and the file goes on behind it.
    pub(super) fn is_long_text(&self) -> bool {
        let is_control = |byte: &u8| matches!(byte, 0..=8 | 14..=26 | 28..=31);
        let controls = self.bytes.iter().filter(|byte| is_control(byte)).count();
        self.json.is_empty() && self.bytes.len() >= HEAD && controls * 100 < self.bytes.len()
    }

    /// Whether it is JSON, and all of `texts` are in it.
    pub(super) fn has_all(&self, texts: &[&str]) -> bool {
        texts.iter().all(|text| self.has(text))
    }
}

fn squeezed(head: &[u8]) -> String {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let is_blank = |byte: &u8| byte.is_ascii_whitespace();
    let first = head.iter().find(|byte| !is_blank(byte) && **byte != b'[');
    if first != Some(&b'{') {
        return String::new();
    }
    let squeezed: Vec<u8> = head.iter().copied().filter(|byte| !is_blank(byte)).collect();
    String::from_utf8_lossy(&squeezed).trim_start_matches('[').to_owned()
}
