//! Tables, and what stands beside them: a row, a destination and a header count for their own program alone.

use super::super::{FORMAT, WINMTR};
use crate::import::{recognise, test_lines};

fn read(text: &str) -> Vec<String> {
    let found = test_lines::of(FORMAT, text.as_bytes());
    found.into_iter().filter(|line| !line.contains("other lines")).collect()
}

const TRIPPY: &str = "Target: x.kp (175.45.176.71)\n\
    | Hop | IPs            | Addrs | Loss% | Best  |\n\
    |-----|----------------|-------|-------|-------|\n\
    | 1   | 192.168.1.1    | gw    | 0.0   | 0.4   |\n\
    | 2   | 188.43.225.153 | x     | 0.0   | 184.4 |\n\
    |     | 188.43.225.157 | y     |       |       |\n";

const TRIPPY_READ: &str =
    "2: 175.45.176.71: 1 192.168.1.1@0.4, 2 188.43.225.153@184.4 188.43.225.157";

const WINMTR_TABLE: &str = "|                       Host              -   %  | Sent | Recv | Best | Avrg | Wrst | Last |\n\
     |------------------------------------------------|------|------|------|------|------|------|\n\
     |                             192.168.1.1 -    0 |   10 |   10 |    1 |    1 |    1 |    1 |\n\
     |                          188.43.225.153 -    0 |   10 |   10 |  183 |  184 |  189 |  183 |\n\
     |________________________________________________|______|______|______|______|______|______|\n";

const WINMTR_READ: &str =
    "1: to no destination (188.43.225.153): 1 192.168.1.1@1, 2 188.43.225.153@183";

#[test]
fn rows_of_other_tables_are_no_hops() {
    assert_eq!(read(TRIPPY), [TRIPPY_READ]);
    for behind in [
        "\nThe routers of China Unicom:\n\n| TTL | address | name |\n|---|---|---|\n| 4 | 219.158.39.42 | x |\n",
        "| TTL | address | name |\n| 4 | 219.158.39.42 | x |\n",
        "| 2 | 219.158.39.42 | x |\n| 3 | 219.158.39.42 | x |\n",
        "see also\n|  | 219.158.39.42 | x |\n",
    ] {
        assert_eq!(read(&format!("{TRIPPY}{behind}")), [TRIPPY_READ], "{behind}");
    }
    let further = TRIPPY.lines().take(3).collect::<Vec<_>>().join("\n");
    let text =
        format!("{further}\n|  | 219.158.39.42 | x |\n| 1 | 192.168.1.1 | gw | 0.0 | 0.4 |\n");
    assert_eq!(read(&text), ["2: 175.45.176.71: 1 192.168.1.1@0.4"].map(str::to_owned));
    assert_eq!(read(WINMTR_TABLE), [WINMTR_READ]);
    let behind = "And the bandwidth:\n|   219.158.39.42 -    0 |   10 |   10 |  183 |  184 |  189 |  183 |\n";
    assert_eq!(read(&format!("{WINMTR_TABLE}{behind}")), [WINMTR_READ]);
}

#[test]
fn tables_are_read_whole_that_a_mail_has_spaced_out() {
    let spaced = |text: &str| text.replace('\n', "\n\n");
    let hops = |found: Vec<String>| {
        found
            .iter()
            .map(|line| line.split_once(": ").map_or("", |(_, rest)| rest).to_owned())
            .collect::<Vec<_>>()
    };
    for table in [TRIPPY, WINMTR_TABLE] {
        assert_eq!(hops(read(&spaced(table))), hops(read(table)));
    }
}

#[test]
fn one_program_alone_is_read_where_it_is_named() {
    let found = test_lines::of(WINMTR, format!("{TRIPPY}{WINMTR_TABLE}").as_bytes());
    assert_eq!(
        found,
        [
            "7: to no destination (188.43.225.153): 1 192.168.1.1@1, 2 188.43.225.153@183",
            "0: other lines: 6"
        ]
    );
}

