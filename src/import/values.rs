//! Values as other programs write them: addresses, round trip times, labels, where something was measured.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use super::finding::Finding;
use crate::trace::{MplsLabel, ReplyKind, Vantage};

/// An address, of which only IPv4 matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
    V4(Ipv4Addr),
    V6,
}

impl Address {
    /// Reads an address; IPv4 that is mapped into IPv6 is IPv4.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.trim().parse().ok().map(Self::of)
    }

    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => address.to_ipv4_mapped().map_or(Self::V6, Self::V4),
        }
    }

    pub(super) fn v4(self) -> Option<Ipv4Addr> {
        match self {
            Self::V4(address) => Some(address),
            Self::V6 => None,
        }
    }
}

/// The destination, or why there is nothing to trace to.
pub(super) fn target(text: Option<&str>) -> Result<Ipv4Addr, Finding> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    match text.map(Address::parse) {
        Some(Some(Address::V4(address))) => Ok(address),
        Some(Some(Address::V6)) => Err(Finding::Skipped("a traceroute to an IPv6 address".into())),
        Some(None) => Err(Finding::Skipped("the destination is a name and no address".into())),
        None => Err(Finding::Skipped("it names no destination".into())),
    }
}

/// The longest text of others that is repeated in a message.
const SHOWN: usize = 120;

/// As much of a text of others as belongs in a message, without what could change a terminal.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect::<String>().escape_debug().to_string()
}

/// Milliseconds, unless nothing can have taken so long.
pub(super) fn millis(millis: f64) -> Option<Duration> {
    // The precision that programs have; finer digits are noise of decimal fractions.
    let micros = millis * 1000.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
    let micros = if (0.0..1e15).contains(&micros) { micros.round() as u64 } else { return None };
    rtt(Duration::from_micros(micros))
}

/// A time that a packet may have been under way: 2^31 µs, some 36 minutes, is a counter that went astray.
pub(super) fn rtt(rtt: Duration) -> Option<Duration> {
    (rtt < IMPOSSIBLE).then_some(rtt)
}

const IMPOSSIBLE: Duration = Duration::from_micros(1 << 31);

/// The most answers of one traceroute: what has more is none.
pub(super) const MOST_ANSWERS: usize = 1 << 13;

/// What an ICMP message of this type and code says; nothing where that is nothing of the path. A closed port or
/// an unknown protocol is reported by the host itself.
pub(super) fn kind(icmp_type: u8, code: u8, is_target: bool) -> Option<ReplyKind> {
    match icmp_type {
        11 => Some(ReplyKind::TimeExceeded),
        0 => Some(ReplyKind::EchoReply),
        3 if is_target && matches!(code, 2 | 3) => Some(ReplyKind::EchoReply),
        3 => Some(ReplyKind::Unreachable(code)),
        _ => None,
    }
}

/// Where something was measured, if anything is known of it. An address that is no use outside its
/// own network is none.
pub(super) fn vantage(name: Option<&str>, address: Option<Ipv4Addr>) -> Option<Arc<Vantage>> {
    let address = address.filter(|address| is_public(*address));
    let name = name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    let name = name.or_else(|| address.map(|address| address.to_string()))?;
    Some(Arc::new(Vantage { name, address }))
}

/// Whether an address says where in the world it is.
pub(super) fn is_public(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    let special = address.is_private() || address.is_link_local() || address.is_loopback();
    !shared && !special && first != 0 && first < 224
}

/// Whether a table has `c` between its columns.
pub(super) fn is_bar(c: char) -> bool {
    matches!(c, '|' | '\u{2502}' | '\u{2503}' | '\u{2506}' | '\u{250a}' | '\u{2551}')
}

/// Whether `line` is a part of the frame of a table with bars, and says nothing.
pub(super) fn is_frame(line: &str) -> bool {
    let is_part =
        |c: char| matches!(c, '\u{2500}'..='\u{257f}' | '|' | '-' | '_' | '+' | '=' | ':' | ' ');
    line.chars().all(is_part) && line.chars().filter(|c| *c != ' ').count() > 1
}

