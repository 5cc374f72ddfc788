//! `nmap --traceroute -oX`: a trace for each host, without those hops that were silent.

use std::io::{self, BufRead};
use std::net::Ipv4Addr;

use jiff::Timestamp;

use super::finding::Finding;
use super::format::{Format, Reader, Sink};
use super::hop_builder::HopBuilder;
use super::sniff::Head;
use super::values::{self, Address};
use super::xml::{self, Element, Part};
use crate::trace::{HopReply, Method, ReplyKind, StopReason, Trace};

/// The format `nmap-xml`.
pub(super) const FORMAT: Format =
    Format { name: "nmap-xml", recognises, stands_alone: true, reader: Reader::Stream(read) };

fn recognises(head: &Head) -> bool {
    head.has_element("nmaprun")
}

fn read(input: &mut (dyn BufRead + Send), sink: &mut Sink<'_>) -> io::Result<()> {
    let (mut run, mut host, mut number) = (None, Host::default(), 0);
    let ended = xml::read(input, |part| match part {
        Part::Start(element) if element.name == "nmaprun" => run = time(&element, "start"),
        Part::Start(element) if element.name == "host" => {
            number += 1;
            host = Host { started: time(&element, "starttime").or(run), ..Host::default() };
        }
        Part::Start(element) => host.element(&element),
        Part::End(name) if name == "host" => {
            std::mem::take(&mut host).findings().into_iter().for_each(|one| sink(number, one));
        }
        Part::Text(_) | Part::End(_) => {}
    })?;
    // A file that is cut off has the hops before that.
    let is_cut = host.is_traced;
    if is_cut {
        host.stop = Some(StopReason::Interrupted);
        host.findings().into_iter().for_each(|one| sink(number, one));
    }
    match ended {
        Err(why) => sink(number + 1, Finding::Malformed(why)),
        Ok(()) if is_cut => {
            sink(number, Finding::Malformed("the input ends within a host".into()));
        }
        Ok(()) => {}
    }
    Ok(())
}

fn time(element: &Element, name: &str) -> Option<Timestamp> {
    let seconds: i64 = element.get(name)?.parse().ok()?;
    Timestamp::from_second(seconds).ok().filter(|_| seconds > 0)
}

/// A host while its element is read.
#[derive(Default)]
struct Host {
    started: Option<Timestamp>,
    address: Option<Ipv4Addr>,
    is_ipv6: bool,
    method: Option<Method>,
    is_traced: bool,
    hops: HopBuilder,
    last: u8,
    unread: usize,
    stop: Option<StopReason>,
}

impl Host {
    fn element(&mut self, element: &Element) {
        match element.name.as_str() {
            "address" => match element.get("addr").and_then(Address::parse) {
                Some(Address::V4(address)) => self.address = Some(address),
                Some(Address::V6) => self.is_ipv6 = true,
                // The address of a network card.
                None => {}
            },
            "trace" => {
                self.is_traced = true;
                self.method = match element.get("proto") {
                    Some("tcp") => Some(Method::Tcp),
                    Some("udp") => Some(Method::Udp),
                    Some("icmp") => Some(Method::Icmp),
                    _ => None,
                };
            }
            "hop" => {
                let Some(ttl) = element.get("ttl").and_then(|ttl| ttl.parse().ok()) else { return };
                let from = element.get("ipaddr").and_then(Address::parse).and_then(Address::v4);
                self.unread += usize::from(from.is_none());
                let rtt = element.get("rtt").and_then(|rtt| rtt.parse().ok());
                let rtt = rtt.and_then(values::millis);
                let kind = if from == self.address {
                    ReplyKind::EchoReply
                } else {
                    ReplyKind::TimeExceeded
                };
                let answer = |from| HopReply::new(from, kind, rtt);
                self.hops.add(ttl, None, from.map(answer));
                self.last = self.last.max(ttl);
            }
            _ => {}
        }
    }

    fn findings(mut self) -> Vec<Finding> {
        let skipped = |why: &str| vec![Finding::Skipped(why.into())];
        let target = match self.address {
            _ if !self.is_traced => return skipped("a host that was not traced"),
            Some(target) => target,
            None if self.is_ipv6 => return skipped("a traceroute to an IPv6 address"),
            None => return skipped("it names no destination"),
        };
        // Nmap leaves out what was silent.
        (1..=self.last).for_each(|ttl| self.hops.asked(ttl, 1));
        if self.hops.is_empty() {
            return skipped("a traceroute without hops");
        }
        let trace = Trace {
            target,
            method: self.method,
            flow: None,
            vantage: None,
            started: self.started,
            hops: self.hops.hops(),
            stop: self.stop,
            strategy: None,
        };
        Finding::of(trace, self.unread)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::{recognise, test_lines};

    #[test]
    fn each_host_has_its_trace() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<!-- Nmap 7.93 scan initiated as: nmap -n -&#45;traceroute -->
<nmaprun scanner="nmap" args="nmap" start="1700000000" version="7.93">
<host starttime="1700000001" endtime="0"><status state="up"/>
<address addr="175.45.177.10" addrtype="ipv4"/><address addr="00:11:22:33:44:55" addrtype="mac"/>
<trace port="80" proto="tcp">
<hop ttl="1" ipaddr="192.168.1.1" rtt="0.50" host="a&amp;b"/>
<hop ttl="3" ipaddr="188.43.225.153" rtt="--"/>
<hop ttl="4" ipaddr="175.45.177.10" rtt="190.25"/>
</trace></host>
<host><address addr="175.45.176.71" addrtype="ipv4"/></host>
<host><address addr="2001:db8::1" addrtype="ipv6"/><trace><hop ttl="1" ipaddr="2001:db8::2"/></trace></host>
<host><address addr="175.45.176.10" addrtype="ipv4"/><trace>
<hop ttl="1" ipaddr="192.168.1.1" rtt="0.50"/>
"#;
        assert_eq!(recognise(text.as_bytes()).map(Format::name), Some("nmap-xml"));
        assert_eq!(
            test_lines::of(FORMAT, text.as_bytes()),
            [
                "1: 175.45.177.10 at 2023-11-14T22:13:21Z: 1 192.168.1.1@0.5, 2 *, \
                 3 188.43.225.153, 4 175.45.177.10=@190.25",
                "2: skipped: a host that was not traced",
                "3: skipped: a traceroute to an IPv6 address",
                "4: 175.45.176.10 at 2023-11-14T22:13:20Z: 1 192.168.1.1@0.5, interrupted",
                "4: malformed: the input ends within a host",
            ]
        );
        let cut = test_lines::of(FORMAT, format!("{text}<hop tt").as_bytes());
        assert_eq!(
            cut[3],
            "4: 175.45.176.10 at 2023-11-14T22:13:20Z: 1 192.168.1.1@0.5, interrupted"
        );
        assert!(cut[4].starts_with("5: malformed: no XML"), "{cut:?}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            test_lines::of(FORMAT, &bytes);
        }

        #[test]
        fn any_elements_are_read(text in r#"(<nmaprun|<host|<trace|<hop|<address|</host|</trace| ttl="[0-9]{1,3}"| addr="1.2.3.4"| ipaddr="1.2.3.5"|>|/>|&|"){0,60}"#) {
            test_lines::of(FORMAT, text.as_bytes());
        }
    }
}
