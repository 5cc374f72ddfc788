//! scamper's measurements as `sc_warts2csv` writes them: a row for each answer, semicolons between.

use super::measurement::{Asked, Ending, Measurement, Reply, method};
use crate::import::finding::Finding;
use crate::import::format::{Format, LineReader, Reader, Sink};
use crate::import::sniff::Head;
use crate::import::values::{self, Address};
use jiff::Timestamp;

/// The format `scamper-csv`.
pub(in crate::import) const FORMAT: Format = Format {
    name: "scamper-csv",
    recognises,
    stands_alone: false,
    reader: Reader::Lines(|| Box::<ScamperCsv>::default()),
};

/// The most answers of one trace.
const MOST: usize = 1 << 13;
const COLUMNS: usize = 10;

fn recognises(head: &Head) -> bool {
    head.lines.iter().any(|line| is_header(line))
}

/// Whether `line` names the columns.
pub(in crate::import) fn is_header(line: &str) -> bool {
    line.trim_start().starts_with("version;userID;timestamp;")
}

/// Whether `line` is a header or a row.
pub(in crate::import) fn is_line(line: &str) -> bool {
    let cells: Vec<&str> = line.trim().splitn(COLUMNS + 1, ';').collect();
    is_header(line) || cells.len() == COLUMNS && cells[7].parse::<u8>().is_ok()
}

/// A reader of such lines.
pub(in crate::import) fn reader() -> Box<dyn LineReader + Send> {
    Box::<ScamperCsv>::default()
}

#[derive(Default)]
struct ScamperCsv {
    open: Option<Open>,
}

/// A trace whose rows are being read.
struct Open {
    line: u64,
    /// What all its rows have in common.
    of: String,
    last: u8,
    measurement: Measurement,
}

impl LineReader for ScamperCsv {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        if is_header(line) {
            self.close(sink);
        } else if self.row(number, line, sink).is_none() {
            sink(number, Finding::Malformed("no row of scamper".into()));
        }
    }

    fn end(mut self: Box<Self>, sink: &mut Sink<'_>) {
        self.close(sink);
    }
}

impl ScamperCsv {
    fn close(&mut self, sink: &mut Sink<'_>) {
        if let Some(open) = self.open.take() {
            open.measurement.findings().into_iter().for_each(|one| sink(open.line, one));
        }
    }

    fn row(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) -> Option<()> {
        let cells: Vec<&str> = line.splitn(COLUMNS + 1, ';').collect();
        let [_, _, at, source, target, how, stop, ttl, from, rtt] = cells.as_slice() else {
            return None;
        };
        let ttl: u8 = ttl.parse().ok()?;
        let of = cells.get(..7)?.join(";");
        let goes_on =
            |open: &Open| open.of == of && open.last <= ttl && open.measurement.tries.len() < MOST;
        if !self.open.as_ref().is_some_and(goes_on) {
            self.close(sink);
            let seconds = at.parse().ok().filter(|seconds: &i64| *seconds > 0);
            self.open = Some(Open {
                line: number,
                of,
                last: ttl,
                measurement: Measurement {
                    target: Address::parse(target),
                    source: Address::parse(source),
                    method: method(how),
                    started: seconds.and_then(|at| Timestamp::from_second(at).ok()),
                    stop: Ending::named(stop),
                    span: Some((1, 0)),
                    attempts: 1,
                    ..Measurement::default()
                },
            });
        }
        let open = self.open.as_mut()?;
        open.last = ttl;
        let reply = (!matches!(*from, "" | "*")).then(|| Reply {
            from: Address::parse(from),
            rtt: rtt.parse().ok().and_then(values::millis),
            ..Reply::default()
        });
        open.measurement.tries.push(Asked { ttl, reply, ..Asked::default() });
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::{recognise, test_lines};

    #[test]
    fn rows_of_one_trace_belong_together() {
        let header = "version;userID;timestamp;src;dst;method;stop;ttl;hopaddr;rtt";
        let row = "scamper.20260420;0;1700000000;192.0.2.7;175.45.177.10;icmp-paris";
        let text = format!(
            "{header}\n{row};COMPLETED;1;192.168.1.1;2.783\n{row};COMPLETED;1;192.168.1.1;2.450\n\
             {row};COMPLETED;3;175.45.177.10;190.250\n{row};COMPLETED;1;192.168.1.1;2.5\n{header}\n\
             scamper.20260420;0;1700000000;::1;2001:db8::1;udp;GAPLIMIT;1;2001:db8::2;1.0\nhello;you\n"
        );
        assert_eq!(recognise(text.as_bytes()).map(Format::name), Some("scamper-csv"));
        assert_eq!(
            test_lines::of(FORMAT, text.as_bytes()),
            [
                "2: 175.45.177.10 from 192.0.2.7 at 2023-11-14T22:13:20Z: \
                 1 192.168.1.1@2.783 192.168.1.1@2.45, 2 *, 3 175.45.177.10=@190.25, home",
                "5: 175.45.177.10 from 192.0.2.7 at 2023-11-14T22:13:20Z: 1 192.168.1.1@2.5",
                "8: malformed: no row of scamper",
                "7: skipped: a traceroute to an IPv6 address",
            ]
        );
    }

    proptest! {
        #[test]
        fn any_rows_are_read(text in "(version;userID;timestamp;|s;0;|17;|175[.]45[.]176[.]8;|icmp;|[0-9]{1,3};|10[.]1[.]2[.]9;|;|\n){0,80}") {
            test_lines::of(FORMAT, text.as_bytes());
        }
    }
}
