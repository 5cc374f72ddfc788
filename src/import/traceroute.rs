//! The text that traceroute prints: Linux, BSD and macOS, busybox, inetutils.
//!
//! All of them write a header with the destination, then a line for each TTL with addresses, times
//! and marks. A file may hold many runs. Where the header is missing, as it is where only stdout of a
//! BSD was kept, the destination is the address that answered last: where that is home, so is the
//! destination.

use std::io::{self, BufRead};
use std::net::Ipv4Addr;

use crate::trace::{Kind, StopReason, Trace};

use super::hop_words::HopWords;
use super::text::{Lines, head};
use super::{Finding, Format, Sink};

/// traceroute's text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traceroute;

impl Format for Traceroute {
    fn name(&self) -> &'static str {
        "traceroute"
    }

    fn recognises(&self, bytes: &[u8]) -> bool {
        let lines = head(bytes);
        let known = |line: &String| Header::of(line).is_some();
        let hops = || lines.iter().filter(|line| is_hop(line)).count();
        lines.iter().any(known) || hops() > 0 && hops() * 2 >= lines.len()
    }

    fn read(&self, input: &mut (dyn BufRead + Send), sink: &mut Sink<'_>) -> io::Result<()> {
        let mut run = Run::default();
        for line in Lines::new(input) {
            let (number, line) = line?;
            if let Some(header) = Header::of(&line) {
                std::mem::take(&mut run).end(sink);
                run = Run { line: number, header: Some(header), ..Run::default() };
            } else {
                run.take(number, &line);
            }
        }
        run.end(sink);
        Ok(())
    }
}

/// What stands before a line in quotes and logs.
fn bare(line: &str) -> &str {
    line.trim_start_matches(['>', '|']).trim_end()
}

/// Whether a line looks like that of a hop: a TTL, then a time with its unit behind it or a star.
fn is_hop(line: &str) -> bool {
    let mut words = bare(line).split_whitespace();
    let ttl = words.next().is_some_and(|word| word.parse::<u8>().is_ok_and(|ttl| ttl > 0));
    let words: Vec<&str> = words.collect();
    let times_first = words.first().is_some_and(|word| word.starts_with('<') || number(word));
    let timed = words.iter().any(|word| word.ends_with("ms") && !word.starts_with("ms="));
    ttl && !times_first && (timed || !words.is_empty() && words.iter().all(|word| *word == "*"))
}

fn number(word: &str) -> bool {
    word.parse::<f64>().is_ok()
}

/// Who is traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    To(Ipv4Addr),
    /// A destination that is no IPv4 address.
    Elsewhere,
}

impl Header {
    /// `traceroute to NAME (ADDRESS), 30 hops max, ...`
    fn of(line: &str) -> Option<Self> {
        let (program, rest) = bare(line).split_once(" to ")?;
        let program = program.split_whitespace().next_back()?;
        if !program.ends_with("traceroute") && !program.ends_with("traceroute6") {
            return None;
        }
        if !rest.contains("hops max") {
            return None;
        }
        let inside = rest.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
        let address =
            inside.map_or_else(|| rest.split([',', ' ']).next(), |(inside, _)| Some(inside));
        Some(address.and_then(|text| text.parse().ok()).map_or(Self::Elsewhere, Self::To))
    }
}

/// One run while it is read.
#[derive(Debug, Default)]
struct Run {
    line: u64,
    header: Option<Header>,
    hops: HopWords,
    cut: bool,
    /// Lines that are neither hops nor anything that is known.
    strange: Vec<u64>,
}

impl Run {
    fn take(&mut self, number: u64, line: &str) {
        let text = bare(line);
        self.cut |= text.contains("^C");
        let text = text.trim_end_matches("^C");
        let mut words = text.split_whitespace();
        let first = words.next().unwrap_or_default();
        let goes_on = line.starts_with("    ") && !self.hops.is_empty();
        match first.parse::<u8>() {
            Ok(ttl) if ttl > 0 => {
                if self.line == 0 {
                    self.line = number;
                }
                self.hops.line(Some(ttl), words);
            }
            _ if goes_on => self.hops.line(None, text.split_whitespace()),
            _ if text.is_empty() || text.starts_with("traceroute: Warning") => {}
            _ => self.strange.push(number),
        }
    }

    fn end(self, sink: &mut Sink<'_>) {
        for line in &self.strange {
            sink(*line, Finding::Broken("neither a header nor a hop".into()));
        }
        let left = |why: &str| Finding::Left(why.into());
        let (line, empty, last) = (self.line, self.hops.is_empty(), self.hops.last_address());
        let finding = match (self.header, last) {
            (None, _) if empty => return,
            (Some(Header::Elsewhere), _) => left("no IPv4 destination"),
            (Some(Header::To(_)), _) if empty => left("no hop follows its header"),
            (None, None) => left("no header names its destination"),
            (Some(Header::To(target)), _) | (None, Some(target)) => self.trace(target),
        };
        sink(line, finding);
    }

