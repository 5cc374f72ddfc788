//! Several programs in one text, and what people put around and between their lines.

use proptest::prelude::*;

use super::super::{FORMAT, cut};
use crate::import::{recognise, test_lines};

/// A program, what it printed, each to an address of its own, and the trace that is in it.
const PROGRAMS: &[(&str, &str, &str)] = &[
    (
        "linux",
        "traceroute to 175.45.176.1 (175.45.176.1), 30 hops max, 60 byte packets\n 1  192.168.1.1  0.5 ms  0.4 ms  0.4 ms\n \
         2  gw.example.net (203.0.113.1)  5.1 ms * 5.0 ms\n 3  103.35.255.254  234.1 ms !X  234.2 ms !X  234.3 ms !X\n",
        "175.45.176.1: 1 192.168.1.1@0.5 192.168.1.1@0.4 192.168.1.1@0.4, 2 203.0.113.1@5.1 * 203.0.113.1@5, 3 103.35.255.254!13@234.1 103.35.255.254!13@234.2 103.35.255.254!13@234.3",
    ),
    (
        "busybox",
        "traceroute to 175.45.176.2 (175.45.176.2), 30 hops max, 46 byte packets\n 1  192.168.1.1 36 bytes to 192.168.1.77  \
         0.5 ms  0.4 ms\n 2  *  *\n 3  103.35.255.254 36 bytes to 192.168.1.77  234.1 ms  235 ms\n",
        "175.45.176.2: 1 192.168.1.1@0.5 192.168.1.1@0.4, 2 * *, 3 103.35.255.254@234.1 103.35.255.254@235",
    ),
    (
        "inetutils",
        "traceroute to 175.45.176.3 (175.45.176.3), 64 hops max\n  1   192.168.1.1  2,534ms  0,672ms  1,126ms \n  \
         2   *  *  * \n  3   188.43.225.153  184,150ms  184,215ms  184,671ms \n",
        "175.45.176.3: 1 192.168.1.1@2.534 192.168.1.1@0.672 192.168.1.1@1.126, 2 * * *, 3 188.43.225.153@184.15 188.43.225.153@184.215 188.43.225.153@184.671",
    ),
    (
        "tracert",
        "\nTracing route to x.kp [175.45.176.4]\nover a maximum of 30 hops:\n\n  1    <1 ms    <1 ms    <1 ms  192.168.1.1\n  \
         2     *        *        *     Request timed out.\n  3   234 ms   234 ms   235 ms  103.35.255.254\n\nTrace complete.\n",
        "175.45.176.4: 1 192.168.1.1 192.168.1.1 192.168.1.1, 2 * * *, 3 103.35.255.254@234 103.35.255.254@234 103.35.255.254@235",
    ),
    (
        "tracert in russian",
        "\nТрассировка маршрута к 175.45.176.5 с максимальным числом прыжков 30\n\n  1    <1 мс    <1 мс    <1 мс  192.168.1.1\n  \
         2     *        *        *     Превышен интервал ожидания для запроса.\n  3   184 мс   184 мс   185 мс  188.43.225.153\n\n\
         Трассировка завершена.\n",
        "175.45.176.5: 1 192.168.1.1 192.168.1.1 192.168.1.1, 2 * * *, 3 188.43.225.153@184 188.43.225.153@184 188.43.225.153@185",
    ),
    (
        "tracepath",
        " 1?: [LOCALHOST]                      pmtu 1500\n 1:  192.168.1.1                 0.682ms\n 2:  no reply\n \
         3:  188.43.225.153            187.962ms\n 4:  175.45.176.6              195.485ms reached\n     \
         Resume: pmtu 1500 hops 4 back 4\n",
        "175.45.176.6: 1 192.168.1.1@0.682, 2 *, 3 188.43.225.153@187.962, 4 175.45.176.6=@195.485",
    ),
    (
        "mtr",
        "Start: 2025-12-08T10:00:00+0000\nHOST: box              Loss%   Snt   Last   Avg  Best  Wrst StDev\n  \
         1.|-- 192.168.1.1      0.0%    10    0.5   0.5   0.4   0.6   0.1\n  \
         2.|-- ???             100.0    10    0.0   0.0   0.0   0.0   0.0\n  \
         3.|-- 175.45.176.7     0.0%    10  234.5 234.5 234.4 234.6   0.1\n",
        "to no destination (175.45.176.7) from box at 2025-12-08T10:00:00Z: 1 192.168.1.1@0.4, 2 *, 3 175.45.176.7@234.4",
    ),
    (
        "mtr's screen",
        "                             My traceroute  [v0.95]\nbox (198.51.100.7) -> x.kp (175.45.176.8)   2025-12-08T10:00:00+0000\n\
         Keys:  Help   Display mode   Restart statistics   Order of fields   quit\n                         Packets     Pings\n \
         Host                 Loss%   Snt   Last   Avg  Best  Wrst StDev\n 1. 192.168.1.1        0.0%     5    0.3   0.4   0.3   0.5   0.1\n \
         2. (waiting for reply)\n 3. 188.43.225.153     0.0%     5  184.3 184.4 184.3 184.5   0.1\n",
        "175.45.176.8 from box: 1 192.168.1.1@0.3, 2 *, 3 188.43.225.153@184.3",
    ),
    (
        "mtr json",
        "{\n  \"report\": {\n    \"mtr\": {\"src\": \"box\", \"dst\": \"175.45.176.9\", \"tests\": 10},\n    \"hubs\": [\n      \
         {\"count\": 1, \"host\": \"192.168.1.1\", \"Loss%\": 0.0, \"Snt\": 10, \"Best\": 0.5},\n      \
         {\"count\": 2, \"host\": \"188.43.225.153\", \"Loss%\": 0.0, \"Snt\": 10, \"Best\": 184.5}\n    ]\n  }\n}\n",
        "175.45.176.9 from box: 1 192.168.1.1@0.5, 2 188.43.225.153@184.5",
    ),
    (
        "mtr csv",
        "Mtr_Version,Start_Time,Status,Host,Hop,Ip,Loss%,Snt, ,Last,Avg,Best,Wrst,StDev,\n\
         MTR.0.94,1620460381,OK,175.45.176.10,1,192.168.1.1,0.00,10,0,0.41,0.43,0.40,0.45,0.02\n\
         MTR.0.94,1620460381,OK,175.45.176.10,2,103.35.255.254,0.00,10,0,234.41,234.43,234.40,234.45,0.02\n",
        "175.45.176.10 at 2021-05-08T07:53:01Z: 1 192.168.1.1@0.4, 2 103.35.255.254@234.4",
    ),
    (
        "mtr raw",
        "$ mtr --raw -n 175.45.176.11\nx 0 33000\nh 0 192.168.1.1\np 0 500 33000\nx 1 33001\nx 2 33002\nh 2 103.35.255.254\np 2 234000 33002\n",
        "175.45.176.11: 1 192.168.1.1@0.5, 2 *, 3 103.35.255.254@234",
    ),
    (
        "nexttrace",
        "NextTrace v1.3.1 2024-05-31T02:04:05Z f303397\nIP Geo Data Provider: LeoMoeAPI\n\
         traceroute to 175.45.176.12, 30 hops max, 52 bytes payload\n1   192.168.1.1     *                         RFC1918\n                          \
                             0.47 ms\n2   *\n3   188.43.225.153  AS20485                   Russia\n                          184.58 ms / 185.00 ms\n",
        "175.45.176.12: 1 192.168.1.1@0.47, 2 *, 3 188.43.225.153@184.58 188.43.225.153@185",
    ),
    (
        "nexttrace json",
        "{\"Hops\":[[{\"Success\":true,\"Address\":{\"IP\":\"192.168.1.1\"},\"TTL\":1,\"RTT\":1500000}],\
         [{\"Success\":true,\"Address\":{\"IP\":\"175.45.176.13\"},\"TTL\":2,\"RTT\":9000000}]]}\n",
        "175.45.176.13: 1 192.168.1.1@1.5, 2 175.45.176.13=@9, home",
    ),
    (
        "winmtr",
        "|------------------------------------------------------------------------------------------|\n\
         |                                      WinMTR statistics                                   |\n\
         |                       Host              -   %  | Sent | Recv | Best | Avrg | Wrst | Last |\n\
         |------------------------------------------------|------|------|------|------|------|------|\n\
         |                             192.168.1.1 -    0 |   10 |   10 |    1 |    1 |    1 |    1 |\n\
         |                   No response from host -  100 |   10 |    0 |    0 |    0 |    0 |    0 |\n\
         |                           175.45.176.14 -    0 |   10 |   10 |  193 |  194 |  199 |  193 |\n\
         |________________________________________________|______|______|______|______|______|______|\n",
        "to no destination (175.45.176.14): 1 192.168.1.1@1, 2 *, 3 175.45.176.14@193",
    ),
    (
        "cisco",
        "router#traceroute 175.45.176.15\nType escape sequence to abort.\nTracing the route to 175.45.176.15\n\
         VRF info: (vrf in name/id, vrf out name/id)\n  1 192.168.1.1 1 msec 1 msec 2 msec\n  \
         2 203.0.113.1 [MPLS: Label 16 Exp 0] 9 msec\n    203.0.113.2 10 msec 9 msec\n  3 188.43.225.153 !H  *  !H\n",
        "175.45.176.15: 1 192.168.1.1@1 192.168.1.1@1 192.168.1.1@2, 2 203.0.113.1@9/16:0 203.0.113.2@10 203.0.113.2@9, 3 188.43.225.153!1 * 188.43.225.153!1",
    ),
    (
        "huawei",
        "<HUAWEI> tracert 175.45.176.16\n traceroute to  175.45.176.16(175.45.176.16), max hops: 30 ,packet length: 40,press CTRL_C to break \n \
         1 192.168.1.1 1 ms  1 ms  1 ms \n 2  * * * \n 3 188.43.225.153 184 ms  185 ms  184 ms \n",
        "175.45.176.16: 1 192.168.1.1@1 192.168.1.1@1 192.168.1.1@1, 2 * * *, 3 188.43.225.153@184 188.43.225.153@185 188.43.225.153@184",
    ),
    (
        "juniper",
        "traceroute to x.kp (175.45.176.17), 30 hops max, 52 byte packets\n 1  gw (192.168.1.1)  1.0 ms  1.1 ms  1.2 ms\n     \
         MPLS Label=299776 CoS=0 TTL=1 S=1\n 2  188.43.225.153 (188.43.225.153)  184.0 ms\n    188.43.225.154 (188.43.225.154)  185.0 ms\n",
        "175.45.176.17: 1 192.168.1.1@1 192.168.1.1@1.1 192.168.1.1@1.2/299776:1, 2 188.43.225.153@184 188.43.225.154@185",
    ),
    (
        "mikrotik",
        "[admin@MikroTik] > /tool traceroute 175.45.176.18\n # ADDRESS                          LOSS SENT    LAST     AVG    BEST   WORST STD-DEV STATUS\n \
         1 192.168.88.1                       0%    3   0.5ms     0.5     0.4     0.6     0.1\n \
         2                                  100%    3 timeout\n 3 188.43.225.153                     0%    3 184.2ms   184.2   184.1   184.6     0.2\n",
        "175.45.176.18: 1 192.168.88.1@0.4, 2 *, 3 188.43.225.153@184.1",
    ),
    (
        "nmap",
        "Nmap scan report for x.kp (175.45.176.19)\nHost is up (0.29s latency).\n\nTRACEROUTE (using port 80/tcp)\nHOP RTT       ADDRESS\n\
         1   0.50 ms   192.168.1.1\n2   ... 3\n4   184.15 ms border.example (188.43.225.153)\n",
        "175.45.176.19: 1 192.168.1.1@0.5, 2 *, 3 *, 4 188.43.225.153@184.15",
    ),
    (
        "scamper",
        "traceroute from 198.51.100.7 to 175.45.176.20\n 1  192.168.1.1  2.783 ms  2.450 ms\n 2  *\n 3  103.35.255.254  234.1 ms\n",
        "175.45.176.20 from 198.51.100.7: 1 192.168.1.1@2.783 192.168.1.1@2.45, 2 *, 3 103.35.255.254@234.1",
    ),
    (
        "paris",
        "traceroute [(192.168.1.77:33456) -> (175.45.176.21:33457)], protocol icmp, algo exhaustive, duration 19 s\n \
         1  P(6, 6) 192.168.1.1 (192.168.1.1)  0.246/0.284/0.314/0.020 ms \n 2  P(0, 2)\n \
         3  P(4, 4) a.example (188.43.225.153):0,2  184.0/184.6/185.6/0.4 ms  b.example (188.43.225.154):1,3  185.0/185.6/186.6/0.4 ms\n   \
         MPLS Label 2029 TTL=1\n",
        "175.45.176.21: 1 192.168.1.1@0.246, 2 * *, 3 188.43.225.153@184 188.43.225.154@185/2029:1",
    ),
    (
        "trippy csv",
        "Target,TargetIp,Hop,IPs,Addrs,Loss%,Snt,Recv,Last,Avg,Best,Wrst,StdDev\n\
         x.kp,175.45.176.22,1,192.168.1.1,_gateway,0.0,3,3,10.7,8.18,3.1,10.7,2.53\n\
         x.kp,175.45.176.22,2,???,???,100.00,3,0,???,0.00,???,???,0.00\n\
         x.kp,175.45.176.22,3,188.43.225.153,border.example,0.00,3,3,184.7,184.18,184.1,184.7,2.53\n",
        "175.45.176.22: 1 192.168.1.1@3.1, 2 *, 3 188.43.225.153@184.1",
    ),
    (
        "scamper csv",
        "version;userID;timestamp;src;dst;method;stop;ttl;hopaddr;rtt\n\
         scamper.20260420;0;1700000000;192.0.2.7;175.45.176.23;icmp-paris;GAPLIMIT;1;192.168.1.1;2.783\n\
         scamper.20260420;0;1700000000;192.0.2.7;175.45.176.23;icmp-paris;GAPLIMIT;3;103.35.255.254;234.100\n",
        "175.45.176.23 from 192.0.2.7 at 2023-11-14T22:13:20Z: 1 192.168.1.1@2.783, 2 *, 3 103.35.255.254@234.1, gap-limit",
    ),
];

