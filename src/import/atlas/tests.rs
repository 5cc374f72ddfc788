use super::*;

#[test]
fn results_are_recognised_in_any_dress() {
    let result = r#"{"fw":5020,"prb_id":7,"type":"traceroute"}"#;
    assert!(Atlas.recognises(result.as_bytes()));
    assert!(Atlas.recognises(format!("\u{feff}[\n {result}").as_bytes()));
    assert!(Atlas.recognises(br#"RESULT { "dst_name":"x", "paris_id":1, "result": ["#));
    let wide: Vec<u8> = result.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(Atlas.recognises(&wide));
    assert!(!Atlas.recognises(br#"{"type":"trace","version":"0.1","dst":"192.0.2.1","hops":[]}"#));
    assert!(!Atlas.recognises(b""));
}

proptest::proptest! {
    #[test]
    fn arbitrary_records_are_read(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        findings(&bytes, &|_| true);
    }

    #[test]
    fn arbitrary_values_in_the_known_fields_are_read(
        key in "(af|pf|dst_addr|from|proto|paris_id|prb_id|timestamp|result|type)",
        reply in "(from|ttl|rtt|x|late|dup|err|flags|icmpext|error|hop|result)",
        value in r#"(null|true|-1|0|255|256|1e999|1e308|18446744073709551616|"x"|"\\u0000"|\[\]|\{\}|\[1\]|\[\{\}\])"#,
    ) {
        let one = format!(r#"{{"dst_addr":"192.0.2.1","{key}":{value}}}"#);
        proptest::prop_assert_eq!(findings(one.as_bytes(), &|_| true).len(), 1);
        for inner in [format!(r#"{{"{reply}":{value}}}"#), format!(r#"{{"hop":1,"result":[{{"{reply}":{value}}}]}}"#)] {
            let one = format!(r#"{{"dst_addr":"192.0.2.1","result":[{inner}]}}"#);
            proptest::prop_assert!(!findings(one.as_bytes(), &|_| true).is_empty());
        }
    }
}
