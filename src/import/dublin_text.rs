//! What dublin-traceroute prints while it writes its JSON: the hops of one flow after the other.

use super::text_trace::{Cell, Destination, Sender};
use super::values::{self, Address};
use crate::trace::ReplyKind;

/// `Traceroute from 0.0.0.0:12345 to 175.45.177.10:33434~33453 (probing 20 paths, ...)`: where all flows lead.
pub(super) fn destination(line: &str) -> Option<Destination> {
    let (_, rest) = line.strip_prefix("Traceroute from ")?.split_once(" to ")?;
    let (address, _) = rest.split_once(" (probing ")?.0.rsplit_once(':')?;
    Some(Address::parse(address).map_or(Destination::Name, Destination::from))
}

/// Whether the hops of a flow follow: `== Flow ID 33434 ==`.
pub(super) fn is_flow(line: &str) -> bool {
    line.starts_with("== Flow ID ")
}

/// `3  10.0.0.1 (gw), IP ID: 0 RTT 184.3 ms ICMP (type=11, code=0) '...', NAT ID: 0, flow hash: 1`, and `2  *`.
pub(super) fn row(line: &str, destination: Destination) -> Option<(u8, Cell)> {
    let (ttl, rest) = line.split_once(char::is_whitespace)?;
    let ttl = ttl.parse().ok().filter(|ttl| *ttl > 0)?;
    let rest = rest.trim();
    if rest == "*" {
        return Some((ttl, Cell::Silent));
    }
    let sender = Sender::from(Address::parse(rest.split([' ', ',']).next()?)?);
    let number = |name: &str| {
        let text = rest.split_once(name)?.1;
        text.split(|c: char| !c.is_ascii_digit() && c != '.').next()
    };
    let rtt = number("RTT ")?.parse().ok().and_then(values::millis);
    let is_target = matches!((sender, destination), (Sender::Known(from), Destination::Address(to)) if from == to);
    let icmp = number("(type=").zip(number("code="));
    let kind = match icmp {
        Some((icmp_type, code)) => {
            values::kind(icmp_type.parse().ok()?, code.parse().ok()?, is_target)?
        }
        None => ReplyKind::TimeExceeded,
    };
    Some((ttl, Cell::Answer { sender, kind, rtt, labels: Vec::new() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_and_their_hops_are_read() {
        let to = Destination::Address([175, 45, 177, 10].into());
        let line = "Traceroute from 0.0.0.0:12345 to 175.45.177.10:33434~33453 (probing 20 paths, min TTL is 1)";
        assert_eq!(destination(line), Some(to));
        assert!(is_flow("== Flow ID 33434 =="));
        let sender = Sender::Known([10, 0, 0, 1].into());
        let cell =
            |kind| Cell::Answer { sender, kind, rtt: values::millis(2.5), labels: Vec::new() };
        for (icmp, kind) in
            [("11, code=0", ReplyKind::TimeExceeded), ("3, code=13", ReplyKind::Unreachable(13))]
        {
            let line = format!(
                "3    10.0.0.1 (gw), IP ID: 7 RTT 2.500 ms  ICMP (type={icmp}) 'x', NAT ID: 0, flow hash: 5"
            );
            assert_eq!(row(&line, to), Some((3, cell(kind))), "{line}");
        }
        assert_eq!(row("2    *", to), Some((2, Cell::Silent)));
        for line in ["", "3 of them", "3 10.0.0.1", "Traceroute from here"] {
            assert_eq!(row(line, to), None, "{line}");
        }
    }
}
