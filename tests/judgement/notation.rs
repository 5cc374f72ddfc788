//! Reads traces from text, one line each.
//!
//! ```text
//! 175.45.177.10 icmp: lan * ttk-a ttk-b@186 * * * target
//! 175.45.176.0+256 udp/1: lan - */level3 unicom-a/unicom-b unicom-b!13 | unreachable
//! ```
//!
//! First the target, or the first of several in a row (`+256`), the method and, if it is not 0, the
//! flow. Then what each TTL brought: `*` silence, `-` it was not asked, and an address or one of
//! [`ROUTERS`] a time exceeded. Behind an address, `!13` makes it an unreachable with that code,
//! `=echo` an echo reply, `^ntt` that this one answered the same probe otherwise, and `@186` its RTT in milliseconds (10 for each TTL by default). Tries at
//! one TTL are separated by `/`. `target` is the target's own answer to the method. At the end
//! there may be a stop reason.

#![expect(clippy::expect_used, reason = "a trace that cannot be read is a mistake of the test")]

use std::net::Ipv4Addr;
use std::time::Duration;

use jiff::Timestamp;
use lasthop::trace::{Hop, HopReply, HopTry, Method, ReplyKind, StopReason, Trace, Ttl};

/// Routers by short names.
pub(crate) const ROUTERS: [(&str, Ipv4Addr); 13] = [
    ("lan", Ipv4Addr::new(192, 168, 1, 1)),
    ("cgn", Ipv4Addr::new(100, 64, 12, 1)),
    ("private", Ipv4Addr::new(10, 99, 99, 9)),
    ("level3", Ipv4Addr::new(4, 69, 140, 30)),
    ("ntt", Ipv4Addr::new(129, 250, 2, 1)),
    ("unicom-a", Ipv4Addr::new(219, 158, 3, 1)),
    ("unicom-b", Ipv4Addr::new(219, 158, 39, 42)),
    ("cenbong", Ipv4Addr::new(103, 35, 255, 254)),
    ("telecom", Ipv4Addr::new(59, 43, 187, 57)),
    ("ttk-a", Ipv4Addr::new(217, 150, 55, 21)),
    ("ttk-b", Ipv4Addr::new(188, 43, 225, 153)),
    // For multicast relays (RFC 7450): no registry delegates it to a country.
    ("nobody", Ipv4Addr::new(192, 52, 193, 1)),
    ("home", Ipv4Addr::new(175, 45, 179, 254)),
];

/// The traces of a line.
pub(crate) fn read(line: &str) -> Vec<Trace> {
    let (head, path) = line.split_once(':').expect(line);
    let (target, path_of) = head.trim().split_once(' ').expect(line);
    let (first, count) = target.split_once('+').unwrap_or((target, "1"));
    let first: Ipv4Addr = first.parse().expect(line);
    let (method, flow) = path_of.split_once('/').unwrap_or((path_of, "0"));
    let method = if method == "udp" { Method::Udp } else { Method::Icmp };
    let flow = flow.parse().expect(line);
    let (hops, stop) = path.split_once('|').map_or((path, None), |(hops, stop)| (hops, Some(stop)));
    (0..count.parse().expect(line))
        .map(|place: u32| {
            let target = Ipv4Addr::from(u32::from(first) + place);
            let hops = read_hops(hops, target, method);
            let stop = stop.map_or_else(|| usual_stop(&hops), |stop| read_stop(stop.trim()));
            Trace {
                target,
                method: Some(method),
                flow: Some(flow),
                vantage: None,
                started: Some(Timestamp::UNIX_EPOCH),
                hops,
                stop: Some(stop),
                strategy: None,
            }
        })
        .collect()
}

/// An address or the name of a router.
pub(crate) fn address(word: &str) -> Ipv4Addr {
    let known = ROUTERS.iter().find(|(name, _)| *name == word);
    known.map_or_else(|| word.parse().expect(word), |(_, address)| *address)
}

/// A router's short name, or the address.
pub(crate) fn name(address: Ipv4Addr) -> String {
    let known = ROUTERS.iter().find(|(_, one)| *one == address);
    known.map_or_else(|| address.to_string(), |(name, _)| (*name).to_owned())
}

fn read_hops(words: &str, target: Ipv4Addr, method: Method) -> Vec<Hop> {
    (1..=32)
        .filter_map(Ttl::new)
        .zip(words.split_whitespace())
        .filter(|(_, word)| *word != "-")
        .map(|(ttl, word)| Hop { ttl, tries: read_tries(word, ttl, target, method) })
        .collect()
}

fn read_tries(words: &str, ttl: Ttl, target: Ipv4Addr, method: Method) -> Vec<HopTry> {
    (0..)
        .zip(words.split('/'))
        .map(|(attempt, word)| {
            let answer = (word != "*").then(|| read_answer(word, ttl, target, method));
            HopTry { attempt, sent: Some(Timestamp::UNIX_EPOCH), answer }
        })
        .collect()
}

fn read_answer(word: &str, ttl: Ttl, target: Ipv4Addr, method: Method) -> HopReply {
    let (word, millis) = match word.split_once('@') {
        Some((word, millis)) => (word, millis.parse().expect(millis)),
        None => (word, 10 * u64::from(ttl.get())),
    };
    let (word, by) = match word.split_once('^') {
        Some((word, "target")) => (word, Some(target)),
        Some((word, by)) => (word, Some(address(by))),
        None => (word, None),
    };
    let (from, kind) = match (word, word.split_once('!'), word.strip_suffix("=echo")) {
        ("target", ..) if method == Method::Icmp => (target, ReplyKind::EchoReply),
        ("target", ..) => (target, ReplyKind::Unreachable(3)),
        (_, Some((word, code)), _) => {
            (address(word), ReplyKind::Unreachable(code.parse().expect(code)))
        }
        (_, _, Some(word)) => (address(word), ReplyKind::EchoReply),
        _ => (address(word), ReplyKind::TimeExceeded),
    };
    let rtt = Duration::from_millis(millis);
    HopReply {
        from,
        kind,
        rtt: Some(rtt),
        reply_ttl: Some(64),
        labels: [].into(),
        contradicted_by: by,
    }
}

fn read_stop(word: &str) -> StopReason {
    StopReason::ALL.into_iter().find(|stop| stop.to_string() == word).expect(word)
}

/// Why a trace with these hops ends, if its line does not say it.
fn usual_stop(hops: &[Hop]) -> StopReason {
    match hops.last().and_then(|hop| hop.answers().next()).map(|answer| answer.kind) {
        None => StopReason::GapLimit,
        Some(ReplyKind::TimeExceeded) => StopReason::MaxTtl,
        Some(ReplyKind::Unreachable(_)) => StopReason::Unreachable,
        Some(ReplyKind::EchoReply) => StopReason::Home,
    }
}
