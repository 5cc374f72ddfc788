//! What stands before the words of a line, by what is known from the header and by its looks.

use std::borrow::Cow;

use jiff::Timestamp;

use super::family::{Csv, Family};
use super::prefix::Prefix;
use crate::import::log_prefix::strip_log_prefix;
use crate::import::mtr::raw::Raw;
use crate::import::values::is_bar;

/// What is known of the lines that are being read.
#[derive(Debug, Default)]
pub(super) struct LinePrefix {
    prefix: Option<Prefix>,
}

/// A line without what stands before it.
pub(super) struct Body<'a> {
    pub(super) text: Cow<'a, str>,
    /// What stands before it: as before the header, and as before the lines of a log.
    before: [Option<&'a str>; 2],
}

impl Body<'_> {
    /// The time that the line bears, if its zone is known.
    pub(super) fn stamp(&self) -> Option<Timestamp> {
        self.before.into_iter().flatten().find_map(stamp)
    }
}

impl LinePrefix {
    /// Whether nothing is expected before the lines.
    pub(super) fn is_plain(&self) -> bool {
        self.prefix.is_none()
    }

    /// A header begins at `at` of `line`.
    pub(super) fn learn(&mut self, line: &str, at: usize) {
        // A row of a table has bars on both sides.
        let is_row = without_bars(line).is_some();
        let before = line.get(..at).filter(|before| !(is_row && before.trim().chars().all(is_bar)));
        self.prefix = before.and_then(Prefix::of);
    }

    /// The words of `line`.
    pub(super) fn body<'a>(&mut self, line: &'a str, family: Option<Family>) -> Body<'a> {
        let learnt = self.prefix.as_mut().and_then(|prefix| prefix.strip(line));
        let before = learnt.map(|rest| &line[..line.len() - rest.len()]);
        let is_string = learnt.is_some() && self.prefix.as_ref().is_some_and(Prefix::is_string);
        let rest = learnt.unwrap_or(line);
        let rest = if is_string { string(rest) } else { rest }.trim_end();
        // A backslash breaks lines in Markdown.
        let rest = rest.strip_suffix('\\').map_or(rest, str::trim_end);
        // The frame that tmux draws.
        let rest =
            if learnt.is_some() { rest.trim_end_matches(|c| is_bar(c) && c != '|') } else { rest };
        if let Some(text) = without_bars(rest) {
            let text = strip_log_prefix(&text).to_owned();
            return Body { text: Cow::Owned(text), before: [None, None] };
        }
        let is_tree = family == Some(Family::Mtr) && is_branch(rest);
        let text = if is_tree { rest.trim() } else { strip_log_prefix(rest) };
        let text = without_bullet(text);
        let logged = rest.trim_end().strip_suffix(text);
        Body { text: Cow::Borrowed(text), before: [before, logged] }
    }
}

/// What stands before the end of a string of JSON, without the ends of lines that it holds.
fn string(text: &str) -> &str {
    let text = text.split('"').next().unwrap_or_default();
    let text = text.strip_suffix("\\n").unwrap_or(text);
    text.strip_suffix("\\r").unwrap_or(text)
}

/// `|  |-- HOST`, as mtr draws further hosts.
fn is_branch(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with(['|', '`', '+']) && (line.contains("--"))
}

/// `| 3 | 10.0.0.1 | 5.1 ms |` is `3  10.0.0.1  5.1 ms`.
fn without_bars(line: &str) -> Option<String> {
    let line = line.trim();
    let inside = line.strip_prefix(is_bar)?.strip_suffix(is_bar)?;
    Some(inside.replace(is_bar, "  ").trim().to_owned())
}

/// A line without the bullet of a list, where a TTL follows.
fn without_bullet(text: &str) -> &str {
    let rest = text.trim_start_matches(['-', '*', '+', '\u{2022}', '#', ';', '\u{b7}', '/', '%']);
    if rest.len() == text.len() {
        return text;
    }
    let rest = rest.trim_start();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let after = &rest[digits..];
    let after = after.strip_prefix(['.', ':', ')']).unwrap_or(after);
    let is_hop = Csv::begins(rest).is_some()
        || Raw::of(rest).is_some()
        || (1..=3).contains(&digits) && after.starts_with([' ', '\t', '|']);
    if is_hop { rest } else { text }
}

/// `20261128`.
const SHORTEST_DATE: usize = 8;

/// The time in what stands before a line, if its zone is known: of RFC 3339, or seconds since 1970.
fn stamp(before: &str) -> Option<Timestamp> {
    if !before.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let words: Vec<&str> = before
        .split(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | '(' | ')' | ',' | '|'))
        .collect();
    let is_date = |word: &str| {
        word.len() >= SHORTEST_DATE
            && word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'))
    };
    let times = words.iter().filter(|word| is_date(word));
    let whole =
        times.map(|word| word.trim_end_matches(':').parse::<Timestamp>()).find_map(Result::ok);
    let pair = || {
        words.windows(2).filter(|two| is_date(two[0])).find_map(|two| {
            let [date, time] = two else { return None };
            let zone = words.iter().any(|word| matches!(*word, "UTC" | "GMT" | "Z" | "+0000"));
            let zone = if zone && !time.ends_with('Z') { "Z" } else { "" };
            format!("{date}T{time}{zone}").parse::<Timestamp>().ok()
        })
    };
    let epoch = || {
        let word = words.iter().find(|word| {
            let whole = word.split('.').next().unwrap_or_default();
            whole.len() == 10 && whole.bytes().all(|byte| byte.is_ascii_digit())
        })?;
        Timestamp::from_second(word.split('.').next()?.parse().ok()?).ok()
    };
    whole.or_else(pair).or_else(epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lose_what_stands_before_them() {
        let body = |line: &str| LinePrefix::default().body(line, None).text.into_owned();
        for line in [
            "> 3  10.0.0.1  5.1 ms",
            "- 3  10.0.0.1  5.1 ms",
            "* 3  10.0.0.1  5.1 ms",
            "# 3  10.0.0.1  5.1 ms",
            "| 3 | 10.0.0.1 | 5.1 ms |",
            "\u{2502} 3  10.0.0.1  5.1 ms \u{2502}",
            "2026-11-28T10:00:00Z 3  10.0.0.1  5.1 ms",
        ] {
            let words: Vec<String> = body(line).split_whitespace().map(str::to_owned).collect();
            assert_eq!(words.join(" "), "3 10.0.0.1 5.1 ms", "{line}");
        }
        assert_eq!(body("* 10.0.0.1  5.1 ms"), "* 10.0.0.1  5.1 ms");
    }

    #[test]
    fn a_time_counts_where_its_zone_is_known() {
        let expected = "2026-11-28T10:00:00Z".parse().ok();
        for before in [
            "2026-11-28T10:00:00Z ",
            "[2026-11-28 10:00:00 UTC] ",
            "1795860000 ",
            "2026-11-28T11:00:00+01:00 ",
        ] {
            assert_eq!(stamp(before), expected, "{before}");
        }
        assert_eq!(stamp("2026-11-28 10:00:00 "), None);
    }
}
