//! The hop lines that most are: a TTL, an address that may have a name before it, times of milliseconds.
//!
//! What is written in any other way is left to `hop_words.rs`; a test holds this to that.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::import::text_trace::{Cell, Sender};

/// The most answers of a line.
const MOST: usize = 16;

/// The TTL and who answered. `cells` gets what each probe brought; it is empty before.
pub(super) fn read(line: &str, cells: &mut Vec<Cell>) -> Option<(u8, Sender)> {
    let mut rest = line.as_bytes();
    skip_blanks(&mut rest);
    let ttl = u8::try_from(number(&mut rest, 3)?).ok().filter(|ttl| *ttl > 0)?;
    if skip_blanks(&mut rest) == 0 {
        return None;
    }
    let mut sender = Sender::Unreadable;
    if rest.first() != Some(&b'*') {
        sender = Sender::Known(host(&mut rest)?);
    }
    while !rest.is_empty() {
        if skip_blanks(&mut rest) == 0 && !cells.is_empty() {
            return None;
        }
        if rest.is_empty() {
            break;
        }
        if cells.len() == MOST {
            return None;
        }
        if let [b'*', after @ ..] = rest {
            rest = after;
            cells.push(Cell::Silent);
            continue;
        }
        if sender == Sender::Unreadable {
            return None;
        }
        let rtt = millis(&mut rest)?;
        cells.push(Cell::answer(sender, Some(rtt)));
    }
    (!cells.is_empty()).then_some((ttl, sender))
}

fn skip_blanks(rest: &mut &[u8]) -> usize {
    let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
    *rest = &rest[blanks..];
    blanks
}

fn number(rest: &mut &[u8], most: usize) -> Option<u64> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits > most {
        return None;
    }
    let (number, after) = rest.split_at(digits);
    *rest = after;
    Some(number.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// `5.100 ms`, or as routers write it, `5 msec`.
fn millis(rest: &mut &[u8]) -> Option<Duration> {
    let whole = number(rest, 6)?;
    let mut micros = 0;
    if let [b'.', after @ ..] = *rest {
        let mut fraction = after;
        let part = number(&mut fraction, 3)?;
        let digits = after.len() - fraction.len();
        micros = part * [100, 10, 1][digits - 1];
        *rest = fraction;
    }
    let after = rest.strip_prefix(b" ms")?;
    *rest = after.strip_prefix(b"ec").unwrap_or(after);
    Some(Duration::from_micros(whole * 1000 + micros))
}

/// `10.0.0.1` or `NAME (10.0.0.1)`.
fn host(rest: &mut &[u8]) -> Option<Ipv4Addr> {
    let word = word(rest)?;
    if let Some(address) = address(word) {
        // A name in parentheses may follow an address.
        let is_alone = matches!(rest, [b' ', b' ' | b'*' | b'0'..=b'9', ..]);
        return is_alone.then_some(address).or_else(|| in_parentheses(rest));
    }
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if !word.iter().all(is_of_name) || !word.iter().any(u8::is_ascii_alphabetic) {
        return None;
    }
    in_parentheses(rest)
}

fn word<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == b' ')?;
    let (word, after) = rest.split_at(end);
    *rest = after;
    Some(word)
}

/// ` (10.0.0.1)` behind a name, or behind itself.
fn in_parentheses(rest: &mut &[u8]) -> Option<Ipv4Addr> {
    let [b' ', b'(', after @ ..] = *rest else { return None };
    let end = after.iter().position(|byte| *byte == b')')?;
    let address = address(&after[..end])?;
    *rest = &after[end + 1..];
    rest.first().is_some_and(|byte| *byte == b' ').then_some(address)
}

fn address(word: &[u8]) -> Option<Ipv4Addr> {
    let is_digit = word.first().is_some_and(u8::is_ascii_digit);
    std::str::from_utf8(word).ok().filter(|_| is_digit)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::traceroute::hop_words::HopWords;
    use crate::import::traceroute::ttl;

    fn quick(line: &str) -> Option<(u8, Vec<Cell>)> {
        let mut cells = Vec::new();
        read(line, &mut cells).map(|(ttl, _)| (ttl, cells))
    }

    fn slow(line: &str) -> Option<(u8, Vec<Cell>)> {
        let (ttl, rest) = ttl(line.trim())?;
        let hop = HopWords::default().read_line(rest);
        hop.is_strict.then_some((ttl, hop.cells))
    }

    #[test]
    fn usual_lines_are_read() {
        for line in [
            " 1  192.168.1.1  0.512 ms  0.480 ms  0.47 ms",
            "12  gw-1.example.net (203.0.113.1)  5.1 ms * 12 ms",
            " 2  203.0.113.1 (203.0.113.1)  5.1 ms",
            " 3  * * *",
            " 3  *",
        ] {
            assert_eq!(Some(quick(line).expect(line)), slow(line), "{line}");
        }
        for line in [
            "",
            " 1",
            " 1  ",
            "0  * *",
            " 1  gw  1 ms",
            " 1  10.0.0.1  1 ms !X",
            " 1  10.0.0.1  1.5",
        ] {
            assert_eq!(quick(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_read_as_by_words(
            line in " ?[0-9]{1,3}  ?(10[.]1[.]2[.][0-9]|gw[.]x|[*]|[0-9.]{1,8})( | [(]4[.]4[.]4[.]4[)])?(  ?[0-9]{1,4}([.][0-9]{1,4})? (ms|msec)| 36 bytes to 10[.]1[.]2[.]7| [*]| !X|ms| ){0,4}"
        ) {
            if let Some(hop) = quick(&line) {
                prop_assert_eq!(Some(hop), slow(&line), "{}", line);
            }
        }
    }
}