/// The most labels that a router quotes.
pub(super) const MOST_LABELS: usize = 16;

/// MPLS labels, however they are written: `MPLS:L=24001,E=0,S=1,T=1/L=...`,
/// `MPLS: MplsLabel 24001 Exp 0 TTL 1`, `Lbl 24001 TC 0 S 1 TTL 1`.
pub(super) fn labels(text: &str) -> Vec<MplsLabel> {
    let mut labels: Vec<MplsLabel> = Vec::new();
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|one| !one.is_empty());
    while let Some(word) = words.next() {
        match word {
            "L" | "Lbl" | "Label" | "Labels" => {
                let label = words.next().and_then(|number| number.parse().ok());
                labels.extend(label.map(|label| MplsLabel { label, ttl: 0 }));
                // Huawei writes all labels of a stack behind one name: `Label=1024/2048`.
                while let Some(label) = words.clone().next().and_then(|word| word.parse().ok()) {
                    labels.push(MplsLabel { label, ttl: 0 });
                    words.next();
                }
            }
            "T" | "TTL" | "ttl" => {
                if let (Some(label), Some(ttl)) =
                    (labels.last_mut(), words.next().and_then(|number| number.parse().ok()))
                {
                    label.ttl = ttl;
                }
            }
            _ => {}
        }
    }
    labels.truncate(MOST_LABELS);
    labels
}

/// A label as `label:ttl`.
pub(super) fn label(text: &str) -> Option<MplsLabel> {
    let (label, ttl) = text.split_once(':')?;
    Some(MplsLabel { label: label.parse().ok()?, ttl: ttl.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_addresses_are_ipv4() {
        let mapped = Address::parse("::ffff:175.45.176.8");
        assert_eq!(mapped, Address::parse("175.45.176.8"));
        assert_eq!(Address::parse("2001:db8::1"), Some(Address::V6));
        assert_eq!(Address::parse("10.XXX.1.1"), None);
    }

    #[test]
    fn times_are_possible_or_unknown() {
        assert_eq!(millis(0.649), Some(Duration::from_micros(649)));
        assert_eq!(millis(0.0), Some(Duration::ZERO));
        for impossible in [-1.0, f64::NAN, f64::INFINITY, 1e10] {
            assert_eq!(millis(impossible), None);
        }
    }

    #[test]
    fn a_counter_that_went_astray_is_no_time() {
        assert_eq!(millis(2_147_483.647), Some(Duration::from_micros((1 << 31) - 1)));
        assert_eq!(millis(2_147_483.648), None);
        assert_eq!(rtt(Duration::from_micros(1 << 31)), None);
    }

    #[test]
    fn private_addresses_are_no_vantage() {
        assert_eq!(vantage(None, Some(Ipv4Addr::new(192, 168, 1, 2))), None);
        assert_eq!(vantage(Some(" "), None), None);
        let public = vantage(None, Some(Ipv4Addr::new(9, 9, 9, 9))).expect("a vantage");
        assert_eq!(public.name, "9.9.9.9");
    }

    #[test]
    fn frames_of_tables_have_no_words() {
        for frame in
            ["|---|:--:|", "|____|____|", "+====+---+", "\u{2514}\u{2500}\u{2500}\u{2518}", "||"]
        {
            assert!(is_frame(frame), "{frame}");
        }
        for other in ["", " ", "|", "| 1 | 2 |", "|---|x"] {
            assert!(!is_frame(other), "{other}");
        }
    }

    #[test]
    fn labels_are_read_in_all_dialects() {
        assert_eq!(labels("MPLS Label=299 CoS=0 TTL=3 S=1"), [MplsLabel { label: 299, ttl: 3 }]);
        assert_eq!(labels("[Lbl 7 TC 0 S u TTL 2]"), [MplsLabel { label: 7, ttl: 2 }]);
    }
}
