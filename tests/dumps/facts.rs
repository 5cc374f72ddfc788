//! What stands in each file from elsewhere, as somebody reads who looks at it.

use lasthop::import::Finding;

use crate::samples::{Sample, all};
use crate::trace_lines::{found, lines_of};

/// How many traces, traces without a destination, things left out and malformed things a file has, and
/// what can be read in it.
type Fact = (&'static str, [usize; 4], &'static [&'static str]);

const FACTS: &[Fact] = &[
    (
        "caracal-csv/from-own-captures.csv",
        [2, 0, 0, 0],
        &["8.8.8.8 icmp flow 24000", "6 72.14.204.68:6.600", "12 12.122.28.42:55.300"],
    ),
    (
        "dublin-traceroute-json/integ-one-path.json",
        [1, 0, 0, 0],
        &["8.8.8.8 udp flow 33434", "| 1 1.2.3.4:10.103", "| 3 1.2.3.6:3.618"],
    ),
    (
        "scamper-csv/atlas-v4-v6.csv",
        [12, 0, 0, 0],
        &["121.244.76.25 udp", "| 3 213.248.79.129:2.422"],
    ),
    (
        "trippy-csv/kp.csv",
        [1, 0, 0, 0],
        &["175.45.176.80 | 1 192.168.0.1:3.100", "| 4 219.158.117.1:245.900"],
    ),
    (
        "trippy-json/kp-v013.json",
        [1, 0, 0, 0],
        &["175.45.176.80 at 2026-06-01T10:00:00.123456Z", "| 4 219.158.117.1:245.910"],
    ),
    (
        "yarrp/icmp-us.yrp",
        [2, 0, 0, 0],
        &[
            "175.45.176.80 icmp from 192.0.2.10",
            "| 3 68.173.202.74:19.082",
            "| 10 188.43.225.153:185.192",
        ],
    ),
    (
        "globalping-json/mtr-success-raw.json",
        [1, 0, 0, 0],
        &["1.1.1.1 | ", "9 142.250.179.238:11.767"],
    ),
    ("globalping-json/trace-private-ip-linux.json", [0, 0, 1, 0], &["a measurement that failed"]),
    (
        "globalping-json/trace-success-linux.json",
        [1, 0, 0, 0],
        &["216.239.38.21 | 1 192.168.0.1:1.619", "6 142.250.160.116:28.629 142.250.160.116:35.934"],
    ),
    (
        "mtr-csv/v094.csv",
        [1, 0, 0, 0],
        &["2 192.168.99.182 at 2021-05-08T07:53:01Z | 1 172.16.2.2:0.410"],
    ),
    (
        "mtr-json/loss-100-unknown.json",
        [1, 0, 0, 0],
        &["8.8.8.8 from 192.168.0.1 | 1 172.17.0.1:0.080 | 2 *"],
    ),
    ("mtr-json/v092-strings.json", [0, 0, 1, 0], &["names and no addresses"]),
    ("mtr-json/v095-numbers.json", [0, 0, 1, 0], &["names and no addresses"]),
    (
        "mtr-report/report-v094.txt",
        [0, 1, 0, 0],
        &[
            "(10.10.10.10)",
            "from P-None-3-204 at 2021-05-08T05:47:51Z | 1 172.16.2.2:0.500 | 2 10.10.10.10:0.300",
        ],
    ),
    ("mtr-raw/ipv6-mtr-success-ip.txt", [0, 0, 1, 0], &["IPv6"]),
    (
        "mtr-raw/mtr-success-raw.txt",
        [0, 1, 0, 0],
        &["| 1 192.168.0.1:0.000 | 2 * | 3 62.252.67.181:10.394", "9 142.250.179.238:11.767"],
    ),
    ("nexttrace-json/cn2-and-timeout.json", [0, 1, 0, 0], &["| 4 59.43.189.201:12.340 | 5 *"]),
    ("nexttrace-json/one-hop-real.json", [0, 1, 0, 0], &["| 24 141.198.250.90:292.638"]),
    (
        "ripe-atlas/pantrace-14-results.ndjson",
        [14, 0, 0, 0],
        &[
            "1 84.205.77.1 icmp flow 0 from 53023 (185.219.13.69) at 2021-04-22T19:10:21Z | 1 192.168.16.1:1.010",
            "12 84.205.77.1 icmp flow 0 from 53023 (185.219.13.69) at 2021-04-22T20:05:27Z",
            "5 37.49.237.141:15.630 37.49.237.141:14.798 37.49.237.141:15.436 | 6 * * * | 7 * target=:198.725 target=:49.026",
        ],
    ),
    (
        "ripe-atlas/sagan-4460.json",
        [1, 0, 0, 0],
        &[
            "121.244.76.25 udp flow 2 from 190 (107.3.81.49)",
            "1 192.168.1.1:2.783",
            "6 * * * | gap-limit",
        ],
    ),
    (
        "ripe-atlas/sagan-4610.json",
        [1, 0, 0, 0],
        &["121.244.76.25 udp flow 13 from 319", "7 4.59.48.177:12.344", "16 * * * | gap-limit"],
    ),
    ("ripe-atlas/sagan-error.json", [0, 0, 1, 0], &["IPv6"]),
    ("ripe-atlas/sagan-missing_dst_addr.json", [0, 0, 1, 0], &["name resolution failed"]),
    (
        "ripe-atlas/sagan-responding_target.json",
        [1, 0, 0, 0],
        &["19 202.138.113.150:224.357", "20 target=:221.541 target=:217.103 target=:216.443"],
    ),
    ("ripe-atlas/sagan-v6_mtu.json", [0, 0, 1, 0], &["IPv6"]),
    (
        "ripe-atlas/sagan-with_late_packets.json",
        [1, 0, 0, 0],
        &["78.46.48.134 udp flow 10 from 10834", "| 1 * * * | 2 * * * |", "5 * * * | gap-limit"],
    ),
    (
        "ripe-atlas-firmware/evtraceroute-4.out",
        [1, 0, 0, 0],
        &["193.0.0.164 icmp", "10 80.249.208.71:1000.001", "11 * * * | 12 target=:1000.001"],
    ),
    ("ripe-atlas-firmware/evtraceroute-4T.out", [1, 0, 0, 0], &["193.0.0.164 tcp"]),
    ("ripe-atlas-firmware/evtraceroute-4U.out", [1, 0, 0, 0], &["193.0.0.164 udp"]),
    ("ripe-atlas-firmware/evtraceroute-6.out", [0, 0, 1, 0], &["IPv6"]),
    ("ripe-atlas-firmware/evtraceroute-f3.out", [0, 0, 1, 0], &["IPv6"]),
    ("ripe-atlas-firmware/evtraceroute-g2.out", [0, 0, 1, 0], &["IPv6"]),
    ("ripe-atlas-firmware/evtraceroute-m2.out", [0, 0, 1, 0], &["IPv6"]),
    (
        "scamper-json/converted-atlas-v4-v6.jsonl",
        [12, 0, 0, 0],
        &[
            "2 121.244.76.25 udp",
            "13 220.226.205.30 udp flow 33435 from probe.example at 2014-04-24T10:15:47Z",
        ],
    ),
    ("scamper-json/mlab-etl-valid.jsonl", [0, 0, 1, 0], &["IPv6"]),
    ("scamper-json/mlab-scamper1-invalid-tracelb.jsonl", [0, 0, 0, 1], &["3 malformed"]),
    ("scamper-json/mlab-scamper1-valid-complex.jsonl", [0, 0, 1, 0], &["IPv6"]),
    ("scamper-json/mlab-scamper1-valid-simple.jsonl", [0, 0, 1, 0], &["asked nobody"]),
    (
        "scamper-json/mlab-scamper2-invalid-cycle-start.jsonl",
        [1, 0, 0, 1],
        &["2 malformed", "3 91.189.88.142 icmp"],
    ),
    (
        "scamper-json/mlab-scamper2-invalid-last-line.jsonl",
        [1, 0, 1, 0],
        &["14 target=:135.610 | home"],
    ),
    (
        "scamper-json/mlab-scamper2-invalid-metadata.jsonl",
        [1, 0, 0, 1],
        &["1 malformed", "14 target=:135.610 | home"],
    ),
    ("scamper-json/mlab-scamper2-invalid-trace-type.jsonl", [0, 0, 1, 0], &["something else"]),
    (
        "scamper-json/mlab-scamper2-valid-complex-dst-in-hops-v4.jsonl",
        [1, 0, 0, 0],
        &["12 4.69.140.198:135.640 | 13 212.187.137.18:135.565 | 14 target=:135.610 | home"],
    ),
    (
        "scamper-json/mlab-scamper2-valid-simple-json.jsonl",
        [1, 0, 0, 0],
        &[
            "104.148.161.48 udp from autonode at 2024-10-15T22:05:17.647225Z",
            "6 67.59.248.75:31.328",
        ],
    ),
    ("scamper-json/mlab-scamper2-valid-simple.jsonl", [1, 0, 0, 0], &["| 1 * * | 2 * *"]),
    ("scamper-json/mlab-scamper2-valid-star.jsonl", [1, 0, 0, 0], &["| 1 * | 2 * |"]),
    (
        "scamper-text/atlas-v4-v6.txt",
        [12, 0, 0, 0],
        &["1 121.244.76.25 | 1 192.168.1.1:2.783", "8 121.244.76.25 from 216.66.30.82"],
    ),
    ("scamper-warts/converted-atlas-v4-v6.expected.jsonl", [12, 0, 0, 0], &["121.244.76.25"]),
    ("scamper-warts/converted-atlas-v4-v6.expected.txt", [12, 0, 0, 0], &["121.244.76.25"]),
    ("scamper-warts/converted-atlas-v4-v6.warts", [12, 0, 0, 0], &["121.244.76.25"]),
    ("scamper-warts/unit-trace-000.expected.jsonl", [1, 0, 0, 0], &["192.0.2.2 icmp"]),
    ("scamper-warts/unit-trace-000.expected.txt", [1, 0, 0, 0], &["3 * * | 4 * * | 5 * *"]),
    ("scamper-warts/unit-trace-000.warts", [1, 0, 0, 0], &["5 * * | gap-limit"]),
    ("scamper-warts/unit-trace-002.expected.jsonl", [1, 0, 0, 0], &["192.0.2.2 udp"]),
    ("scamper-warts/unit-trace-002.expected.txt", [1, 0, 0, 0], &["5 target=:269.439"]),
    ("scamper-warts/unit-trace-002.warts", [1, 0, 0, 0], &["5 target=:269.439 | home"]),
    ("scamper-warts/unit-trace-005.expected.jsonl", [1, 0, 0, 0], &["192.0.2.2 icmp"]),
    ("scamper-warts/unit-trace-005.expected.txt", [1, 0, 0, 0], &["7 target=:289.201"]),
    (
        "scamper-warts/unit-trace-005.warts",
        [1, 0, 0, 0],
        &["5 target=:290.129 | 6 * * | 7 target=:289.201 target=:288.329 | home"],
    ),
    (
        "tracepath-text/jc-centos-7.7-tracepath.txt",
        [0, 1, 0, 0],
        &[
            "3 * 71.148.149.0:12000.559 71.148.149.0:11967.523 71.148.149.0:11829.634 | 4 12.242.117.16:161.527 | 5 *",
            "30 *",
            "senders that cannot be read",
        ],
    ),
    ("traceroute-text/busybox-numeric.txt", [1, 0, 0, 0], &["4 target=:0.771 target=:0.558"]),
    (
        "traceroute-text/globalping-trace-success-linux.txt",
        [1, 0, 0, 0],
        &["1 216.239.38.21 | 1 192.168.0.1:1.619 192.168.0.1:2.465 | 2 * * |"],
    ),
    (
        "traceroute-text/inetutils-softserve.txt",
        [1, 0, 0, 0],
        &["45.60.69.61 | 1 192.168.1.1:7.994 192.168.1.1:0.005", "12 target=:201.316"],
    ),
    ("traceroute-text/jc-centos-7.7-traceroute.txt", [1, 0, 0, 0], &["30 * * *"]),
    (
        "traceroute-text/jc-freebsd12-traceroute.txt",
        [1, 0, 0, 0],
        &[
            "8 * 108.170.243.1:29.376 * | 9 target=:23.228 209.85.252.251:24.548 108.170.237.23:24.332",
        ],
    ),
    (
        "traceroute-text/jc-generic-traceroute-n-ipv4.txt",
        [1, 0, 0, 0],
        &["4 192.171.61.61:23.072 206.248.155.109:17.073 192.171.63.17:23.308"],
    ),
    (
        "traceroute-text/jc-generic-traceroute1.txt",
        [1, 0, 0, 0],
        &["173.207.22.152 | 1 131.240.100.12!2:0.676 131.240.100.12:0.763 131.240.100.12:0.910"],
    ),
    (
        "traceroute-text/jc-generic-traceroute7.txt",
        [1, 0, 0, 0],
        &["8 181.40.42.30:65.148 5.53.0.155:65.096 181.40.42.30:65.157 | 9 * * *"],
    ),
    (
        "traceroute-text/jc-osx-10.14.6-traceroute-mult-addresses.txt",
        [1, 0, 0, 0],
        &["2 151.101.129.67 |", "| 3 * *"],
    ),
    ("traceroute-text/jc-osx-10.14.6-traceroute-q.txt", [1, 0, 0, 0], &["3 * * * * *"]),
    (
        "traceroute-text/linux-host-unreachable-two-routers.txt",
        [1, 0, 0, 0],
        &["2 63.215.14.2!1:189.916 63.215.15.3!1:189.880 *"],
    ),
    ("traceroute-text/linux-icmp-no-header.txt", [0, 1, 0, 0], &["1 10.1.1.3:69.331"]),
    (
        "traceroute-text/tcp-175.45.177.10-2025-fragment.txt",
        [0, 1, 0, 0],
        &[
            "(175.45.177.10)",
            "10 188.43.225.153:185.192",
            "15 175.45.177.10:188.886 175.45.177.10:201.103 175.45.177.10:193.334",
        ],
    ),
    (
        "windows-tracert/de-google-complete.txt",
        [1, 0, 0, 0],
        &["2 142.250.186.142 | 1 192.168.111.254 192", "7 target=:11.000"],
    ),
    (
        "windows-tracert/de-oxford-timeouts.txt",
        [1, 0, 0, 0],
        &[
            "1 104.20.34.13 |",
            "2 * * * | 3 172.17.166.37:9.000",
            "11 target=:14.000 target=:12.000 target=:21.000",
        ],
    ),
    (
        "windows-tracert/en-net-unreachable.txt",
        [0, 1, 0, 0],
        &["1 10.8.0.1:77.000", "6 * * * | 7 * * 38.140.174.89!0"],
    ),
    (
        "windows-tracert/en-sina.txt",
        [1, 0, 0, 0],
        &["2 66.102.251.33 |", "6 120.80.62.105:47.000 * *"],
    ),
    (
        "windows-tracert/es-clarin-star-inside.txt",
        [1, 0, 0, 0],
        &["2 192.168.1.1 * 192.168.1.1:1.000", "6 94.142.103.101:5.000", "8 target=:3.000"],
    ),
    (
        "windows-tracert/fr-one-one-one-one.txt",
        [1, 0, 0, 0],
        &["2 1.1.1.1 |", "12 target=:23.000 target=:23.000 target=:28.000"],
    ),
    (
        "windows-tracert/ja-two-line-header.txt",
        [1, 0, 0, 0],
        &["2 10.0.3.6 |", "3 target=:1.000 target= target="],
    ),
    (
        "windows-tracert/zh-baidu-two-line-header.gbk.txt",
        [1, 0, 0, 0],
        &[
            "3 61.135.169.121 |",
            "2 192.168.11.30 192.168.11.30 192.168.11.30 |",
            "8 * * * | 9 target=:2.000",
        ],
    ),
    (
        "windows-tracert/zh-baidu-two-line-header.txt",
        [1, 0, 0, 0],
        &[
            "3 61.135.169.121 |",
            "2 192.168.11.30 192.168.11.30 192.168.11.30 |",
            "8 * * * | 9 target=:2.000",
        ],
    ),
];

#[test]
fn every_file_is_read_as_it_is_written() {
    for Sample { name, format, bytes, .. } in all() {
        let Some((_, counts, words)) = FACTS.iter().find(|(file, ..)| *file == name) else {
            panic!("{name}: it is not listed");
        };
        let mut found_counts = [0; 4];
        for (_, finding) in found(format, &bytes) {
            found_counts[match finding {
                Finding::Trace(_) | Finding::OutOfScope(_) => 0,
                Finding::NoDestination(_) => 1,
                Finding::Skipped(_) => 2,
                Finding::Malformed(_) => 3,
                Finding::OtherLines(_) => continue,
            }] += 1;
        }
        let text = lines_of(format, &bytes).join("\n");
        assert_eq!(&found_counts, counts, "{name}: {text}");
        for words in *words {
            assert!(text.contains(words), "{name}: no `{words}` in {text}");
        }
    }
}
