//! The table of `MikroTik`'s `/tool traceroute`.

use std::time::Duration;

use super::text_trace::{Cell, Sender};
use super::values::{self, Address};

/// Where in `line` the names of the columns may begin: `# ADDRESS`, with more blanks from version 7 on.
pub(super) fn header(line: &str) -> Option<usize> {
    let before = line[..line.find("ADDRESS")?].trim_end();
    before.strip_suffix('#').map(str::len)
}

/// Whether `line` names the columns, which every drawing of the table does anew.
pub(super) fn is_header(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let begins = words.next() == Some("#") && words.next() == Some("ADDRESS");
    begins && words.any(|word| matches!(word, "LOSS" | "RT1" | "LAST" | "STATUS"))
}

/// ` 3 188.43.225.153   0%   3 184.2ms   184.2   184.1   184.6   0.2`, ` 4   100%   3 timeout`; older ones have
/// three times and no loss.
pub(super) fn row(line: &str) -> Option<(u8, Vec<Cell>)> {
    let mut words = line.split_whitespace();
    let ttl = words.next()?.parse().ok().filter(|ttl| *ttl > 0)?;
    let words: Vec<&str> = words.collect();
    let lost = words.iter().position(|word| {
        word.strip_suffix('%').is_some_and(|number| number.parse::<f64>().is_ok())
    });
    let (sender, numbers) = match (lost, words.split_first()) {
        (Some(0), _) => ("", &words[1..]),
        (Some(1), Some((sender, _))) => (*sender, &words[2..]),
        (None, Some((sender, numbers))) => (*sender, numbers),
        _ => return None,
    };
    let is_silent = words.contains(&"timeout") || sender.is_empty() || sender == "0.0.0.0";
    if is_silent {
        let says_silent = lost.is_some() || words.contains(&"timeout");
        return says_silent.then(|| (ttl, vec![Cell::Silent]));
    }
    let sender = Address::parse(sender).map_or(Sender::Unreadable, Sender::from);
    let times: Vec<Option<Duration>> = if lost.is_some() {
        // Sent, last, mean, best.
        vec![numbers.get(3).and_then(|word| millis(word))]
    } else {
        let timed = numbers.iter().take_while(|word| word.ends_with("ms"));
        timed.map_while(|word| millis(word).map(Some)).collect()
    };
    let cells: Vec<Cell> = times.into_iter().map(|rtt| Cell::answer(sender, rtt)).collect();
    (!cells.is_empty()).then_some((ttl, cells))
}

fn millis(word: &str) -> Option<Duration> {
    values::millis(word.strip_suffix("ms").unwrap_or(word).parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_all_versions_are_read() {
        let known =
            |millis: f64| Cell::answer(Sender::Known([10, 0, 0, 1].into()), values::millis(millis));
        for (line, expected) in [
            (" 3 10.0.0.1   0%    3 184.2ms   184.2   184.1   184.6     0.2", vec![known(184.1)]),
            (
                " 3 10.0.0.1   0%    3   1.5ms   1.5   1.4   1.6   0.2 <MPLS:L=16,E=0>",
                vec![known(1.4)],
            ),
            (" 3    100%    3 timeout", vec![Cell::Silent]),
            (" 3  10.0.0.1  2ms 3ms 4ms", vec![known(2.0), known(3.0), known(4.0)]),
            (" 3  0.0.0.0  timeout timeout timeout", vec![Cell::Silent]),
        ] {
            assert_eq!(row(line), Some((3, expected)), "{line}");
        }
        for line in [
            "3 routers do not answer",
            "3 routers, 3 of them at 10.0.0.1",
            "",
            "x 10.0.0.1 0%",
            "3",
        ] {
            assert_eq!(row(line), None, "{line}");
        }
    }
}
