//! What caracal writes: a row of CSV for each answer, in random order over all targets, flows and rounds.

use jiff::Timestamp;

use super::format::{Format, Reader};
use super::scattered::{Answer, Key, Row, RowReader, kind};
use super::sniff::Head;
use super::values::{self, Address};
use crate::trace::{HopReply, Method, MplsLabel};

/// The format `caracal`.
pub(super) const FORMAT: Format = Format {
    name: "caracal",
    recognises,
    stands_alone: true,
    reader: Reader::Scattered(|| Box::<Caracal>::default()),
};

fn recognises(head: &Head) -> bool {
    head.lines.first().is_some_and(|line| is_header(line))
}

fn is_header(line: &str) -> bool {
    line.starts_with("capture_timestamp,probe_protocol,")
}

/// The columns that are read.
const NAMES: [&str; 14] = [
    "capture_timestamp",
    "probe_protocol",
    "probe_src_addr",
    "probe_dst_addr",
    "probe_src_port",
    "probe_dst_port",
    "probe_ttl",
    "reply_src_addr",
    "reply_icmp_type",
    "reply_icmp_code",
    "reply_ttl",
    "reply_mpls_labels",
    "rtt",
    "round",
];

#[derive(Default)]
struct Caracal {
    /// Where each column is.
    places: [Option<usize>; NAMES.len()],
}

impl RowReader for Caracal {
    fn row(&mut self, line: &str) -> Row {
        if line.trim().is_empty() {
            return Row::Other;
        }
        if is_header(line) {
            let names: Vec<&str> = line.trim().split(',').collect();
            self.places = NAMES.map(|name| names.iter().position(|column| *column == name));
            return Row::Other;
        }
        self.answer(line).unwrap_or(Row::Malformed("no row of caracal"))
    }

    fn first_ttl(&self) -> u8 {
        1
    }
}

impl Caracal {
    fn answer(&self, line: &str) -> Option<Row> {
        let cells = cells(line);
        let [
            at,
            protocol,
            source,
            target,
            port,
            to,
            ttl,
            from,
            icmp_type,
            code,
            reply_ttl,
            mpls,
            rtt,
            round,
        ] = self
            .places
            .map(|place| place.and_then(|place| cells.get(place).copied()).unwrap_or(""));
        let from = Address::parse(from)?;
        // An echo reply quotes nothing.
        let target = if target == "::" { from } else { Address::parse(target)? };
        let Address::V4(target) = target else { return Some(Row::Ipv6) };
        let rtt = rtt.parse().ok().and_then(|tenths: f64| values::millis(tenths / 10.0));
        let reply = from.v4().and_then(|from| {
            let (icmp_type, code) = (icmp_type.parse().ok()?, code.parse().ok()?);
            Some(HopReply {
                reply_ttl: reply_ttl.parse().ok(),
                labels: labels(mpls),
                ..HopReply::new(from, kind(icmp_type, code, from == target)?, rtt)
            })
        });
        let method = match protocol {
            "1" | "icmp" => Some(Method::Icmp),
            "17" | "udp" => Some(Method::Udp),
            "6" | "tcp" => Some(Method::Tcp),
            _ => None,
        };
        let round = round.parse().unwrap_or(0);
        let to: u64 = to.parse().unwrap_or(0);
        let trace = Key {
            target,
            flow: port.parse().ok(),
            method,
            vantage: values::vantage(None, Address::parse(source).and_then(Address::v4)),
            round: round << 16 | to & 0xffff,
        };
        let sent = time(at).and_then(|at| at.checked_sub(rtt.unwrap_or_default()).ok());
        Some(Row::Answer(Answer { trace, ttl: ttl.parse().ok()?, sent, reply }))
    }
}

/// Seconds, as it is; microseconds, as the documentation has it.
fn time(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok().filter(|number| *number > 0)?;
    let micros = if number < 100_000_000_000 { number.checked_mul(1_000_000)? } else { number };
    Timestamp::from_microsecond(micros).ok()
}

/// The cells of a row, of which some are quoted.
fn cells(line: &str) -> Vec<&str> {
    let mut cells = Vec::new();
    let mut rest = line.trim();
    loop {
        let (cell, behind) = match rest.strip_prefix('"').and_then(|inner| inner.split_once('"')) {
            Some((cell, behind)) => (cell, behind.strip_prefix(',')),
            None => match rest.split_once(',') {
                Some((cell, behind)) => (cell, Some(behind)),
                None => (rest, None),
            },
        };
        cells.push(cell);
        match behind {
            Some(behind) => rest = behind,
            None => return cells,
        }
    }
}

/// Labels as `[(label,exp,bottom,ttl),...]`.
fn labels(text: &str) -> Box<[MplsLabel]> {
    let label = |one: &str| {
        let mut numbers = one.split(',');
        let label = numbers.next()?.trim().parse().ok()?;
        Some(MplsLabel { label, ttl: numbers.nth(2)?.trim().parse().ok()? })
    };
    let each = text.split('(').skip(1).filter_map(|one| label(one.split(')').next()?));
    each.take(values::MOST_LABELS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::{recognise, test_lines};

    const HEADER: &str = "capture_timestamp,probe_protocol,probe_src_addr,probe_dst_addr,probe_src_port,probe_dst_port,\
        probe_ttl,quoted_ttl,reply_src_addr,reply_protocol,reply_icmp_type,reply_icmp_code,reply_ttl,reply_size,\
        reply_mpls_labels,rtt,round";

    #[test]
    fn flows_and_rounds_are_traces() {
        let to = "::ffff:192.168.1.5,::ffff:175.45.177.10,24000,0";
        let text = format!(
            "{HEADER}\n1700000001,1,{to},3,1,::ffff:188.43.225.153,1,11,0,250,56,\"[(29657,0,0,1),(7,0,1,2)]\",1840,1\n\
             1700000000,1,{to},1,1,::ffff:192.168.1.1,1,11,0,64,56,\"[]\",5,1\n\
             1700000000,1,{to},1,1,::ffff:192.168.1.1,1,11,0,64,56,\"[]\",6,2\n\
             1700000000,1,::ffff:192.168.1.5,::,24000,0,4,0,::ffff:175.45.177.10,1,0,0,49,40,\"[]\",1900,1\n\
             1700000000,58,2001:db8::5,2001:db8::1,24000,0,4,0,2001:db8::2,58,3,0,49,40,\"[]\",1900,1\nhello\n"
        );
        assert_eq!(recognise(text.as_bytes()).map(Format::name), Some("caracal"));
        assert_eq!(
            test_lines::of(FORMAT, text.as_bytes()),
            [
                "6: skipped: answers on paths to IPv6 addresses",
                "7: malformed: no row of caracal",
                "2: 175.45.177.10 at 2023-11-14T22:13:19.81Z: 1 192.168.1.1@0.5, 2 *, \
                 3 188.43.225.153@184/29657:1/7:2, 4 175.45.177.10=@190",
                "4: 175.45.177.10 at 2023-11-14T22:13:19.9994Z: 1 192.168.1.1@0.6",
            ]
        );
    }

    proptest! {
        #[test]
        fn any_values_are_read(text in "(1,|::ffff:175[.]45[.]176[.]8,|[0-9]{1,3},|\"|[(]7,0,0,1[)]|::,|,|\n){0,80}") {
            test_lines::of(FORMAT, format!("{HEADER}\n{text}").as_bytes());
        }
    }
}
