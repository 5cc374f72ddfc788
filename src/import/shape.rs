//! How a JSON text begins, without what differs from writer to writer: enough to tell formats apart.

/// The beginning of the first record, without blanks, and all that follows it.
pub(super) struct Shape(String);

impl Shape {
    /// The shape of what begins with `head`, if that can be JSON records at all.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let first = head.iter().find(|byte| !byte.is_ascii_whitespace() && **byte != b'[')?;
        if *first != b'{' {
            return None;
        }
        let squeezed: Vec<u8> =
            head.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let text = String::from_utf8_lossy(&squeezed);
        Some(Self(text.trim_start_matches('[').to_owned()))
    }

    pub(super) fn begins(&self, text: &str) -> bool {
        self.0.starts_with(text)
    }

    pub(super) fn has(&self, text: &str) -> bool {
        self.0.contains(text)
    }

    pub(super) fn has_all(&self, texts: &[&str]) -> bool {
        texts.iter().all(|text| self.has(text))
    }
}
