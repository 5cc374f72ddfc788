//! `trip --mode csv`: a row for each TTL. Addresses of one TTL stand with colons between them.

use crate::import::finding::Finding;
use crate::import::format::{Format, LineReader, Reader, Sink};
use crate::import::sniff::Head;
use crate::import::text_trace::{Cell, Destination, LONGEST, Sender, TextTrace};
use crate::import::values::{self, Address};

/// The format `trippy-csv`.
pub(in crate::import) const FORMAT: Format = Format {
    name: "trippy-csv",
    recognises,
    stands_alone: false,
    reader: Reader::Lines(|| Box::<TrippyCsv>::default()),
};

fn recognises(head: &Head) -> bool {
    head.lines.iter().any(|line| is_header(line))
}

/// Whether `line` names the columns.
pub(in crate::import) fn is_header(line: &str) -> bool {
    line.trim_start().starts_with("Target,TargetIp,Hop,")
}

/// Whether `line` is a header or a row.
pub(in crate::import) fn is_line(line: &str) -> bool {
    let mut cells = line.split(',').skip(1);
    let is_target = |cell: &str| Address::parse(cell.trim().trim_matches('"')).is_some();
    let is_ttl = |cell: &str| cell.trim().trim_matches('"').parse::<u8>().is_ok();
    is_header(line) || cells.next().is_some_and(is_target) && cells.next().is_some_and(is_ttl)
}

/// A reader of such lines.
pub(in crate::import) fn reader() -> Box<dyn LineReader + Send> {
    Box::<TrippyCsv>::default()
}

#[derive(Default)]
struct TrippyCsv {
    trace: TextTrace,
    target: String,
    best: Option<usize>,
}

impl LineReader for TrippyCsv {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        if is_header(line) {
            std::mem::take(&mut self.trace).end(sink);
            self.best = line.split(',').position(|name| name == "Best");
            self.target.clear();
            return;
        }
        if line.len() > LONGEST || self.row(number, line, sink).is_none() {
            sink(number, Finding::Malformed("no row of trippy".into()));
        }
    }

    fn end(self: Box<Self>, sink: &mut Sink<'_>) {
        self.trace.end(sink);
    }
}

impl TrippyCsv {
    fn row(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) -> Option<()> {
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim().trim_matches('"')).collect();
        let [_, target, ttl, hosts, ..] = cells.as_slice() else { return None };
        let ttl: u8 = ttl.parse().ok().filter(|ttl| *ttl > 0)?;
        if *target != self.target || ttl <= self.trace.last() {
            let destination = Address::parse(target).map_or(Destination::Name, Destination::from);
            let trace = TextTrace::expected(number, destination);
            std::mem::replace(&mut self.trace, trace).end(sink);
            (*target).clone_into(&mut self.target);
        }
        let best = self.best.and_then(|place| cells.get(place)?.parse().ok());
        self.trace.hop(number, ttl, hosts_of(hosts, best), sink);
        Some(())
    }
}

/// The hosts of one TTL; where they are several, nobody knows whose time it is.
pub(super) fn hosts_of(hosts: &str, best: Option<f64>) -> Vec<Cell> {
    if matches!(hosts, "" | "???") {
        return vec![Cell::Silent];
    }
    if let Some(address) = Address::parse(hosts) {
        return vec![Cell::answer(address, best.and_then(values::millis))];
    }
    let sender = |host| Address::parse(host).map_or(Sender::Unreadable, Sender::from);
    let hosts: Vec<Sender> = hosts.split(':').map(sender).collect();
    // A list of addresses of IPv6 cannot be taken apart.
    if hosts.contains(&Sender::Unreadable) {
        return vec![Cell::answer(Sender::Ipv6, None)];
    }
    hosts.into_iter().map(|sender| Cell::answer(sender, None)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::{recognise, test_lines};

    #[test]
    fn runs_follow_each_other() {
        let header = "Target,TargetIp,Hop,IPs,Addrs,Loss%,Snt,Recv,Last,Avg,Best,Wrst,StdDev";
        let text = format!(
            "{header}\nx.kp,175.45.177.10,1,192.168.0.1,_gateway,0.0%,3,3,10.7,8.18,3.1,10.7,2.53,\n\
             x.kp,175.45.177.10,2,???,???,100.00,3,0,???,0.00,???,???,0.00\n\
             x.kp,175.45.177.10,3,188.43.28.9:188.43.28.10,a:b,0.00,3,3,21.1,21.57,18.1,25.6,2.49\n\
             x.kp,175.45.177.10,1,192.168.0.1,_gateway,0.0,3,3,10.7,8.18,4.1,10.7,2.53\n{header}\n\
             y,2001:db8::1,1,2001:db8::2,y,0.0,3,3,10.7,8.18,4.1,10.7,2.53\nhello\n"
        );
        assert_eq!(recognise(text.as_bytes()).map(Format::name), Some("trippy-csv"));
        assert_eq!(
            test_lines::of(FORMAT, text.as_bytes()),
            [
                "2: 175.45.177.10: 1 192.168.0.1@3.1, 2 *, 3 188.43.28.9 188.43.28.10",
                "5: 175.45.177.10: 1 192.168.0.1@4.1",
                "8: malformed: no row of trippy",
                "7: skipped: a traceroute to an IPv6 address",
            ]
        );
    }

    proptest! {
        #[test]
        fn any_values_are_read(text in "(Target,TargetIp,Hop,IPs\n|x,|175[.]45[.]176[.]8,|[0-9]{1,3},|10[.]1[.]2[.]9:|[?]{3}|,|\n){0,60}") {
            test_lines::of(FORMAT, text.as_bytes());
        }
    }
}