fn read(text: &str) -> Vec<String> {
    let found = test_lines::of(FORMAT, text.as_bytes());
    let traces = found.iter().filter(|line| !line.contains("other lines"));
    // Without the line.
    traces.map(|line| line.split_once(": ").map_or("", |(_, rest)| rest).to_owned()).collect()
}

#[test]
fn every_program_is_read_alone() {
    for (name, text, expected) in PROGRAMS {
        assert_eq!(read(text), [*expected], "{name}");
    }
}

#[test]
fn two_programs_in_one_text_are_read_whole_in_both_orders() {
    for (first, one, _) in PROGRAMS {
        for (second, other, _) in PROGRAMS {
            for between in [
                "",
                "\n",
                "\nAnd from home, where I have 2 routers:\n\n",
                "```\n\n```\n",
                "user@box:~$ ping -c 3 x\n10 packets transmitted, time 9200ms\n",
            ] {
                if first == second {
                    continue;
                }
                let both = format!("{one}{between}{other}");
                let expected: Vec<String> = [read(one), read(other)].concat();
                assert_eq!(read(&both), expected, "{first}, {between:?}, {second}\n{both}");
                let format = recognise(both.as_bytes()).map(super::super::Format::name);
                assert_eq!(format, Some("text"), "{first}, {second}");
            }
        }
    }
}

