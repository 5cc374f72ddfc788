//! What traceroute and its descendants print.

use proptest::prelude::*;

use crate::import::{recognise, test_lines};

fn read(text: &[u8]) -> Vec<String> {
    test_lines::of(super::super::TRACEROUTE, text)
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
fn a_refusal_that_comes_now_and_then_is_one_trace() {
    let mut text = "traceroute to 175.45.176.80 (175.45.176.80), 64 hops max\n".to_owned();
    let line = |ttl: u8| match ttl {
        16 | 19 | 59 => format!("{ttl:2}  * * 219.158.39.42  284.168 ms !X\n"),
        _ => format!("{ttl:2}  * * *\n"),
    };
    text.extend((1..=64).map(line));
    let read = read(text.as_bytes());
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].matches("219.158.39.42!13@284.168").count(), 3);
    assert!(read[0].contains("59 * * 219.158.39.42!13@284.168, 60 * * *"), "{read:?}");
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
        ["1: to no destination (175.45.177.10): 10 188.43.225.153@185.192 \
          188.43.225.153@183.6, 11 * *, 14 175.45.177.10@195.996, 15 175.45.177.10@193.334"]
    );
}

#[test]
fn only_an_answer_at_the_last_ttl_tells_of_the_destination() {
    for last in ["15  * * *", "15  1.1.1.1  1 ms  2.2.2.2  1 ms", "15  1.1.1.1  1 ms !X", "15  ^C"]
    {
        let text = format!("14  175.45.177.10  195 ms\n{last}\n");
        let read = read(text.as_bytes());
        assert!(read[0].starts_with("1: to no destination: 14 "), "{read:?}");
    }
}

#[test]
fn a_shell_command_names_the_destination() {
    let text = "$ traceroute -n 175.45.176.8\n 1  10.0.0.1  1 ms\n 2  * * *\n\
        $ traceroute -n 175.45.177.9\n\
        traceroute to 175.45.177.9 (175.45.177.9), 64 hops max\n 1  10.0.0.1  2 ms\n";
    assert_eq!(
        read(text.as_bytes()),
        ["1: 175.45.176.8: 1 10.0.0.1@1, 2 * * *", "5: 175.45.177.9: 1 10.0.0.1@2"]
    );
}

#[test]
fn runs_follow_each_other_with_and_without_headers() {
    let text = " 1  10.0.0.1  1 ms\n 2  *\n 1  10.0.0.1  2 ms\n\
        traceroute to 175.45.176.8 (175.45.176.8), 64 hops max\n 1  10.0.0.1  3 ms\n 2  10.0.0.2  4 ms^C\n";
    assert_eq!(
        read(text.as_bytes()),
        [
            "1: to no destination: 1 10.0.0.1@1, 2 *",
            "3: to no destination (10.0.0.1): 1 10.0.0.1@2",
            "4: 175.45.176.8: 1 10.0.0.1@3, 2 10.0.0.2@4, interrupted",
        ]
    );
}

#[test]
fn quotes_and_times_stand_before_lines() {
    let text = "> traceroute to 175.45.176.8 (175.45.176.8), 30 hops max\n\
        >  1  10.0.0.1  1 ms\n> 2  10.0.0.2  2 ms\n>    10.0.0.3  3 ms\n\
        [10:11:12] traceroute to 175.45.176.9 (175.45.176.9), 30 hops max\n\
        2019-02-11 10:11:13  1  10.0.0.1  1 ms\nFeb 11 10:11:14 2 *\n";
    assert_eq!(
        read(text.as_bytes()),
        [
            "1: 175.45.176.8: 1 10.0.0.1@1, 2 10.0.0.2@2 10.0.0.3@3",
            "5: 175.45.176.9: 1 10.0.0.1@1, 2 *",
        ]
    );
}

#[test]
fn relatives_have_other_headers_and_units() {
    let text = "traceroute from 198.51.100.7 to 175.45.176.8\n 1  10.0.0.1  1.5 ms\n 2  *\n\
        Tracing the path to x.kp (175.45.176.9) on TCP port 80 (http), 30 hops max\n \
        1  10.0.0.1  1 ms\n 2  175.45.176.9 [open]  2 ms\n\
        Tracing the route to 175.45.176.7\n\n  1 10.0.0.1 [AS 4837] 4 msec 8 msec\n    10.0.0.2 4 msec\n\
        traceroute to 175.45.176.6 (175.45.176.6), 64 hops max, 52 byte packets\n \
        1  10.0.0.1 (10.0.0.1)  1 ms\n     MPLS Label=299776 CoS=0 TTL=1 S=1\n";
    assert_eq!(
        read(text.as_bytes()),
        [
            "1: 175.45.176.8 from 198.51.100.7: 1 10.0.0.1@1.5, 2 *",
            "4: 175.45.176.9: 1 10.0.0.1@1, 2 175.45.176.9=@2",
            "7: 175.45.176.7: 1 10.0.0.1@4 10.0.0.1@8 10.0.0.2@4",
            "11: 175.45.176.6: 1 10.0.0.1@1/299776:1",
        ]
    );
}

#[test]
fn what_cannot_be_used_is_reported() {
    for header in
        ["traceroute to x (2001:db8::1)", "traceroute6 to x (2001:db8::1) from 2001:db8::2"]
    {
        let text = format!("{header}, 30 hops max, 80 byte packets\n 1  * * *\n");
        assert_eq!(read(text.as_bytes()), ["1: skipped: a traceroute to an IPv6 address"]);
    }
    let names = "traceroute to x (175.45.176.8), 30 hops max\n 1  gw.example  1 ms  1 ms\n";
    assert_eq!(read(names.as_bytes()), ["1: skipped: hops have names and no addresses"]);
    let blanked = "traceroute to x (175.45.176.8), 30 hops max\n 1  10.XXX.XXX.1  1 ms\n \
        2  4.69.1.1  2 ms\n what is this\n 3  4.69.1\n";
    assert_eq!(
        read(blanked.as_bytes()),
        [
            "5: malformed: a hop without a time",
            "1: 175.45.176.8: 1 *, 2 4.69.1.1@2",
            "1: skipped: answers from senders that cannot be read",
            "0: other lines: 1",
        ]
    );
    let empty = "traceroute to x (175.45.176.8), 30 hops max\n";
    assert_eq!(read(empty.as_bytes()), ["1: skipped: no hop follows its header"]);
}

#[test]
fn a_trace_without_end_is_none() {
    let mut text = b"traceroute to x (175.45.176.8), 30 hops max\n".to_vec();
    text.extend(b" 9  10.0.0.1  1 ms\n".repeat(10_000));
    let read = read(&text);
    assert!(
        read.iter().any(|line| line.ends_with("malformed: more answers than a traceroute has"))
    );
    assert_eq!(read.last().unwrap().matches("@1").count(), 8192);
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes: Vec<u8>) {
        read(&bytes);
        let _ = recognise(&bytes);
    }

    #[test]
    fn any_words_are_read(text in "( [0-9]{1,3}  |[*] |10[.]1[.]2[.][0-9] |[(]4[.]4[.]4[.]4[)] |[0-9.,]{1,6} ms|![XHN<>0-9]{1,4} |\n){0,60}") {
        read(text.as_bytes());
    }
}
