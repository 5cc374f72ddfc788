//! What `mtr --csv` writes: a row for each TTL, the rows of a trace together.
//!
//! The columns up to the address are the same in all versions; the others differ, and the header says
//! how. Old versions have no header and semicolons, joined files have many. The host is written as it was
//! typed: where that is a name, the destination is unknown.

use std::net::Ipv4Addr;

use jiff::Timestamp;

use super::host::Host;
use crate::import::finding::Finding;
use crate::import::format::{Format, LineReader, Reader, Sink};
use crate::import::sniff::Head;
use crate::import::text_trace::{Cell, Destination, LONGEST, TextTrace};
use crate::import::values::{self, Address};

/// The format `mtr-csv`.
pub(in crate::import) const FORMAT: Format = Format {
    name: "mtr-csv",
    recognises,
    stands_alone: false,
    reader: Reader::Lines(|| Box::<MtrCsv>::default()),
};

fn recognises(head: &Head) -> bool {
    head.lines.iter().any(|line| is_line(line))
}

fn is_header(line: &str) -> bool {
    line.trim_start().starts_with("Mtr_Version")
}

/// Whether `line` is a header or a row.
pub(in crate::import) fn is_line(line: &str) -> bool {
    is_header(line) || Row::of(line, None).is_ok()
}

/// A reader of such lines.
pub(in crate::import) fn reader() -> Box<dyn LineReader + Send> {
    Box::<MtrCsv>::default()
}

/// The values of a line.
fn values(line: &str) -> Vec<&str> {
    let separator = if line.contains(';') && !line.contains(',') { ';' } else { ',' };
    line.split(separator).map(|value| value.trim().trim_matches('"')).collect()
}

/// A row of one TTL.
struct Row<'a> {
    started: &'a str,
    host: &'a str,
    ttl: u8,
    cell: Cell,
    /// The address, where the host has the name that was typed.
    target: Option<Ipv4Addr>,
}

impl<'a> Row<'a> {
    /// The row in `line`; the fastest answer is in column `best`.
    fn of(line: &'a str, best: Option<usize>) -> Result<Self, &'static str> {
        let values = values(line);
        let [version, started, _, host, ttl, address, rest @ ..] = values.as_slice() else {
            return Err("a row that is cut off");
        };
        if !version.starts_with("MTR") {
            return Err("no row of mtr");
        }
        let ttl = ttl.parse().ok().filter(|ttl| *ttl > 0).ok_or("no TTL")?;
        if rest.is_empty() {
            return Err("a row that is cut off");
        }
        let lost = rest.iter().take(2).any(|value| value.parse() == Ok(100.0));
        let best = best.and_then(|place| values.get(place)).filter(|_| !lost);
        let rtt = best.and_then(|value| value.parse().ok()).and_then(values::millis);
        let at = Host::read(address);
        let target = at.called(host);
        Ok(Self { started, host, ttl, cell: at.cell(rtt), target })
    }

    fn destination(&self) -> Destination {
        Address::parse(self.host).map_or(Destination::Name, Destination::from)
    }
}

#[derive(Default)]
struct MtrCsv {
    trace: TextTrace,
    /// What all rows of a trace have in common.
    of: (String, String),
    best: Option<usize>,
}

impl LineReader for MtrCsv {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        if line.len() > LONGEST {
            sink(number, Finding::Malformed("longer than any row of mtr".into()));
            return;
        }
        if line.trim().is_empty() {
            return;
        }
        if is_header(line) {
            self.best = values(line).iter().position(|name| *name == "Best");
            return;
        }
        match Row::of(line, self.best) {
            Ok(row) => self.row(number, row, sink),
            Err(why) => sink(number, Finding::Malformed(why.into())),
        }
    }

    fn end(self: Box<Self>, sink: &mut Sink<'_>) {
        self.trace.end(sink);
    }
}

