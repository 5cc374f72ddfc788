//! The first line of a trace, as traceroute and its descendants write it.

use crate::import::text_trace::Destination;
use crate::import::values::Address;

/// What the first line of a trace says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import) struct Header {
    /// Where it begins in the line.
    pub(in crate::import) at: usize,
    pub(in crate::import) destination: Destination,
    pub(in crate::import) source: Option<Address>,
    /// How far it asks.
    pub(in crate::import) max: Option<u8>,
    /// Whether nothing else is written like that.
    pub(in crate::import) is_certain: bool,
    /// Whether `NextTrace` wrote it.
    pub(in crate::import) is_nexttrace: bool,
}

/// What stands before the destination.
pub(in crate::import) const BEGINNINGS: [&str; 6] = [
    "traceroute to ",
    "traceroute6 to ",
    "Tracing the path to ",
    "Tracing the route to ",
    "LFT trace to ",
    "Traceroute to ",
];

impl Header {
    /// `traceroute to NAME (ADDRESS), 30 hops max, ...`; `traceroute from SOURCE to ADDRESS`;
    /// `traceroute [(SOURCE:PORT) -> (ADDRESS:PORT)], protocol icmp, ...`.
    pub(in crate::import) fn of(line: &str) -> Option<Self> {
        // To search for each of them takes longer.
        if !line.contains("rac") {
            return None;
        }
        let begin = |words: &&str| Some((line.find(*words)?, words.len()));
        if let Some((at, length)) = BEGINNINGS.iter().find_map(begin) {
            return Self::to(line, at, &line[at + length..]);
        }
        Self::from(line).or_else(|| Self::paris(line))
    }

    fn to(line: &str, at: usize, rest: &str) -> Option<Self> {
        let words = &line[at..];
        let destination = destination(rest.trim_start());
        let has_hops = ["hops max", "max hops", "hops at most", "byte packet", "bytes payload"]
            .iter()
            .any(|words| rest.contains(words));
        let is_other = words.starts_with("Tracing") || words.starts_with("LFT");
        let is_certain = has_hops || is_other && destination != Destination::Name;
        // A mail program may have broken the line before the number of hops.
        let alone = rest.trim().trim_end_matches([':', ',', '.']);
        let is_alone = Address::parse(alone).is_some();
        let has_both = destination != Destination::Name && rest.contains('(') && rest.contains(')');
        let is_first = line[..at].chars().all(|c| !c.is_alphabetic());
        let is_header = is_certain || is_other || is_first && (is_alone || has_both);
        is_header.then(|| Self {
            at,
            destination,
            source: None,
            max: max_hops(rest),
            is_certain,
            is_nexttrace: rest.contains("payload"),
        })
    }

    fn from(line: &str) -> Option<Self> {
        let at = line.find("traceroute from ")?;
        let (source, rest) = line[at + "traceroute from ".len()..].split_once(" to ")?;
        let source = Address::parse(source.split_whitespace().next()?)?;
        Some(Self {
            at,
            destination: destination(rest),
            source: Some(source),
            max: max_hops(rest),
            is_certain: true,
            is_nexttrace: false,
        })
    }

    fn paris(line: &str) -> Option<Self> {
        let at = line.find("traceroute [(")?;
        let (source, rest) = line[at + "traceroute [(".len()..].split_once(" -> ")?;
        let address = |text: &str| {
            let text = text.trim_start_matches('(');
            let end = text.find(')').unwrap_or(text.len());
            let text = text[..end].rsplit_once(':').map_or(&text[..end], |(address, _)| address);
            Address::parse(text)
        };
        Some(Self {
            at,
            destination: address(rest).map_or(Destination::Name, Destination::from),
            source: address(source),
            max: None,
            is_certain: true,
            is_nexttrace: false,
        })
    }
}

/// The address in the first parentheses, else the first word.
fn destination(text: &str) -> Destination {
    let inside = text.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    let inside = inside.and_then(|(inside, _)| Address::parse(inside));
    let first = || {
        let word = text.split([',', ' ', '(']).next()?;
        Address::parse(word.trim_end_matches([':', '.']))
    };
    inside.or_else(first).map_or(Destination::Name, Destination::from)
}

/// `30 hops max`, `max hops: 30`, `30 hops at most`, `from 1 to 30 hops`.
fn max_hops(text: &str) -> Option<u8> {
    let before = || {
        let place =
            [" hops max", " hops at most", " hops"].iter().find_map(|words| text.find(words))?;
        text[..place].rsplit([' ', ',']).next()
    };
    let behind = || {
        let (_, rest) = text.split_once("max hops")?;
        rest.trim_start_matches([':', ' ', '=']).split(|c: char| !c.is_ascii_digit()).next()
    };
    let number = |text: &str| text.parse().ok().filter(|max: &u8| *max > 0);
    before().and_then(number).or_else(|| behind().and_then(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_names_its_destination_and_how_far_it_asks() {
        let to = Destination::Address([175, 45, 176, 8].into());
        for (line, max) in [
            ("traceroute to x.kp (175.45.176.8), 30 hops max, 60 byte packets", Some(30)),
            ("traceroute to 175.45.176.8 (175.45.176.8), 64 hops max", Some(64)),
            (
                "traceroute to x (175.45.176.8) from 10.0.0.2, 30 hops max, 40 byte packets",
                Some(30),
            ),
            (
                "traceroute to  175.45.176.8(175.45.176.8), max hops: 30 ,packet length: 40",
                Some(30),
            ),
            ("traceroute to x.kp (175.45.176.8) 20 hops at most, 40 bytes each packet", Some(20)),
            ("traceroute to 175.45.176.8, 30 hops max, 52 bytes payload", Some(30)),
            ("traceroute to x.kp (175.45.176.8), 30 hops max, 60 byte", Some(30)),
            ("traceroute to x.kp (175.45.176.8), 30", None),
            ("Tracing the route to IP node (175.45.176.8) from 1 to 30 hops", Some(30)),
            ("traceroute to 175.45.176.8:", None),
            ("Tracing the path to x (175.45.176.8) on TCP port 80 (http), 30 hops max", Some(30)),
            ("Tracing the route to x.kp (175.45.176.8)", None),
            ("traceroute from 198.51.100.7 to 175.45.176.8", None),
            ("traceroute [(10.0.0.2:33456) -> (175.45.176.8:33457)], protocol icmp, algo x", None),
            ("TTL LFT trace to x.kp (175.45.176.8):80/tcp", None),
        ] {
            let header = Header::of(line).expect(line);
            assert_eq!((header.destination, header.max), (to, max), "{line}");
        }
    }

    #[test]
    fn sentences_are_no_headers() {
        for line in [
            "A traceroute to 175.45.176.8 shows the way",
            "traceroute to the block stops early",
            "I ran a traceroute to x (the one in Pyongyang)",
            "traceroute from here to there",
        ] {
            assert_eq!(Header::of(line), None, "{line}");
        }
    }
}
