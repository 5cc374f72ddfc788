use std::io::{self, BufReader, Read};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::cutter::LONGEST;
use super::*;

/// What is read from `input`, a line for each record with its first value.
fn lines(prefixes: &[&str], input: &mut (dyn BufRead + Send)) -> Vec<String> {
    let mut lines = Vec::new();
    batches(prefixes, input, in_lines, |batch| lines.extend(batch)).unwrap();
    lines
}

fn in_lines(batch: &Batch) -> Vec<String> {
    let line = |(line, record): (u64, Result<&[u8], &str>)| match record {
        Ok(record) => format!("{line} {}", first_value(record)),
        Err(why) => format!("{line} malformed: {why}"),
    };
    batch.records().map(line).collect()
}

fn first_value(record: &[u8]) -> String {
    match serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(record) {
        Ok(map) => map.values().next().map_or("{}".into(), ToString::to_string),
        Err(_) => "malformed: parse".into(),
    }
}

/// The same however the input is divided.
fn read(text: impl AsRef<[u8]>) -> Vec<String> {
    let whole = lines(&[], &mut text.as_ref());
    for piece in [4, 7, 64, 65] {
        let mut input = BufReader::with_capacity(piece, text.as_ref());
        assert_eq!(lines(&[], &mut input), whole, "in pieces of {piece}");
    }
    whole
}

#[test]
fn lines_arrays_and_single_values_are_records() {
    let right = ["1 1", "2 2", "3 3"];
    assert_eq!(read("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n"), right);
    assert_eq!(read("{\"a\":1}\r\n{\"a\":2}\r\n{\"a\":3}"), right);
    assert_eq!(read("[{\"a\":1},\n{\"a\":2},\n{\"a\":3}]\n"), right);
    assert_eq!(read("[{\"a\":1}\n,{\"a\":2}\n,{\"a\":3}]\n"), right);
    assert_eq!(read("[\n{\"a\":1} , {\"a\":2}]\n\n[{\"a\":3}]"), ["2 1", "2 2", "4 3"]);
    assert_eq!(read("{\"a\":1}{\"a\":2}"), ["1 1", "1 2"]);
    assert_eq!(read(" {\"a\":{\"b\":[{}]}} "), ["1 {\"b\":[{}]}"]);
    assert!(read("").is_empty());
    assert!(read("[]\n").is_empty());
}

#[test]
fn values_of_a_record_may_begin_lines_that_are_not_indented() {
    let values = "{\"a\":1,\"b\":[\n{\"c\":[1]},\n{\"c\":[2]}\n]}\n";
    assert_eq!(read(values), ["1 1"]);
    assert_eq!(read(values.repeat(2)), ["1 1", "5 1"]);
    // Another record begins as this one did.
    let cut = "{\"a\":1,\"b\":[\n{\"a\":2}\n{\"a\":3}\n";
    assert_eq!(
        read(cut),
        ["1 malformed: a record without an end; line 2 is not of it", "2 2", "3 3"]
    );
}

#[test]
fn records_may_take_many_lines() {
    let value: serde_json::Value =
        serde_json::from_str(r#"[{"a":1,"b":[{"c":[{}]},{}]},{"a":2},{"a":3}]"#).unwrap();
    let text = serde_json::to_string_pretty(&value).unwrap();
    assert_eq!(read(&text), ["2 1", "13 2", "16 3"]);
    let flat: Vec<&str> = text.lines().map(str::trim_start).collect();
    let flat = format!("{}\n", flat.join("\n"));
    assert_eq!(read(&flat), ["2 1", "13 2", "16 3"]);
}

#[test]
fn a_malformed_line_takes_no_other_with_it() {
    let gave_up = "malformed: a record without an end; line 3 is not of it";
    for malformed in ["{\"a\":[{\"b\":1},", "{\"a\":{", "{", "{\"a\":", "{\"a\":{\"b\":\"}}\"}"] {
        let text = format!("{{\"a\":1}}\n{malformed}\n{{\"a\":3}}\n{{\"a\":4}}\n");
        assert_eq!(read(&text), ["1 1", &format!("2 {gave_up}"), "3 3", "4 4"], "{malformed}");
    }
    let text = "{\"a\":1}\n{\"a\":\"unfinished\n{\"a\":3}\n";
    assert_eq!(read(text), ["1 1", "2 malformed: a line ends within a string", "3 3"]);
    let text = "{\"a\":1}\n{\"a\" 2}\n{\"a\":3}\n{\"a\":\"\\\"}\n{\"a\":5}\n";
    let string = "4 malformed: a line ends within a string";
    assert_eq!(read(text), ["1 1", "2 malformed: parse", "3 3", string, "5 5"]);
    assert_eq!(read("{\"a\":1}}\n{\"a\":2}"), ["1 1", "1 malformed: no JSON object: }", "2 2"]);
}

#[test]
fn a_malformed_record_of_many_lines_takes_no_other_with_it() {
    let text = "[\n  {\n    \"a\": [\n      {\n  {\n    \"a\": 2\n  }\n]\n";
    assert_eq!(read(text), ["2 malformed: a record without an end; line 5 is not of it", "5 2"]);
    let text = "{\n  \"a\": {\nKilled\n{\n  \"a\": 2\n}\n";
    let why = "1 malformed: a record without an end; line 3 is not of it";
    assert_eq!(read(text), [why, "3 malformed: no JSON object: Killed", "4 2"]);
}

#[test]
fn what_is_no_record_is_reported_once() {
    assert_eq!(
        read("hello\nworld {\"a\":1} \0\0\0\n\0\n{\"a\":2}\n7"),
        [
            "1 malformed: no JSON object: helloworld",
            "2 1",
            "2 malformed: no JSON object: \\0\\0\\0\\0",
            "4 2",
            "5 malformed: no JSON object: 7"
        ]
    );
    assert_eq!(read("[1,null,{\"a\":1}]"), ["1 malformed: no JSON object: 1null", "1 1"]);
    let zeros = vec![0; 1 << 20];
    assert_eq!(lines(&[], &mut zeros.as_slice()).len(), 1);
}

#[test]
fn a_cut_off_end_is_reported() {
    for end in ["{\"a\":", "{\"a\":\"x", "{", "{\"a\":\"\\"] {
        let text = format!("{{\"a\":1}}\n{end}");
        assert_eq!(read(&text), ["1 1", "2 malformed: the input ends within a record"]);
    }
    assert_eq!(read("[{\"a\":1},"), ["1 1"]);
}

#[test]
fn byte_order_marks_and_utf_16_are_read() {
    let text = "\u{feff}[{\"a\":\"ä\"},\n{\"a\":2}]";
    assert_eq!(read(text), ["1 \"ä\"", "2 2"]);
    assert_eq!(read("\u{feff}{\"a\":1}\n\u{feff}{\"a\":2}\n"), ["1 1", "2 2"]);
    let low: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(low), ["1 \"ä\"", "2 2"]);
    let high: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(read(high), ["1 \"ä\"", "2 2"]);
}

