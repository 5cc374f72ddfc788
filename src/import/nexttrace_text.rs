//! The text that `nexttrace` prints: a TTL with an address and whose it is, then the times in the next line.

use std::time::Duration;

use super::text_trace::Sender;
use super::values::{self, Address};

/// A line of a hop.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Row {
    /// The first of a TTL, or one of another address at the same.
    Host(Option<u8>, Sender, Vec<Duration>),
    /// Nobody answered at a TTL.
    Silent(u8),
    /// When the host of the line before answered.
    Times(Vec<Duration>),
}

impl Row {
    pub(super) fn of(line: &str) -> Option<Self> {
        let line = line.trim();
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        let ttl = line[..digits].parse::<u8>().ok().filter(|ttl| *ttl > 0);
        let rest = line[digits..].trim_start();
        let is_apart = rest.len() < line.len() - digits;
        if let Some(ttl) = ttl.filter(|_| is_apart) {
            let first = rest.split_whitespace().next().unwrap_or_default();
            if first == "*" && times(rest).is_empty() {
                return Some(Self::Silent(ttl));
            }
            if let Some(address) = Address::parse(first) {
                return Some(Self::Host(Some(ttl), address.into(), times(rest)));
            }
        }
        let first = line.split_whitespace().next()?;
        if let Some(address) = Address::parse(first) {
            return Some(Self::Host(None, address.into(), times(line)));
        }
        // The name of the host may stand before the times, and nothing else.
        let times = times(line);
        let is_unit =
            |word: &str| word == "ms" || word == "/" || word == "*" || word.parse::<f64>().is_ok();
        let strange = line.split_whitespace().filter(|word| !is_unit(word)).count();
        (!times.is_empty() && strange <= 1 && line.ends_with("ms")).then_some(Self::Times(times))
    }
}

/// `3.81 ms / * ms / 4.02 ms`.
fn times(text: &str) -> Vec<Duration> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let with_unit = words.windows(2).filter(|two| two[1] == "ms").map(|two| two[0]);
    let glued = words.iter().filter_map(|word| word.strip_suffix("ms"));
    with_unit
        .chain(glued)
        .filter_map(|number| number.parse().ok().and_then(values::millis))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_in_the_next_line_or_in_the_same() {
        let sender = Sender::Known([10, 0, 0, 1].into());
        let millis = |millis| vec![Duration::from_millis(millis)];
        for (line, expected) in [
            (
                "2   10.0.0.1    AS396856     USA California  sharon.io",
                Row::Host(Some(2), sender, vec![]),
            ),
            ("2   10.0.0.1    *   RFC1918   3.00 ms", Row::Host(Some(2), sender, millis(3))),
            ("3   *", Row::Silent(3)),
            ("                      4.00 ms", Row::Times(millis(4))),
            ("    gw.example.net    4.00 ms / * ms", Row::Times(millis(4))),
            ("    10.0.0.1    AS1299  USA", Row::Host(None, sender, vec![])),
        ] {
            assert_eq!(Row::of(line), Some(expected), "{line}");
        }
        for line in ["", "MapTrace URL: https://example.net/x.html", "it took 4 ms", "Beijing"] {
            assert_eq!(Row::of(line), None, "{line}");
        }
    }
}
