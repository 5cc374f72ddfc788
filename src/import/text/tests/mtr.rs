//! Reports and screens of mtr.

use crate::import::format::Format;
use proptest::prelude::*;

use crate::import::{recognise, test_lines};

fn read(text: &str) -> Vec<String> {
    assert_eq!(recognise(text.as_bytes()).map(Format::name), Some("text"));
    test_lines::of(super::super::MTR_REPORT, text.as_bytes())
}

#[test]
fn reports_do_not_name_their_destination() {
    let text = "Start: 2021-05-08T13:47:51+0800\n\
        HOST: P-None-3-204                Loss%   Snt   Last   Avg  Best  Wrst StDev\n  \
        1.|-- 10.0.0.1                   0.0%    10    0.5   0.5   0.5   0.6   0.0\n  \
        2.|-- ???                       100.0    10    0.0   0.0   0.0   0.0   0.0\n  \
        3.|-- 10.0.0.3                   0.0%    10    0.5   0.5   0.6   0.6   0.0\n        \
        [MPLS: Lbl 24015 TC 0 S u TTL 1]\n     |  `|-- 10.0.0.4\n  \
        4.|-- 175.45.176.8               0.0%    10    0.5   0.5   0.7   0.6   0.0\n\
        Start: Sat May  8 13:47:51 2021\n\
        HOST: there.example  Loss%   Snt   Best  Wrst\n  \
        1.|-- 10.0.0.1                   0.0%    10    0.5   0.6\n  \
        2.|-- ???                       100.0    10    0.0   0.0\n";
    assert_eq!(
        read(text),
        [
            "1: to no destination (175.45.176.8) from P-None-3-204 at \
             2021-05-08T05:47:51Z: 1 10.0.0.1@0.5, 2 *, 3 10.0.0.3@0.6/24015:1 10.0.0.4, \
             4 175.45.176.8@0.7",
            "9: to no destination from there.example: 1 10.0.0.1@0.5, 2 *",
        ]
    );
}

#[test]
fn commands_and_screens_do() {
    let text = "$ mtr -n -r 175.45.176.8\nStart: 2021-05-08T13:47:51+0800\n\
        HOST: here                Loss%   Snt   Last   Avg  Best  Wrst StDev\n  \
        1. AS4837   10.0.0.1       0.0%    10    0.5   0.5   0.5   0.6   0.0\n\n                             \
        My traceroute  [v0.95]\n\
        here (198.51.100.7) -> x.kp (175.45.176.9)        2021-05-08T13:47:51+0800\n\
        Keys:  Help   Display mode   Restart statistics   Order of fields   quit\n                                       \
        Packets               Pings\n \
        Host                 Loss%   Snt   Last   Avg  Best  Wrst StDev\n \
        1. 10.0.0.1          0.0%     5    0.3   0.4   0.3   0.5   0.1\n    10.0.0.2\n \
        2. (waiting for reply)\n";
    assert_eq!(
        read(text),
        [
            "1: 175.45.176.8 from here at 2021-05-08T05:47:51Z: 1 10.0.0.1@0.5",
            "7: 175.45.176.9 from here: 1 10.0.0.1@0.3 10.0.0.2, 2 *",
        ]
    );
}

#[test]
fn names_alone_are_left_out_and_quotes_are_read() {
    let text = "> HOST: here       Loss%   Snt   Last   Avg  Best  Wrst StDev\n\
        >   1.|-- gw.example    0.0%    10    0.5   0.5   0.5   0.6   0.0\n\
        >   2.|-- a.example    0.0%    10    0.5   0.5   0.5   0.6   0.0\n\
        >   3.|-- 188.43\n";
    assert_eq!(
        read(text),
        [
            "4: malformed: neither a header nor a hop of mtr",
            "1: skipped: hops have names and no addresses",
        ]
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes: Vec<u8>) {
        test_lines::of(super::super::MTR_REPORT, &bytes);
        let _ = recognise(&bytes);
    }

    #[test]
    fn any_words_are_read(text in "( [0-9]{1,3}[.]|[|]-- |10[.]1[.]2[.][0-9] |gw[^a]x|[(]4[.]4[.]4[.]4[)]|[0-9.]{1,6}%?|[?]{3} | -> |HOST: |\n){0,60}") {
        test_lines::of(super::super::MTR_REPORT, text.as_bytes());
    }
}
