//! Lines of Windows tracert, known by their shape: everything but numbers, stars and addresses
//! differs from language to language.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::import::text_trace::{Cell, Destination, Sender};
use crate::import::values::{self, Address};
use crate::trace::ReplyKind;

/// How many probes tracert sends for each TTL.
const PROBES: usize = 3;

/// The longest address of any kind.
const LONGEST_ADDRESS: usize = 64;

/// What a probe brought: silence, or an answer with its time; less than a millisecond is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    Silent,
    Answered(Option<Duration>),
}

/// A line of a hop: `  3    <1 ms     *       12 ms  NAME [ADDRESS]`.
#[derive(Debug)]
pub(in crate::import) struct Row {
    pub(in crate::import) ttl: u8,
    times: Vec<Time>,
    sender: Sender,
    /// Instead of a time, a router reports that the packet cannot go on, in these words.
    refusal: Option<String>,
    is_bare: bool,
}

impl Row {
    /// The row in `line`, if it has the shape of one.
    pub(in crate::import) fn of(line: &str) -> Option<Self> {
        let line = line.trim_matches(is_blank);
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        let ttl = line[..digits].parse().ok().filter(|ttl| *ttl > 0)?;
        let mut rest = line[digits..].strip_prefix(is_blank)?;
        let mut times = Vec::with_capacity(PROBES);
        while times.len() < PROBES {
            let Some((time, after)) = time(rest.trim_start_matches(is_blank)) else { break };
            times.push(time);
            rest = after;
        }
        let rest = rest.trim_matches(is_blank);
        let sender = sender(rest);
        let short = times.len() < PROBES;
        let is_refusal = short && sender != Sender::Unreadable;
        let refusal = is_refusal.then(|| behind_address(rest).to_lowercase());
        // `5  192.0.2.1  1 ms` is of another program.
        let is_row = if let Some(words) = &refusal {
            // Numbers alone are those of another table.
            let has_words = words.contains(|c: char| c.is_alphabetic() || !c.is_ascii());
            (!times.is_empty() && words.is_empty() || has_words) && !has_times(rest)
        } else {
            let is_cut = sender == Sender::Unreadable && is_digits_and_dots(rest);
            !short && (times == [Time::Silent; PROBES] || !is_cut)
        };
        is_row.then_some(Self { ttl, times, sender, refusal, is_bare: rest.is_empty() })
    }

    /// Whether no other program writes such a line: a time stands before the address, or words behind
    /// three stars.
    pub(in crate::import) fn is_certain(line: &str) -> bool {
        let Some(row) = Self::of(line) else { return false };
        let line = line.trim_matches(is_blank);
        let is_full = row.times.len() == PROBES;
        let has_words = line.ends_with(|c: char| !c.is_ascii_digit() && c != '*');
        let timed = row.times.iter().any(|time| *time != Time::Silent);
        is_full && (timed && row.sender != Sender::Unreadable || !timed && has_words)
            || row.refusal.is_some() && has_words
    }

    /// Whether there is an answer whose sender is not named: the line may go on in the next.
    pub(in crate::import) fn is_open(&self) -> bool {
        self.sender == Sender::Unreadable && self.times.iter().any(|time| *time != Time::Silent)
    }

    /// Whether nothing stands behind the times.
    pub(in crate::import) fn is_bare(&self) -> bool {
        self.is_bare
    }

    /// Whether no other program that puts the address first writes it: all times are there, or a colon behind
    /// the address of a router that refuses.
    pub(in crate::import) fn is_no_other(&self) -> bool {
        self.times.len() == PROBES
            || self.refusal.as_deref().is_some_and(|words| words.contains([':', '\u{ff1a}']))
    }

    /// What the probes brought.
    pub(in crate::import) fn cells(&self) -> Vec<Cell> {
        let cell = |time: &Time| match time {
            Time::Silent => Cell::Silent,
            Time::Answered(rtt) => Cell::answer(self.sender, *rtt),
        };
        let refusal = self.refusal.as_deref().map(|words| Cell::Answer {
            sender: self.sender,
            kind: kind(words),
            rtt: None,
            labels: Vec::new(),
        });
        self.times.iter().map(cell).chain(refusal).collect()
    }
}

/// Blanks, also those that do not break, and marks of the direction of writing.
pub(in crate::import) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}')
}

