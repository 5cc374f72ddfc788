//! What yarrp writes: remarks that say how it ran, then a line for each answer, in random order over all
//! targets and TTLs.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::format::{Format, Reader};
use super::scattered::{Answer, Key, Row, RowReader, kind};
use super::sniff::Head;
use super::values::{self, Address};
use crate::trace::{HopReply, Method, MplsLabel, Vantage};

/// The format `yarrp`.
pub(super) const FORMAT: Format = Format {
    name: "yarrp",
    recognises,
    stands_alone: true,
    reader: Reader::Scattered(|| Box::<Yarrp>::default()),
};

fn recognises(head: &Head) -> bool {
    let remark = |line: &String| {
        line.starts_with("# Program: Yarrp") || line.starts_with("# Output_Fields: target sec")
    };
    head.lines.iter().take_while(|line| line.starts_with('#')).any(remark)
}

#[derive(Default)]
struct Yarrp {
    is_micros: bool,
    first: Option<u8>,
    method: Option<Method>,
    vantage: Option<Arc<Vantage>>,
    /// Files may have been put one behind the other.
    runs: u64,
}

impl RowReader for Yarrp {
    fn row(&mut self, line: &str) -> Row {
        let line = line.trim();
        if let Some(remark) = line.strip_prefix('#') {
            self.remark(remark.trim());
            return Row::Other;
        }
        if line.is_empty() { Row::Other } else { self.answer(line) }
    }

    fn first_ttl(&self) -> u8 {
        self.first.unwrap_or(1)
    }
}

impl Yarrp {
    fn remark(&mut self, remark: &str) {
        let Some((key, value)) = remark.split_once(": ") else { return };
        match key {
            "RTT_Granularity" => self.is_micros = value == "us",
            "Min_TTL" => self.first = value.parse().ok().filter(|ttl| *ttl > 0),
            "SourceIP" => {
                let address = Address::parse(value).and_then(Address::v4);
                self.vantage = values::vantage(None, address);
            }
            "Trace_Type" => {
                self.method = match value.get(..3) {
                    Some("ICM") => Some(Method::Icmp),
                    Some("UDP") => Some(Method::Udp),
                    Some("TCP") => Some(Method::Tcp),
                    _ => None,
                };
            }
            "Start" => self.runs += 1,
            _ => {}
        }
    }

    fn answer(&self, line: &str) -> Row {
        let mut words = [""; 15];
        let count = line.split_whitespace().zip(&mut words).map(|(word, to)| *to = word).count();
        let [
            target,
            seconds,
            micros,
            icmp_type,
            code,
            ttl,
            hop,
            rtt,
            _,
            _,
            _,
            reply_ttl,
            _,
            mpls,
            last,
        ] = words;
        if count < 14 {
            return Row::Malformed("an answer that is cut off");
        }
        let target = match Address::parse(target) {
            Some(Address::V4(target)) => target,
            Some(Address::V6) => return Row::Ipv6,
            None => return Row::Malformed("no target"),
        };
        let (Ok(icmp_type), Ok(code), Ok(ttl)) = (icmp_type.parse(), code.parse(), ttl.parse())
        else {
            return Row::Malformed("no ICMP type or TTL");
        };
        let unit = if self.is_micros { 1000.0 } else { 1.0 };
        let rtt = rtt.parse().ok().and_then(|rtt: f64| values::millis(rtt / unit));
        let from = Address::parse(hop).and_then(Address::v4);
        let reply = from.and_then(|from| {
            Some(HopReply {
                reply_ttl: reply_ttl.parse().ok(),
                // Older versions have no labels, but the count in their place.
                labels: if last.is_empty() { [].into() } else { labels(mpls) },
                ..HopReply::new(from, kind(icmp_type, code, from == target)?, rtt)
            })
        });
        let received = || {
            let seconds = seconds.parse().ok().filter(|seconds: &i64| *seconds > 0)?;
            Timestamp::new(seconds, micros.parse::<i32>().ok()?.checked_mul(1000)?).ok()
        };
        let sent = received().and_then(|at| at.checked_sub(rtt.unwrap_or(Duration::ZERO)).ok());
        let trace = Key {
            target,
            flow: None,
            method: self.method,
            vantage: self.vantage.clone(),
            round: self.runs,
        };
        Row::Answer(Answer { trace, ttl, sent, reply })
    }
}

/// Labels as `label:ttl,label:ttl`; `0` is none.
fn labels(text: &str) -> Box<[MplsLabel]> {
    text.split(',').filter_map(values::label).take(values::MOST_LABELS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::{recognise, test_lines};

    #[test]
    fn answers_are_put_in_their_order() {
        let text = "# Max_TTL: 16\n# Min_TTL: 1\n# Program: Yarrp v0.7\n# RTT_Granularity: us\n# SourceIP: 192.0.2.10\n\
            # Start: Tue, 05 Feb 2019 20:53:20 +0000\n# Trace_Type: ICMP\n\
            175.45.176.80 1700000000 500000 3 13 4 219.158.39.42 284168 4003 40 56 240 0 0 4\n\
            175.45.177.10 1700000001 0 0 0 3 175.45.177.10 195996 4007 40 56 49 0 0 8\n\
            175.45.176.80 1700000000 250000 11 0 2 219.158.117.1 250000 4000 40 56 245 0 24012:1,7:2 1\n\
            2001:db8::1 1700000000 250000 11 0 2 2001:db8::2 250000 4000 40 56 245 0 0 1\n\
            175.45.176.80 17000\n# End: now\n";
        assert_eq!(recognise(text.as_bytes()).map(Format::name), Some("yarrp"));
        assert_eq!(
            test_lines::of(FORMAT, text.as_bytes()),
            [
                "11: skipped: answers on paths to IPv6 addresses",
                "12: malformed: an answer that is cut off",
                "8: 175.45.176.80 from 192.0.2.10 at 2023-11-14T22:13:20Z: 1 *, \
                 2 219.158.117.1@250/24012:1/7:2, 3 *, 4 219.158.39.42!13@284.168",
                "9: 175.45.177.10 from 192.0.2.10 at 2023-11-14T22:13:20.804004Z: 1 *, 2 *, \
                 3 175.45.177.10=@195.996",
            ]
        );
    }

    #[test]
    fn impossible_times_are_none() {
        let text =
            "# Program: Yarrp v0.6\n175.45.176.80 0 0 11 0 1 10.0.0.1 4294967295 1 40 56 64 0 1\n";
        assert_eq!(test_lines::of(FORMAT, text.as_bytes()), ["2: 175.45.176.80: 1 10.0.0.1"]);
    }

    proptest! {
        #[test]
        fn any_values_are_read(text in "(# Program: Yarrp\n|175[.]45[.]176[.]8 |[0-9]{1,3} |10[.]1[.]2[.]9 |-1 |9999999999999 |\n){0,80}") {
            test_lines::of(FORMAT, text.as_bytes());
        }
    }
}
