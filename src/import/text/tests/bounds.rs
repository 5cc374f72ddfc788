//! Texts that somebody made to cost much: they take no more time or memory than their length allows.

use std::fmt::Write as _;

use super::super::{FORMAT, MTR_REPORT, NMAP, TRACERT};
use crate::import::format::Format;
use crate::import::test_lines;

fn read(format: Format, text: &str) -> Vec<String> {
    test_lines::of(format, text.as_bytes())
}

/// `from * ... to *`, as hops are shown that nobody answered.
fn silent(from: u8, to: u8) -> String {
    (from..=to).map(|ttl| format!("{ttl} *")).collect::<Vec<_>>().join(", ")
}

#[test]
fn ranges_of_nmap_that_come_again_are_one() {
    let range = "1   ... 255\n".repeat(1000);
    let text = format!(
        "Nmap scan report for 175.45.176.71\nTRACEROUTE\nHOP RTT ADDRESS\n{range}\
         4   184.15 ms 188.43.225.153\n"
    );
    let found = read(NMAP, &text);
    assert_eq!(found, [format!("2: 175.45.176.71: {}", silent(1, 255))]);
}

#[test]
fn hops_of_nmap_that_others_share_do_not_multiply() {
    let mut text = "Nmap scan report for 175.45.176.1\nTRACEROUTE\nHOP RTT ADDRESS\n\
                    1   0.50 ms 192.168.1.1\n2   ... 255\n"
        .to_owned();
    for last in 2..9 {
        let _ =
            write!(text, "Nmap scan report for 175.45.176.{last}\nTRACEROUTE\nHOP RTT ADDRESS\n");
        for _ in 0..20 {
            let _ = writeln!(text, "-   Hops 1-255 are the same as for 175.45.176.{}", last - 1);
        }
    }
    let found = read(NMAP, &text);
    assert_eq!(found.len(), 8);
    for (line, last) in found.iter().zip(1..) {
        let hops = format!("175.45.176.{last}: 1 192.168.1.1@0.5, {}", silent(2, 255));
        assert!(line.ends_with(&hops), "{line}");
    }
}

#[test]
fn lines_that_may_each_go_on_end_somewhere() {
    let name = "n".repeat(60);
    let next = "5.0 ms 10.0.0.1\n".repeat(20_000);
    let text = format!(
        "traceroute to 175.45.176.71 (175.45.176.71), 30 hops max, 60 byte packets\n \
         1  {name}.example (10.0.0.1)  5.0 ms 10.0.0.1\n{next}"
    );
    let found = read(FORMAT, &text);
    let traces = found.iter().filter(|line| line.starts_with("1: 175.45.176.71: 1 10.0.0.1@5"));
    assert_eq!(traces.count(), 1);
    let rows = "[10.0.0.1\n".repeat(20_000);
    let text =
        format!("Tracing route to x.kp [175.45.176.71]\n\n  1  5 ms  5 ms  5 ms  gw [\n{rows}");
    assert!(!read(TRACERT, &text).is_empty());
    let rows = "more\n".repeat(20_000);
    let text =
        format!("HOST: box  Loss%  Snt  Last  Avg  Best  Wrst StDev\n  1.|-- {name}\n{rows}");
    assert!(!read(MTR_REPORT, &text).is_empty());
}

#[test]
fn a_line_of_nothing_but_fences_is_one_line() {
    for fence in ["```", "[code]", "~~~> <pre>"] {
        let fences = fence.repeat(16_000 / fence.len());
        assert_eq!(read(FORMAT, &format!("{fences} a b c\n")), ["0: other lines: 1"], "{fence}");
        let text =
            format!("{fences}traceroute to 175.45.176.71, 30 hops max\n 1  10.0.0.1  5.0 ms\n");
        assert_eq!(read(FORMAT, &text), ["1: 175.45.176.71: 1 10.0.0.1@5"], "{fence}");
    }
}
