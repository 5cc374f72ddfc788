//! A line without what mails, logs and terminals put before it.

/// `line` without marks of quotation and without the time at which it was written.
pub(super) fn strip_log_prefix(line: &str) -> &str {
    let line = line.trim_start_matches(|c: char| is_quote(c) || c.is_whitespace()).trim_end();
    // Most lines have no time of day before them, and none at all.
    let clock = || line.contains(':').then(|| clock_end(line)).flatten();
    match clock().or_else(|| epoch_end(line)) {
        Some(end) => line[end..].trim_start(),
        None => line,
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '>' | '|' | '│')
}

/// How many words the date before a time of day has.
const MOST: usize = 5;

/// Where a time of day ends, with nothing but a date before it, and what belongs to it behind.
fn clock_end(line: &str) -> Option<usize> {
    let end = |word: &str| word.as_ptr() as usize - line.as_ptr() as usize + word.len();
    let mut words = line.split_whitespace();
    let before = words.by_ref().take(MOST);
    let mut clock = None;
    for word in before {
        let plain = plain(word);
        if is_clock(plain) {
            clock = Some(end(word));
            break;
        }
        if !is_of_a_date(plain) {
            return None;
        }
    }
    let mut clock = clock?;
    for word in words {
        let plain = plain(word);
        let is_year = plain.len() == 4 && is_digits(plain);
        let is_zone = plain.len() > 1 && plain.chars().all(|c| c.is_ascii_uppercase());
        let is_offset = plain.len() > 4 && plain.strip_prefix(['+', '-']).is_some_and(is_digits);
        if !(is_year || is_zone || is_offset) {
            break;
        }
        clock = end(word);
    }
    Some(clock)
}

/// Where the seconds since 1970 end.
fn epoch_end(line: &str) -> Option<usize> {
    if !line.as_bytes().iter().take(10).all(u8::is_ascii_digit) {
        return None;
    }
    let word = line.split_whitespace().next()?;
    let seconds = word.trim_end_matches(':').split('.').next()?;
    (seconds.len() >= 10 && is_digits(seconds)).then_some(word.len())
}

fn plain(word: &str) -> &str {
    word.trim_matches(['[', ']', '(', ')', ',', ':'])
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `10:11`, `10:11:12.5`, also with the date before it, as in RFC 3339.
fn is_clock(word: &str) -> bool {
    let mut parts = word.split(':');
    let first = parts.next().unwrap_or_default();
    let hour = first.rsplit(['T', '-']).next().unwrap_or_default();
    let is_hour = is_digits(hour) && hour.len() <= 2;
    let date = first.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'T' | b'-'));
    let minute = parts.next().unwrap_or_default();
    let rest = parts.next().is_none_or(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    is_hour && date && rest && minute.len() == 2 && is_digits(minute)
}

/// `2019-02-11`, `11/02/2019`, `Mon`, `Feb`, `11`.
fn is_of_a_date(word: &str) -> bool {
    let signs = word.bytes().filter(|byte| matches!(byte, b'-' | b'/')).count();
    let day = word.len() <= 2 && is_digits(word);
    let numbers =
        signs == 2 && word.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'/'));
    let name = word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    day || numbers || name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_times_go_and_hops_stay() {
        let hop = "4  10.1.2.3  1.5 ms";
        for before in [
            "",
            "> ",
            ">> > ",
            "| ",
            "2019-02-11 10:11:12 ",
            "2019-02-11T10:11:12.345Z ",
            "2019-02-11T10:11:12+01:00 ",
            "[2019-02-11 10:11:12,345] ",
            "[10:11:12] ",
            "10:11 ",
            "Feb 11 10:11:12 ",
            "Mon Feb 11 10:11:12 UTC 2019 ",
            "Mon, 11/02/2019 10:11:12 +0100: ",
            "1549876272.123456 ",
            "1549876272: ",
        ] {
            assert_eq!(strip_log_prefix(&format!("{before} {hop}")), hop, "{before}");
        }
    }

    #[test]
    fn what_only_looks_like_a_time_stays() {
        for line in [
            "1:  192.168.1.1  1 ms",
            "4  2001:500:88:200::8  3 ms",
            "12  gw 1.5 ms",
            "[AS0] 94.142.122.44 (94.142.122.44)  41.479 ms",
            "2001:db8::1 (2001:db8::1)  1 ms",
        ] {
            assert_eq!(strip_log_prefix(line), line);
        }
    }
}