#[test]
fn a_prefix_may_stand_before_records() {
    let text = "RESULT {\"a\":1}\nRESULT {\"a\":[\nRESULT {\"a\":3}\nOTHER {\"a\":4}\nRESULT";
    assert_eq!(
        lines(&["RESULT"], &mut text.as_bytes()),
        [
            "1 1",
            "2 malformed: a record without an end; line 3 is not of it",
            "3 3",
            "4 malformed: no JSON object: OTHER",
            "4 4"
        ]
    );
}

#[test]
fn objects_within_an_object_are_found() {
    let found = inside(br#"{"1":[{"a":{}},{"b":"}"}],"2":{"c":1},"3":[]}"#);
    let right: [&[u8]; 3] = [br#"{"a":{}}"#, br#"{"b":"}"}"#, br#"{"c":1}"#];
    assert_eq!(found, right);
    assert!(inside(b"{").is_empty());
    assert!(inside(b"").is_empty());
}

#[test]
fn the_order_is_kept_on_all_cores() {
    let record = |number: u32| {
        format!("{{\"a\":{number},\"b\":\"{}\"}}\n", "x".repeat(number as usize % 97))
    };
    let text = (0..50_000).map(record).collect::<Vec<_>>().concat();
    let right: Vec<String> = (0..50_000).map(|number| format!("{} {number}", number + 1)).collect();
    assert_eq!(lines(&[], &mut text.as_bytes()), right);
    let array = format!("[{}]", text.trim_end().replace('\n', ",\n"));
    assert_eq!(lines(&[], &mut array.as_bytes()), right);
}

#[test]
fn a_record_that_is_too_long_is_skipped() {
    let filler = vec![b'x'; LONGEST + PART];
    let mut input =
        b"{\"a\":1}\n{\"a\":\"".chain(filler.as_slice()).chain(&b"\"}, {\"a\":3}\n"[..]);
    assert_eq!(lines(&[], &mut input), ["1 1", "2 malformed: a record of more than 64 MiB", "2 3"]);
}

#[test]
fn what_comes_slowly_is_handed_on_at_once() {
    struct Slow(Vec<&'static [u8]>);
    impl Read for Slow {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let mut next = self.0.pop().unwrap_or_default();
            next.read(to)
        }
    }
    let parts: Vec<&[u8]> = vec![b"5}\n", b"4}\n{\"a\":", b"{\"a\":", b"\":2}\n", b"{\"a\":1}{\"a"];
    let mut input = BufReader::new(Slow(parts));
    assert_eq!(lines(&[], &mut input), ["1 1", "1 2", "2 4", "3 5"]);
}

#[test]
fn a_failing_input_gives_what_came_before() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    let mut input = BufReader::new((&b"{\"a\":1}\n{\"a\":2}\n{\"a\":"[..]).chain(Failing));
    let mut found = 0;
    let error = batches(&[], &mut input, in_lines, |batch| found += batch.len()).unwrap_err();
    assert_eq!((error.to_string().as_str(), found), ("gone", 2));
}

/// Each of these makes a reader slow, deep or big that is not made for it.
#[test]
fn hostile_input_is_read_in_time() {
    let began = Instant::now();
    // A reader that looks at what it has again and again takes far longer than this allows.
    let size = 1 << 18;
    for part in ["{", "[", "{\"a\":[", "\"", "{\n", "{\"\n", "\\", "}", "{\"a\":\"\\", "\n", "{},"]
    {
        let text = part.repeat(size / part.len());
        lines(&[], &mut text.as_bytes());
    }
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        piece in 1_usize..100,
    ) {
        let mut input = BufReader::with_capacity(piece, bytes.as_slice());
        let pieces = lines(&["RESULT"], &mut input);
        prop_assert!(piece < 2 || pieces == lines(&["RESULT"], &mut bytes.as_slice()));
    }

    #[test]
    fn almost_json_is_read_alike_in_any_pieces(
        text in r#"([{}\[\]",:\n 1a\\]|\{"a":|"b"\}|RESULT ){0,120}"#,
        piece in 2_usize..100,
    ) {
        let mut input = BufReader::with_capacity(piece, text.as_bytes());
        prop_assert_eq!(lines(&["RESULT"], &mut input), lines(&["RESULT"], &mut text.as_bytes()));
    }
}