/// A star, or a number with a unit, at the beginning of `text`; and what follows.
fn time(text: &str) -> Option<(Time, &str)> {
    if let Some(rest) = text.strip_prefix('*') {
        return Some((Time::Silent, rest));
    }
    let bound = text.strip_prefix('<');
    let text = bound.unwrap_or(text).trim_start_matches(is_blank);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u32 = text[..digits].parse().ok()?;
    let rest = text[digits..].trim_start_matches(is_blank);
    let rtt = values::millis(f64::from(number)).filter(|_| bound.is_none());
    if let Some(rest) = rest.strip_prefix("ms").filter(|rest| rest.starts_with(' ')) {
        return Some((Time::Answered(rtt), rest));
    }
    let end = rest.find(|c: char| is_blank(c) || c.is_ascii_digit() || matches!(c, '*' | '<'));
    let (unit, rest) = rest.split_at(end.unwrap_or(rest.len()));
    is_unit(unit).then_some((Time::Answered(rtt), rest))
}

/// `ms`, or what stands for it in other languages: a few letters. In some code pages halves of letters look
/// like signs.
fn is_unit(unit: &str) -> bool {
    let is_foreign = unit.contains(char::REPLACEMENT_CHARACTER);
    let is_letter = |c: char| c.is_alphabetic() || is_foreign && !c.is_ascii_punctuation();
    let is_half = |c: char| is_foreign && matches!(c, '@' | '['..='`' | '{'..='~');
    let few = (1..=6).contains(&unit.chars().count());
    few && unit.chars().all(|c| is_letter(c) || is_half(c) || c == '.') && !unit.starts_with('.')
}

/// Whether a time stands somewhere in `text`, as other programs have it.
fn has_times(text: &str) -> bool {
    let is_time = |word: &str| word.trim_end_matches("ms").parse::<f64>().is_ok();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).any(|two| is_time(two[0]) && two[1].starts_with("ms"))
        || words.iter().any(|word| word.ends_with("ms") && is_time(word))
}