    fn trace(self, target: Ipv4Addr) -> Finding {
        if self.hops.names_only() {
            return Finding::Left("hops have names and no addresses".into());
        }
        let mut hops = self.hops.hops();
        let answers = hops.iter_mut().flat_map(|hop| &mut hop.tries);
        for answer in answers.filter_map(|one| one.answer.as_mut()) {
            if answer.from == target && answer.kind == Kind::TimeExceeded {
                answer.kind = Kind::EchoReply;
            }
        }
        let stop = self.cut.then_some(StopReason::Interrupted);
        Finding::Trace(Box::new(Trace {
            target,
            method: None,
            flow: None,
            vantage: None,
            started: None,
            hops,
            stop,
            strategy: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        let mut input = text;
        let mut sink = |line: u64, finding: Finding| {
            found.push(match finding {
                Finding::Trace(trace) => format!("{line}: {}", told(&trace)),
                Finding::Elsewhere(to) => format!("{line}: elsewhere: {to}"),
                Finding::Left(why) => format!("{line}: left: {why}"),
                Finding::Broken(why) => format!("{line}: broken: {why}"),
            });
        };
        Traceroute.read(&mut input, &mut sink).expect("read");
        found
    }

    fn told(trace: &Trace) -> String {
        let hop = |hop: &crate::trace::Hop| {
            let tries = hop.tries.iter().map(|one| match &one.answer {
                None => "*".to_owned(),
                Some(answer) => {
                    let millis = answer.rtt.map_or(0.0, |rtt| f64::from(rtt.subsec_micros()) / 1e3);
                    let mark = match answer.kind {
                        Kind::TimeExceeded => String::new(),
                        Kind::EchoReply => "=".into(),
                        Kind::Unreachable(code) => format!("!{code}"),
                    };
                    format!("{}{mark}@{millis}", answer.from)
                }
            });
            format!("{} {}", hop.ttl.get(), tries.collect::<Vec<_>>().join(" "))
        };
        let hops: Vec<String> = trace.hops.iter().map(hop).collect();
        format!("{}: {}", trace.target, hops.join(", "))
    }

    #[test]
    fn linux_with_names_stars_marks_and_several_addresses() {
        let text = "traceroute to a.kp (175.45.176.71), 30 hops max, 60 byte packets\n \
            1  gw (192.168.1.1)  0.5 ms * 0.7 ms\n \
            2  a (219.158.3.1) [AS4837]  9 ms b.net (219.158.3.2) [AS4837/AS1]  10 ms *\n \
            3  * * *\n \
            4  * * 219.158.39.42 (219.158.39.42)  284.168 ms !X\n";
        assert_eq!(
            read(text.as_bytes()),
            ["1: 175.45.176.71: 1 192.168.1.1@0.5 * 192.168.1.1@0.7, \
              2 219.158.3.1@9 219.158.3.2@10 *, 3 * * *, 4 * * 219.158.39.42!13@284.168"]
        );
    }

    #[test]
    fn bsd_goes_on_in_the_next_line_and_puts_the_as_first() {
        let text = "traceroute to 175.45.176.71 (175.45.176.71), 64 hops max, 52 byte packets\n \
            6  [AS0] 91.122.105.27 (91.122.105.27)  1.5 ms  2.5 ms\n    \
            [AS0] 94.142.122.44 (94.142.122.44)  41.479 ms\n";
        assert_eq!(
            read(text.as_bytes()),
            ["1: 175.45.176.71: 6 91.122.105.27@1.5 91.122.105.27@2.5 94.142.122.44@41.479"]
        );
    }

    #[test]
    fn busybox_and_inetutils() {
        let text = "traceroute to 175.45.176.71 (175.45.176.71), 30 hops max, 46 byte packets\n \
            1  172.16.1.1  0.008 ms  0.006 ms  0.004 ms\n 2  *  *  *\n\
            traceroute to x (175.45.176.8), 64 hops max\n  1   192.168.1.1  7.994ms  0.005ms  2,508ms \n  \
            2   175.45.176.8  9ms  9ms !A 9ms\n";
        assert_eq!(
            read(text.as_bytes()),
            [
                "1: 175.45.176.71: 1 172.16.1.1@0.008 172.16.1.1@0.006 172.16.1.1@0.004, 2 * * *",
                "4: 175.45.176.8: 1 192.168.1.1@7.994 192.168.1.1@0.005 192.168.1.1@2.508, \
                 2 175.45.176.8=@9 175.45.176.8!13@9 175.45.176.8=@9",
            ]
        );
    }

    #[test]
    fn tabs_no_header_and_a_cut_time() {
        let text = "10\t188.43.225.153\t185.192 ms\t183.6 ms\n11\t * \t *\n\
            14\t175.45.177.10\t195.996 ms\n15\t175.45.177.10\t193.334\n";
        assert_eq!(
            read(text.as_bytes()),
            ["1: 175.45.177.10: 10 188.43.225.153@185.192 188.43.225.153@183.6, 11 * *, \
              14 175.45.177.10=@195.996, 15 175.45.177.10=@193.334"]
        );
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        let ipv6 = "traceroute to x (2001:db8::1), 30 hops max, 80 byte packets\n 1  * * *\n";
        assert_eq!(read(ipv6.as_bytes()), ["1: left: no IPv4 destination"]);
        let names = "traceroute to x (175.45.176.8), 30 hops max\n 1  gw.example  1 ms  1 ms\n";
        assert_eq!(read(names.as_bytes()), ["1: left: hops have names and no addresses"]);
        let blanked = "traceroute to x (175.45.176.8), 30 hops max\n 1  10.XXX.XXX.1  1 ms\n \
            2  4.69.1.1  2 ms\n what is this\n";
        assert_eq!(
            read(blanked.as_bytes()),
            ["4: broken: neither a header nor a hop", "1: 175.45.176.8: 1 *, 2 4.69.1.1@2"]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            read(&bytes);
            Traceroute.recognises(&bytes);
        }

        #[test]
        fn any_words_are_read(text in "( [0-9]{1,3}  |[*] |10[.]1[.]2[.][0-9] |[(]4[.]4[.]4[.]4[)] |[0-9.,]{1,6} ms|![XHN<>0-9]{1,4} |\n){0,60}") {
            read(text.as_bytes());
        }
    }
}
