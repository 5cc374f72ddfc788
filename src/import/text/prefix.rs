//! What stands before every line of a trace: the number of the line, the name of a file, a mark of a comment.
//!
//! The header shows it, since what stands before its own words is no part of it. What follows has the same
//! before it, other numbers apart.

/// How far the number of a line may be ahead of the one before: tools that number leave lines out.
const FURTHEST: u64 = 100;

/// The longest that is looked at.
const LONGEST: usize = 120;

/// What stands before the header of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prefix {
    text: String,
    /// The number that counts lines, where it is the only one, or the last of two.
    counted: Option<u64>,
}

impl Prefix {
    /// The prefix of a header before which `text` stands.
    pub(super) fn of(text: &str) -> Option<Self> {
        if text.trim().is_empty() || text.len() > LONGEST {
            return None;
        }
        let numbers = numbers(text);
        let counted = if numbers.len() <= 2 { numbers.last().copied() } else { None };
        Some(Self { text: text.to_owned(), counted })
    }

    /// Whether it opens a string of JSON, which ends behind the line.
    pub(super) fn is_string(&self) -> bool {
        self.text.ends_with('"')
    }

    /// What follows the prefix in `line`.
    pub(super) fn strip<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let (rest, last) = after(&self.text, line)?;
        match (self.counted, last) {
            (Some(before), Some(number)) => {
                let goes_on = number > before && number - before <= FURTHEST;
                if !goes_on && number != before {
                    return None;
                }
                // A number that stays is a part of a name, unless it may be a TTL.
                let is_alone = self.text.trim().bytes().all(|byte| byte.is_ascii_digit());
                if !goes_on && is_alone {
                    return None;
                }
                self.counted = Some(number);
                Some(rest)
            }
            (Some(_), None) => None,
            (None, _) => Some(rest),
        }
    }
}

fn numbers(text: &str) -> Vec<u64> {
    let parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().unwrap_or(u64::MAX)).collect()
}

/// What is behind `pattern` in `line`, in which numbers and blanks may be others; and the last number.
fn after<'a>(pattern: &str, line: &'a str) -> Option<(&'a str, Option<u64>)> {
    let mut rest = line;
    let mut last = None;
    let mut pattern = pattern;
    while let Some(c) = pattern.chars().next() {
        if c.is_whitespace() {
            pattern = pattern.trim_start();
            let trimmed = rest.trim_start();
            let ends = pattern.is_empty() || rest.is_empty();
            if trimmed.len() == rest.len() && !ends && last.is_some() {
                return None;
            }
            if pattern.is_empty() && trimmed.len() == rest.len() && !rest.is_empty() {
                return None;
            }
            rest = trimmed;
        } else if c.is_ascii_digit() {
            let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
            pattern = &pattern[digits(pattern)..];
            let end = digits(rest);
            last = Some(rest[..end].parse().ok()?);
            rest = &rest[end..];
        } else {
            let found = rest.chars().next()?;
            // grep marks lines around those that it found with a hyphen.
            let is_same = found == c || c == ':' && found == '-';
            if !is_same {
                return None;
            }
            pattern = &pattern[c.len_utf8()..];
            rest = &rest[found.len_utf8()..];
        }
    }
    Some((rest, last))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_read_without_what_stands_before_their_header() {
        for (header, line) in [
            ("     1\t", "     2\t"),
            ("  9  ", " 10  "),
            ("12:", "13-"),
            ("logs/a.txt:12:", "logs/a.txt:14:"),
            ("# ", "# "),
            (" * ", " * "),
            ("// ", "// "),
            ("web1 | ", "web1 | "),
            ("Nov 28 10:00:00 web1 cron[77]: ", "Nov 28 10:00:01 web1 cron[77]: "),
            ("INFO 2026-11-28 10:00:00,123 - ", "INFO 2026-11-28 10:00:04,001 - "),
        ] {
            let mut prefix = Prefix::of(header).expect("a prefix");
            let line = format!("{line} 1  10.0.0.1  1 ms");
            let rest = prefix.strip(&line).map(str::trim_start);
            assert_eq!(rest, Some("1  10.0.0.1  1 ms"), "{header}");
        }
    }

    #[test]
    fn a_ttl_is_no_number_of_a_line() {
        let mut numbered = Prefix::of("1 ").expect("a prefix");
        assert_eq!(numbered.strip(" 1  10.0.0.1  1 ms"), None);
        let mut listed = Prefix::of("1. ").expect("a prefix");
        assert_eq!(listed.strip(" 2  10.0.0.1  1 ms"), None);
        assert_eq!(Prefix::of("   "), None);
    }

    proptest! {
        #[test]
        fn any_prefix_is_read(text: String, line: String) {
            if let Some(mut prefix) = Prefix::of(&text) {
                prefix.strip(&line);
            }
        }
    }
}
