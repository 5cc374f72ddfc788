//! JSON of several programs in one text.

use super::super::FORMAT;
use crate::import::format::Reader;
use crate::import::{FORMATS, recognise, test_lines};

/// What each program that writes JSON wrote, a record each.
const RECORDS: &[(&str, &str)] = &[
    (
        "trippy-json",
        r#"{"info": {"target": {"ip": "175.45.176.1", "hostname": "x"}}, "hops": [
  {"ttl": 1, "hosts": [{"ip": "192.168.0.1", "hostname": "gw"}], "recv": 3, "best": "3.13"},
  {"ttl": 2, "hosts": [{"ip": "188.43.225.153"}], "recv": 3, "best": "184.00"}]}
"#,
    ),
    (
        "dublin",
        r#"{"flows": {"33434": [
  {"sent": {"ip": {"dst": "175.45.176.2", "src": "192.168.1.7", "ttl": 1}, "timestamp": "1700000000.25"},
   "received": {"icmp": {"type": 11, "code": 0}, "ip": {"src": "188.43.225.153", "ttl": 64}}, "rtt_usec": 700}]}}
"#,
    ),
    (
        "mtr-json",
        r#"{
  "report": {
    "mtr": {"src": "box", "dst": "175.45.176.3", "tests": 10},
    "hubs": [
      {"count": 1, "host": "188.43.225.153", "Loss%": 0.0, "Snt": 10, "Best": 184.5}
    ]
  }
}
"#,
    ),
    (
        "scamper-json",
        r#"{"type":"trace","version":"0.1","method":"icmp-echo-paris","src":"192.0.2.7","dst":"175.45.176.4","stop_reason":"GAPLIMIT","hop_count":1,"attempts":2,"firsthop":1,"hops":[{"addr":"188.43.225.153","probe_ttl":1,"probe_id":1,"rtt":184.1,"icmp_type":11,"icmp_code":0}]}
"#,
    ),
    (
        "nexttrace",
        r#"{"Hops":[[{"Success":true,"Address":{"IP":"192.168.1.1"},"TTL":1,"RTT":1500000}],
[{"Success":true,"Address":{"IP":"175.45.176.5"},"TTL":2,"RTT":9000000}]]}
"#,
    ),
    (
        "globalping",
        r#"{
  "type": "traceroute",
  "target": "175.45.176.6",
  "results": [
    {
      "probe": {"city": "Seoul"},
      "result": {
        "status": "finished",
        "rawOutput": "traceroute to 175.45.176.6 (175.45.176.6), 20 hops max, 60 byte packets\n 1  gw (192.168.1.1)  0.5 ms\n 2  188.43.225.153 (188.43.225.153)  184.1 ms",
        "resolvedAddress": "175.45.176.6",
        "hops": [
          {"resolvedAddress": "192.168.1.1", "timings": [{"rtt": 0.5}]},
          {"resolvedAddress": "188.43.225.153", "timings": [{"rtt": 184.1}]}
        ]
      }
    }
  ]
}
"#,
    ),
    (
        "atlas",
        r#"{"fw":5080,"dst_name":"175.45.176.7","dst_addr":"175.45.176.7","proto":"ICMP","af":4,"prb_id":7,"type":"traceroute","result":[{"hop":1,"result":[{"from":"188.43.225.153","ttl":64,"size":28,"rtt":184.1}]}]}
"#,
    ),
];

fn read(text: &str) -> Vec<String> {
    let found = test_lines::of(FORMAT, text.as_bytes());
    let traces = found.iter().filter(|line| !line.contains("other lines"));
    traces.map(|line| line.split_once(": ").map_or("", |(_, rest)| rest).to_owned()).collect()
}

fn name(text: &str) -> Option<&'static str> {
    recognise(text.as_bytes()).map(super::super::Format::name)
}

#[test]
fn every_json_of_one_program_is_read_by_its_format_and_within_a_text() {
    let json = FORMATS.iter().filter(|format| matches!(format.reader, Reader::Json(_)));
    let mut names: Vec<_> = json.map(super::super::Format::name).collect();
    names.sort_unstable();
    let mut here: Vec<_> = RECORDS.iter().map(|(name, _)| *name).collect();
    here.sort_unstable();
    assert_eq!(here, names);
    for (place, (format, record)) in RECORDS.iter().enumerate() {
        assert_eq!(name(record), Some(*format));
        assert_eq!(name(&record.repeat(3)), Some(*format));
        let found = read(record);
        assert_eq!(found.len(), 1, "{format}: {found:?}");
        assert!(found[0].starts_with(&format!("175.45.176.{}", place + 1)), "{found:?}");
    }
}

#[test]
fn records_of_two_programs_are_both_read() {
    for (first, one) in RECORDS {
        for (second, other) in RECORDS.iter().filter(|(second, _)| second != first) {
            let both = format!("{one}{other}");
            assert_eq!(name(&both), Some("text"), "{first}, {second}");
            assert_eq!(read(&both), [read(one), read(other)].concat(), "{first}, {second}");
        }
    }
}

/// A record that was cut off takes nothing with it of what stands behind.
#[test]
fn what_stands_behind_a_record_that_is_cut_off_is_read() {
    let (_, whole) = RECORDS[2];
    let cut: String = whole.lines().take(5).flat_map(|line| [line, "\n"]).collect();
    let trace =
        "traceroute to 175.45.176.9 (175.45.176.9), 30 hops max\n 1  188.43.225.153  184.1 ms\n";
    for between in [
        "And from home:\n",
        "user@box:~$ mtr --json x.kp\n",
        "[admin@MikroTik] > quit\n",
        "```\n",
        "10 routers\n",
        "-- \n",
        "falsely\n",
    ] {
        assert_eq!(read(&format!("{cut}{between}{whole}")), read(whole), "{between}");
    }
    assert_eq!(read(&format!("{cut}{trace}{whole}")), [read(trace), read(whole)].concat());
}