/// Whether `text` is no more than the beginning of an address, or nothing.
fn is_digits_and_dots(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// The address in brackets, else the first word if that is one.
fn sender(text: &str) -> Sender {
    let first = || text.split(is_blank).next().and_then(Address::parse);
    bracketed(text).or_else(first).map_or(Sender::Unreadable, Sender::from)
}

/// The last address in brackets. In some code pages a letter may look like a bracket.
fn bracketed(text: &str) -> Option<Address> {
    let mut places = text.rmatch_indices('[').map(|(place, _)| place + 1);
    places.find_map(|place| {
        let inside = text[place..].chars().take(LONGEST_ADDRESS);
        let inside: String = inside.take_while(|c| !matches!(c, ']' | '%')).collect();
        Address::parse(&inside)
    })
}

/// What stands behind the address.
fn behind_address(text: &str) -> &str {
    let after = text.rsplit_once(']').or_else(|| text.split_once(is_blank));
    after.map_or("", |(_, after)| after).trim_matches(is_blank)
}

/// What the words of a refusal say: no route where they have a word for a
/// network (RFC 792, code 0), else that the host cannot be reached.
fn kind(words: &str) -> ReplyKind {
    const NETS: [&str; 19] = [
        "net ",
        "netz",
        "netwerk",
        "network",
        "nätverk",
        "réseau",
        "red de destino",
        "rete ",
        "rede ",
        "сеть",
        "мереж",
        "目标网",
        "网络",
        "網路",
        "ネットワーク",
        "네트워크",
        "sieć",
        "síť",
        " ağ",
    ];
    let net = NETS.iter().any(|net| words.contains(net));
    ReplyKind::Unreachable(u8::from(!net))
}

/// `3  gw.example [10.0.0.1]` or `3  10.0.0.1`, as pathping writes its hops before it measures them.
pub(in crate::import) fn host_alone(line: &str) -> Option<(u8, Sender)> {
    let (ttl, host) = line.trim_matches(is_blank).split_once(is_blank)?;
    let host = host.trim_matches(is_blank);
    let is_name = host.ends_with(']') && host.split_whitespace().count() == 2;
    let is_alone = is_name || Address::parse(host).is_some();
    let sender = Some(sender(host)).filter(|sender| is_alone && *sender != Sender::Unreadable)?;
    Some((ttl.parse().ok()?, sender))
}

/// The TTL of a line that has all times and nobody who answered: a mail program has put him into the next.
pub(in crate::import) fn times_alone(line: &str) -> Option<u8> {
    let (ttl, mut rest) = line.trim_matches(is_blank).split_once(is_blank)?;
    let mut answered = false;
    for _ in 0..PROBES {
        let (time, after) = time(rest.trim_start_matches(is_blank))?;
        answered |= time != Time::Silent;
        rest = after;
    }
    let is_alone = answered && rest.trim_matches(is_blank).is_empty();
    ttl.parse().ok().filter(|ttl| *ttl > 0 && is_alone)
}

/// `0  PC [192.168.1.5]`: with itself pathping begins.
pub(in crate::import) fn is_origin(line: &str) -> bool {
    let line = line.trim_start_matches(is_blank);
    line.starts_with('0') && host_alone(line).is_some_and(|(ttl, _)| ttl == 0)
}

/// Where a line of a header says the trace goes, and whether in brackets.
pub(in crate::import) fn destination(line: &str) -> Option<(Destination, bool)> {
    if let Some(address) = bracketed(line) {
        return Some((address.into(), true));
    }
    let is_of_address = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    let words = line.split(|c| !is_of_address(c) && !c.is_alphanumeric() && c != '-');
    let mut addresses = words.map(|word| word.trim_matches([':', '.'])).filter_map(|word| {
        let text = word.trim_matches(|c: char| !c.is_ascii());
        let v4 = text.parse::<Ipv4Addr>().ok().map(IpAddr::V4);
        v4.or_else(|| word.parse::<Ipv6Addr>().ok().map(IpAddr::V6))
    });
    addresses.next_back().map(|address| (Address::of(address).into(), false))
}

/// How far a trace asks, as a line of its header says it: the last number that stands alone.
pub(in crate::import) fn furthest(line: &str) -> Option<u8> {
    let number = |word: &str| {
        let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let is_alone = word[digits..].chars().all(|c| !c.is_ascii());
        word[..digits].parse::<u8>().ok().filter(|number| *number > 0 && is_alone)
    };
    line.split(is_blank).filter_map(number).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells_of(line: &str) -> Option<String> {
        let row = Row::of(line)?;
        let cells = row.cells().into_iter().map(|cell| match cell {
            Cell::Silent => " *".to_owned(),
            Cell::Answer { sender: Sender::Known(from), kind, rtt, .. } => {
                format!(" {from}:{}:{}", kind.icmp().1, rtt.unwrap_or_default().as_millis())
            }
            Cell::Answer { sender, .. } => format!(" {sender:?}"),
        });
        Some(format!("{}{}", row.ttl, cells.collect::<String>()))
    }

    #[test]
    fn rows_are_known_by_their_shape() {
        for (line, expected) in [
            ("  1    <1 ms    12 ms     *     gw [10.0.0.1] ", "1 10.0.0.1:0:0 10.0.0.1:0:12 *"),
            (
                "  1   <10 ms   <10 ms   110 ms  10.0.0.1",
                "1 10.0.0.1:0:0 10.0.0.1:0:0 10.0.0.1:0:110",
            ),
            (
                "  2    <1 毫秒   <1 毫秒   <1 毫秒 10.0.0.1",
                "2 10.0.0.1:0:0 10.0.0.1:0:0 10.0.0.1:0:0",
            ),
            (
                "  2     1 мс     2 мс     3 мс  10.0.0.1",
                "2 10.0.0.1:0:1 10.0.0.1:0:2 10.0.0.1:0:3",
            ),
            ("  3\u{a0}   9\u{a0}ms  *  7\u{a0}ms  10.0.0.1", "3 10.0.0.1:0:9 * 10.0.0.1:0:7"),
            (
                "  2   1 \u{fffd}\u{fffd}* 3\u{fffd}\u{fffd} 10.0.0.1",
                "2 10.0.0.1:0:1 * 10.0.0.1:0:3",
            ),
            ("  2     *        *        *     Délai d’attente dépassé.", "2 * * *"),
            (
                "  7     *        *     10.0.0.1  reports: Destination net unreachable.",
                "7 * * 10.0.0.1:0:0",
            ),
            ("  1  gw [10.0.0.1]  meldet: Zielhost nicht erreichbar.", "1 10.0.0.1:1:0"),
            ("  4  5 ms  6 ms  7 ms  10.XXX.XXX.1", "4 Unreadable Unreadable Unreadable"),
            ("  4  5 ms  6 ms  7 ms  2001:db8::1", "4 Ipv6 Ipv6 Ipv6"),
            (
                " 12  5 ms  6 ms  7 ms  3com.example [10.0.0.1]",
                "12 10.0.0.1:0:5 10.0.0.1:0:6 10.0.0.1:0:7",
            ),
        ] {
            assert_eq!(cells_of(line).as_deref(), Some(expected), "{line}");
            assert!(Row::is_certain(line) || line.contains("XXX"), "{line}");
        }
    }

    #[test]
    fn pathping_begins_with_itself() {
        assert!(is_origin("  0  PC-7.local [192.168.1.5]"));
        assert!(is_origin("  0  192.168.1.5"));
        let sender = Sender::Known(Ipv4Addr::new(192, 168, 1, 1));
        assert_eq!(host_alone("  1  192.168.1.1"), Some((1, sender)));
        for line in ["  0  of them", "  1  gw of [192.168.1.1]", "  1", "0 0 192.168.1.1"] {
            assert_eq!(host_alone(line), None, "{line}");
        }
    }

    #[test]
    fn a_refusal_is_of_the_host_unless_it_names_the_net() {
        for (words, code) in [
            ("10.0.0.1  reports: Destination net unreachable.", 0),
            ("10.0.0.1  reports: Destination host unreachable.", 1),
            ("10.0.0.1  reports: Destination protocol unreachable.", 1),
            ("core.network.example [10.0.0.1]  reports: Destination host unreachable.", 1),
            ("10.0.0.1  meldet: Zielnetz nicht erreichbar.", 0),
            ("10.0.0.1  meldet: Zielhost nicht erreichbar.", 1),
            ("10.0.0.1  сообщает: Заданная сеть недоступна.", 0),
            ("10.0.0.1  сообщает: Заданный узел недоступен.", 1),
            ("10.0.0.1  报告: 无法访问目标网。", 0),
            ("10.0.0.1  报告: 无法访问目标主机。", 1),
            ("10.0.0.1  rapporti: Impossible de joindre le réseau de destination.", 0),
            ("10.0.0.1  bildirdi: Hedef ana bilgisayara bağlanılamıyor.", 1),
            ("10.0.0.1  \u{fffd}\u{fffd}: \u{fffd}\u{fffd}.", 1),
        ] {
            let line = format!("  7     *        *     {words}");
            let expected = format!("7 * * 10.0.0.1:{code}:0");
            assert_eq!(cells_of(&line).as_deref(), Some(expected.as_str()), "{words}");
        }
    }

    #[test]
    fn lines_of_other_programs_are_none() {
        for line in [
            " 1  10.0.0.1  1 ms  2 ms  3 ms",
            " 1  gw (10.0.0.1)  1.5 ms  2.5 ms  3.5 ms",
            " 3  * * 10.0.0.1  1.5 ms",
            " 3  * 10.0.0.1  1.5 ms !X *",
            "  1.|-- 10.0.0.1  0.0%    10    0.5   0.5   0.5   0.6   0.0",
            "  1   10.0.0.1  1.234ms  1.2ms",
            "30 Hops:",
            "  1 10.0.0.1 0 1 1 0 0 0 0",
            "  2  *  10.0.0.1 0 1 1",
            "x",
            "",
        ] {
            assert!(!Row::is_certain(line), "{line}: {:?}", Row::of(line));
        }
        // Linux has such lines too.
        assert!(!Row::is_certain(" 3  * * *"));
    }

    #[test]
    fn headers_name_the_destination_in_any_language() {
        let to = |line| destination(line).map(|(destination, _)| destination);
        let address = Some(Destination::Address(Ipv4Addr::new(175, 45, 176, 8)));
        for line in [
            "Tracing route to www.example.kp [175.45.176.8]",
            "Tracing route to 175.45.176.8 over a maximum of 30 hops",
            "Routenverfolgung zu 175.45.176.8 über maximal 30 Hops",
            "通过最多 30 个跃点跟踪到 175.45.176.8 的路由",
            "175.45.176.8へのルートをトレースしています",
            "\u{fffd}\u{fffd}[\u{fffd}g [175.45.176.8] \u{fffd}[",
        ] {
            assert_eq!(to(line), address, "{line}");
        }
        assert_eq!(to("Tracing route to x [2001:db8::1]"), Some(Destination::Ipv6));
        assert_eq!(to("Tracing route to 2001:db8::1 over"), Some(Destination::Ipv6));
        for line in ["over a maximum of 30 hops:", "Trace complete.", "ip-1.2.3.4.example.com"] {
            assert_eq!(to(line), None, "{line}");
        }
    }
}
