//! What tracepath prints.

use crate::import::format::Format;
use proptest::prelude::*;

use crate::import::{recognise, test_lines};

fn read(text: &str) -> Vec<String> {
    assert_eq!(recognise(text.as_bytes()).map(Format::name), Some("text"));
    test_lines::of(super::super::TRACEPATH, text.as_bytes())
}

#[test]
fn numbers_with_names_and_alone() {
    let text = " 1?: [LOCALHOST]                      pmtu 1500\n \
        1:  192.168.1.1                                           0.682ms asymm  2 \n \
        1:  gw (192.168.1.1)                                      0.645ms asymm  2 \n \
        2:  ??? (188.43.225.153)                                187.962ms pmtu 1400\n \
        3:  no reply\n \
        4:  175.45.177.10                                       195.485ms reached\n     \
        Resume: pmtu 1500 hops 4 back 4 \n";
    assert_eq!(
        read(text),
        ["1: 175.45.177.10: 1 192.168.1.1@0.682 192.168.1.1@0.645, 2 188.43.225.153@187.962, \
          3 *, 4 175.45.177.10=@195.485"]
    );
}

#[test]
fn without_an_end_the_destination_is_not_known() {
    let text = " 1?: [LOCALHOST]     pmtu 1500\n 1:  10.0.0.1  1ms \n 2:  no reply\n     \
        Too many hops: pmtu 1500\n     Resume: pmtu 1500 \n \
        1?: [LOCALHOST]     pmtu 1500\n 1:  10.0.0.1  1ms \n 2:  219.158.39.42  9ms !A\n     \
        Resume: pmtu 1500 \n$ tracepath -n 175.45.176.8\n 1?: [LOCALHOST]     pmtu 1500\n \
        5:  10.0.0.5  5ms asymm 4\n 4:  10.0.0.4  12000.559ms\n";
    assert_eq!(
        read(text),
        [
            "1: to no destination: 1 10.0.0.1@1, 2 *",
            "6: to no destination: 1 10.0.0.1@1, 2 219.158.39.42!13@9",
            "10: 175.45.176.8: 4 10.0.0.4@12000.559, 5 10.0.0.5@5",
        ]
    );
}

#[test]
fn names_alone_are_left_out() {
    let text = " 1?: [LOCALHOST]  pmtu 1500\n 1:  gw.example   4.063ms \n 2:  no reply\n 3:  x.kp   9ms reached\n";
    assert_eq!(read(text), ["1: skipped: hops have names and no addresses"]);
    let text = " 1:  gw.example   4.063ms \n 2:  188.43.225.153  9ms \n 3:  send failed\n";
    assert_eq!(
        read(text),
        [
            "3: malformed: a hop without a time",
            "1: to no destination (188.43.225.153) unreadable: 1 *, 2 188.43.225.153@9",
        ]
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes: Vec<u8>) {
        test_lines::of(super::super::TRACEPATH, &bytes);
        let _ = recognise(&bytes);
    }

    #[test]
    fn any_words_are_read(text in "( [0-9]{1,3}[?]?:  |no reply|10[.]1[.]2[.][0-9] |[(]4[.]4[.]4[.]4[)] |[0-9.]{1,6}ms |reached|!A|Resume:|\n){0,60}") {
        test_lines::of(super::super::TRACEPATH, text.as_bytes());
    }
}