impl MtrCsv {
    fn row(&mut self, number: u64, row: Row<'_>, sink: &mut Sink<'_>) {
        let is_same = (self.of.0.as_str(), self.of.1.as_str()) == (row.started, row.host);
        if !is_same || row.ttl < self.trace.last() {
            let mut trace = TextTrace::expected(number, row.destination());
            trace.started = row.started.parse().ok().and_then(|at| Timestamp::from_second(at).ok());
            std::mem::replace(&mut self.trace, trace).end(sink);
            self.of = (row.started.to_owned(), row.host.to_owned());
        }
        // A row that shows the name that was typed with its address.
        if let (Destination::Name, Some(address)) = (self.trace.destination, row.target) {
            self.trace.destination = Destination::Address(address);
        }
        self.trace.hop(number, row.ttl, vec![row.cell], sink);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::{recognise, test_lines};

    fn read(text: &str) -> Vec<String> {
        assert_eq!(recognise(text.as_bytes()).map(Format::name), Some("mtr-csv"));
        test_lines::of(FORMAT, text.as_bytes())
    }

    const HEADER: &str =
        "Mtr_Version,Start_Time,Status,Host,Hop,Ip,Loss%,Snt, ,Last,Avg,Best,Wrst,StDev,\n";
    const ASN: &str =
        "Mtr_Version,Start_Time,Status,Host,Hop,Ip,Asn,Loss%,Snt, ,Last,Avg,Best,Wrst,StDev,\n";

    #[test]
    fn runs_and_headers_follow_each_other() {
        let text = format!(
            "{HEADER}MTR.0.94,1620460381,OK,175.45.176.8,1,10.0.0.1,0.00,10,0,0.47,0.46,0.41,0.57,0.05\n\
             MTR.0.94,1620460381,OK,175.45.176.8,2,???,100.00,10,10,0.00,0.00,0.00,0.00,0.00\n\
             MTR.0.94,1620460381,OK,175.45.176.8,3,175.45.176.8,50.00,10,5,9.47,9.46,9.41,9.57,0.05\n\
             {ASN}MTR.UNKNOWN,1620460999,OK,x.kp,1,10.0.0.1,AS???,100.00,10,0,0.47,0.46,0.00,0.57,0.05\r\n\
             MTR.UNKNOWN,1620460999,OK,x.kp,2,gw.x (10.0.0.2),AS4837,0.00,10,0,0.47,0.46,0.42,0.57,0.05\r\n\
             MTR.UNKNOWN,1620460999,OK,x.kp,3,x.kp (175.45.176.9),AS1,0.00,10,0,0.47,0.46,0.43,0.57,0.05\r\n"
        );
        assert_eq!(
            read(&text),
            [
                "2: 175.45.176.8 at 2021-05-08T07:53:01Z: 1 10.0.0.1@0.41, 2 *, 3 175.45.176.8=@9.41",
                "6: 175.45.176.9 at 2021-05-08T08:03:19Z: 1 10.0.0.1, 2 10.0.0.2@0.42, \
                 3 175.45.176.9=@0.43",
            ]
        );
    }

    #[test]
    fn old_versions_have_semicolons_and_no_header() {
        let text = "MTR.0.85;1400000000;OK;175.45.176.8;1;10.0.0.1;477\n\
            MTR.0.85;1400000000;OK;175.45.176.8;2;???;0\n\
            MTR.0.85;1400000000;OK;175.45.176.8;1;10.0.0.1;478\n";
        assert_eq!(
            read(text),
            [
                "1: 175.45.176.8 at 2014-05-13T16:53:20Z: 1 10.0.0.1, 2 *",
                "3: 175.45.176.8 at 2014-05-13T16:53:20Z: 1 10.0.0.1",
            ]
        );
    }

    #[test]
    fn what_cannot_be_used_is_reported() {
        let row = "MTR.0.94,1620460381,OK";
        let text = format!(
            "{HEADER}{row},x.kp,1,10.0.0.1,0.00,1\n{row},x.kp,2,175.45.176.8,0.00,1\n\
             {row},y.kp,1,gw.example,0.00,1\n{row},2001:db8::1,1,???,100.00,1\n\
             {row},175.45.176.8,0,10.0.0.1,0.00,1\nhello\n{row},175.45.1"
        );
        assert_eq!(
            read(&text),
            [
                "2: to no destination (175.45.176.8) at 2021-05-08T07:53:01Z: \
                 1 10.0.0.1, 2 175.45.176.8",
                "4: skipped: hops have names and no addresses",
                "6: malformed: no TTL",
                "7: malformed: a row that is cut off",
                "8: malformed: a row that is cut off",
                "5: skipped: a traceroute to an IPv6 address",
            ]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            test_lines::of(FORMAT, &bytes);
            let _ = recognise(&bytes);
        }

        #[test]
        fn any_values_are_read(text in "(MTR,|OK,|1620460381,|[0-9]{1,3},|10[.]1[.]2[.][0-9],|[?]{3},|175[.]45[.]176[.]8,|,|\n){0,60}") {
            test_lines::of(FORMAT, text.as_bytes());
        }
    }
}