/// What may stand between traces and says nothing.
const PROSE: &[&str] = &[
    "",
    "Total number of hops: 6",
    "From Beijing the last router is 219.158.39.42 with 280 ms",
    "Call +850 2 381 2321 and ask for extension 17",
    "10 packets transmitted, 0 received, 100% packet loss, time 9200ms",
    "64 bytes from 8.8.8.8: icmp_seq=1 ttl=128 time=17.6 ms",
    "rtt min/avg/max/mdev = 17.6/17.7/17.8/0.1 ms",
    "example.kp.  300 IN A 175.45.176.71",
    ";; Query time: 23 msec",
    "1. The number of devices on the route is 5",
    "2) 50% of the packets are lost after 30 ms",
    "3 of 10 answered within 184 ms.",
    "- 12 routers, 3 of them at 10.0.0.1",
    "## mtr",
    "The column Loss% tells how many packets a router did not answer.",
    "perfops latency --from China example.com --limit 10",
    "| country | share |",
    "|---|---|",
    "HTTP/1.1 200 OK",
    "eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500",
    "12:30 is lunch",
    "Rastreo 5 10 15",
    "--- 175.45.177.10 ping statistics ---",
];

#[test]
fn prose_between_traces_changes_nothing() {
    for (name, text, _) in PROGRAMS {
        for prose in PROSE {
            let with = format!("{prose}\n\n{text}{prose}\n\n{prose}\n");
            assert_eq!(read(&with), read(text), "{name}: {prose}\n{with}");
        }
    }
    let all: String = PROSE.iter().flat_map(|line| [line, "\n"]).collect();
    assert_eq!(read(&all), Vec::<String>::new());
    assert_eq!(recognise(all.as_bytes()).map(super::super::Format::name), None);
}