#[test]
fn rows_of_values_behind_a_command_are_read_from_the_first_on() {
    let mtr = "MTR.0.95,1795860000,OK,175.45.176.71,1,192.168.1.1,0.00,10,0,0.41,0.43,0.40,0.45,0.02\n\
               MTR.0.95,1795860000,OK,175.45.176.71,2,188.43.225.153,0.00,10,0,184.4,184.4,184.4,184.4,0.02\n";
    let trippy = "Target,TargetIp,Hop,IPs,Addrs,Loss%,Snt,Recv,Last,Avg,Best,Wrst,StdDev\n\
                  x.kp,175.45.176.71,1,192.168.1.1,_gateway,0.0,3,3,10.7,8.18,3.1,10.7,2.53\n";
    for (command, rows) in [
        ("$ mtr -n --csv 175.45.176.71", mtr),
        ("$ traceroute 175.45.176.71", mtr),
        ("$ mtr x.kp", trippy),
        ("traceroute to 175.45.176.71, 30 hops max", trippy),
    ] {
        let alone = read(&format!("\n{rows}"));
        assert_eq!(alone.len(), 1, "{alone:?}");
        let mut found = read(&format!("{command}\n{rows}"));
        found.retain(|line| !line.contains("no hop follows its header"));
        assert_eq!(found, alone, "{command}");
    }
}

#[test]
fn a_destination_is_that_of_a_table_of_the_same_program() {
    let flows = "Traceroute from 0.0.0.0:12345 to 175.45.177.10:33434~33435 (probing 2 paths, min TTL is 1)\n\
                 == Flow ID 33434 ==\n1    10.0.0.1 (gw), IP ID: 7 RTT 2.500 ms  ICMP (type=11, code=0) 'x'\n\
                 == Flow ID 33435 ==\n1    10.0.0.2 (gw), IP ID: 7 RTT 2.500 ms  ICMP (type=11, code=0) 'x'\n";
    let nmap = "TRACEROUTE (using port 80/tcp)\nHOP RTT       ADDRESS\n1   0.50 ms   192.168.1.1\n";
    let table = TRIPPY.lines().skip(1).take(3).fold(String::new(), |text, line| text + line + "\n");
    // Behind its own line each table has a destination, behind those of others none, and no second time.
    for (text, expected) in [
        (format!("Nmap scan report for 175.45.176.1\n{nmap}"), vec!["175.45.176.1"]),
        (format!("Target: x.kp (175.45.176.2)\n{nmap}"), vec!["to no destination"]),
        (format!("Nmap scan report for 175.45.176.1\n\n{table}"), vec!["to no destination"]),
        (
            format!("Nmap scan report for 175.45.176.1\n{nmap}\n{nmap}"),
            vec!["175.45.176.1", "to no destination"],
        ),
        (format!("{flows}\n{nmap}"), vec!["175.45.177.10", "175.45.177.10", "to no destination"]),
        (format!("{TRIPPY}\nand now\n{table}"), vec!["175.45.176.71", "to no destination"]),
    ] {
        let found = read(&text);
        let to: Vec<&str> =
            found.iter().filter_map(|line| line.split(": ").nth(1)?.split(" (").next()).collect();
        assert_eq!(to, expected, "{text}");
    }
}

#[test]
fn a_text_of_nexttrace_that_ends_behind_an_address_is_one() {
    let text = "traceroute to 175.45.176.71, 30 hops max, 52 bytes payload\n1   192.168.1.1     *        RFC1918\n";
    assert_eq!(recognise(text.as_bytes()).map(|format| format.name), Some("text"));
    assert_eq!(read(text), ["1: 175.45.176.71: 1 192.168.1.1"]);
    // What comes behind a sentence has a higher TTL, or is another trace.
    let text = format!("{text}\nThis is from home:\n\n1   192.168.2.2     *        RFC1918\n");
    assert_eq!(read(&text), ["1: 175.45.176.71: 1 192.168.1.1"]);
}