/// How a line looks where it was copied from a mail, a log, an editor, a terminal.
type Wrapping = (&'static str, fn(usize, &str) -> String);

const WRAPPINGS: &[Wrapping] = &[
    ("a quotation", |_, line| format!("> {line}")),
    ("a quotation of a quotation", |_, line| format!(">> > {line}")),
    ("cat -n", |number, line| format!("{:6}\t{line}", number + 1)),
    ("nl", |number, line| format!("{:6}  {line}", number + 1)),
    ("grep -n", |number, line| format!("{}:{line}", number + 1)),
    ("grep -Hn", |number, line| format!("logs/trace-1.txt:{}:{line}", number + 7)),
    ("an editor", |number, line| format!("{:4} | {line}", number + 1)),
    ("a comment", |_, line| format!("# {line}")),
    ("a comment in C", |_, line| format!("// {line}")),
    ("indentation", |_, line| format!("\t    {line}")),
    ("ts", |number, line| format!("Nov 28 10:00:{:02} {line}", number % 60)),
    ("rfc 3339", |number, line| format!("2026-11-28T10:00:{:02}Z {line}", number % 60)),
    ("syslog", |number, line| {
        format!("Nov 28 10:00:{:02} web1 cron[{}]: {line}", number % 60, 70 + number)
    }),
    ("docker compose", |_, line| format!("prober-1  | {line}")),
    ("carriage returns", |_, line| format!("{line}\r")),
    ("no-break spaces", |_, line| line.replace(' ', "\u{a0}")),
    ("tmux", |_, line| format!("\u{2502} {line:100} \u{2502}")),
    ("breaks of html", |_, line| format!("{line}<br>")),
    ("breaks of markdown", |_, line| format!("{line}  \\")),
    ("colours", |_, line| format!("\u{1b}[32m{line}\u{1b}[0m")),
];

#[test]
fn what_stands_before_and_behind_the_lines_changes_nothing() {
    // A table of bars has bars around it already, and records begin with a brace.
    let bare = ["winmtr", "mtr json", "nexttrace json"];
    let mut differ = Vec::new();
    for (name, text, _) in PROGRAMS.iter().filter(|(name, ..)| !bare.contains(name)) {
        for (wrapping, wrap) in WRAPPINGS {
            let wrapped: String =
                text.lines().enumerate().map(|(number, line)| wrap(number, line) + "\n").collect();
            let plain = |found: Vec<String>| -> Vec<String> {
                found
                    .into_iter()
                    .map(|line| {
                        line.split_once(": ").map_or(String::new(), |(_, hops)| hops.to_owned())
                    })
                    .collect()
            };
            if plain(read(&wrapped)) != plain(read(text)) {
                differ.push(format!("{name} with {wrapping}"));
            }
        }
    }
    assert_eq!(differ, Vec::<String>::new());
}

/// Where `text` is cut, it is read as it is without.
fn is_read_in_parts(text: &str) -> usize {
    let whole = test_lines::of(FORMAT, text.as_bytes());
    let places = (1..text.len()).filter(|place| text.as_bytes()[*place] == b'\n');
    let mut cuts: Vec<usize> =
        places.filter_map(|end| cut::last(&text.as_bytes()[..=end], None)).collect();
    cuts.dedup();
    for cut in &cuts {
        let (before, behind) = text.split_at(*cut);
        let lines = before.lines().count();
        let mut parts = test_lines::of(FORMAT, before.as_bytes());
        // Lines count from the beginning, and those that are none of ours are counted together.
        let behind = test_lines::of(FORMAT, format!("{}{behind}", "\n".repeat(lines)).as_bytes());
        parts.extend(behind);
        let others = |found: &[String]| -> usize {
            let other = found.iter().filter_map(|line| line.strip_prefix("0: other lines: "));
            other.map(|count| count.parse::<usize>().expect("a number")).sum()
        };
        assert_eq!(others(&parts), others(&whole), "{cut}\n{text}");
        parts.retain(|line| !line.contains("other lines"));
        let whole: Vec<_> = whole.iter().filter(|line| !line.contains("other lines")).collect();
        assert_eq!(parts.iter().collect::<Vec<_>>(), whole, "{cut}\n{text}");
    }
    cuts.len()
}

#[test]
fn a_text_is_cut_where_nothing_before_matters() {
    let text_of = |wanted: &str| {
        PROGRAMS.iter().find(|(name, ..)| *name == wanted).map_or("", |(_, text, _)| *text)
    };
    let others = ["inetutils", "tracert in russian", "mtr"].map(text_of).concat();
    for (_, text, _) in PROGRAMS {
        is_read_in_parts(&format!("{text}{others}{text}"));
    }
    // The header of tracert has an empty line before it.
    for (name, cuts) in [("linux", 1), ("tracert", 2), ("mtr", 1), ("cisco", 2), ("scamper", 1)] {
        let twice = text_of(name).repeat(2);
        assert_eq!(is_read_in_parts(&twice), cuts, "{name}");
        for (_, wrap) in WRAPPINGS {
            let lines = twice.lines().enumerate();
            is_read_in_parts(&lines.map(|(at, line)| wrap(at, line) + "\n").collect::<String>());
        }
    }
}

#[test]
fn a_trace_without_a_header_is_known_behind_numbers_and_behind_another_trace() {
    let text_of = |wanted: &str| {
        PROGRAMS.iter().find(|(name, ..)| *name == wanted).map_or("", |(_, text, _)| *text)
    };
    for (name, wrap) in WRAPPINGS.iter().filter(|(name, _)| {
        ["cat -n", "nl", "grep -n", "grep -Hn", "ts", "rfc 3339", "syslog"].contains(name)
    }) {
        let lines = text_of("tracert in russian").lines().enumerate();
        let wrapped: String = lines.map(|(at, line)| wrap(at, line) + "\n").collect();
        let found = read(&format!("{}\n{wrapped}", text_of("linux")));
        assert_eq!(found.len(), 2, "{name}: {found:?}");
        assert!(found[1].contains("175.45.176.5"), "{name}: {found:?}");
    }
}

#[test]
fn a_narrow_table_behind_a_number_is_no_trace() {
    assert_eq!(read("|7|1|10.0.0.1|1 ms|2 ms|3 ms|4 ms|5 ms|\n"), Vec::<String>::new());
}

proptest! {
    #[test]
    fn any_order_of_programs_and_prose_is_read(
        parts in prop::collection::vec((0..PROGRAMS.len(), 0..PROSE.len()), 1..6)
    ) {
        let mut text = String::new();
        let mut expected = Vec::new();
        for (program, prose) in parts {
            text.extend([PROSE[prose], "\n\n", PROGRAMS[program].1, "\n"]);
            expected.extend(read(PROGRAMS[program].1));
        }
        prop_assert_eq!(read(&text), expected, "{}", text);
    }

    #[test]
    fn any_text_is_read_in_parts(
        lines in prop::collection::vec((0..PROGRAMS.len(), 0_usize..9, 0..WRAPPINGS.len(), 0..PROSE.len()), 0..12)
    ) {
        let mut text = String::new();
        for (program, count, dress, prose) in lines {
            // Often all of a program, and often less.
            let count = if count > 4 { usize::MAX } else { count + 1 };
            let all = PROGRAMS[program].1.lines().take(count);
            text.extend(all.enumerate().map(|(at, line)| WRAPPINGS[dress].1(at, line) + "\n"));
            text.extend([PROSE[prose], "\n"]);
        }
        is_read_in_parts(&text);
    }

    #[test]
    fn any_text_is_read(text: String) {
        read(&text);
    }

    #[test]
    fn any_table_is_read(text in "([|]|[ ]|[0-9]{1,3}|10[.]1[.]2[.][0-9]|[0-9]{1,3} ms|[*]|-|%|:|\t|MTR|\n){0,60}") {
        read(&text);
    }

    #[test]
    fn any_lines_in_any_order_are_read(lines in prop::collection::vec((0..PROGRAMS.len(), 0_usize..9), 0..30)) {
        let text: String = lines
            .into_iter()
            .filter_map(|(program, line)| PROGRAMS[program].1.lines().nth(line))
            .flat_map(|line| [line, "\n"])
            .collect();
        read(&text);
    }
}
