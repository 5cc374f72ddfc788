use super::fields::{Fields, Wants};
use super::*;
use crate::import::recognise;

#[test]
fn results_are_recognised_however_they_are_wrapped() {
    let is_atlas = |head: &[u8]| recognise(head).is_some_and(|format| format.name() == "atlas");
    let result = r#"{"fw":5020,"prb_id":7,"type":"traceroute"}"#;
    assert!(is_atlas(result.as_bytes()));
    assert!(is_atlas(format!("\u{feff}[\n {result}").as_bytes()));
    assert!(is_atlas(br#"RESULT { "dst_name":"x", "paris_id":1, "result": ["#));
    let wide: Vec<u8> = result.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(is_atlas(&wide));
    assert!(!is_atlas(br#"{"type":"trace","version":"0.1","dst":"192.0.2.1","hops":[]}"#));
    assert!(!is_atlas(b""));
}

/// As a probe of today sends it.
const RESULT: &str = r#"{"fw":5080,"mver":"2.6.2","lts":43,"endtime":1718425217,"dst_name":"175.45.176.134","dst_addr":"175.45.176.134","src_addr":"192.168.1.163","proto":"ICMP","af":4,"size":48,"paris_id":9,"result":[{"hop":1,"result":[{"from":"192.0.2.79","ttl":254,"size":76,"rtt":9.023},{"from":"192.0.2.79","ttl":254,"size":76,"rtt":10,"icmpext":{"version":2,"rfc4884":1,"obj":[{"class":1,"type":1,"mpls":[{"exp":0,"label":24005,"s":1,"ttl":1}]}]}},{"x":"*"}]},{"hop":2,"result":[{"from":"192.0.2.7","err":"A","ttl":253,"size":76,"rtt":13.958},{"late":2,"from":"192.0.2.79","dup":true},{"error":"sendto failed: Network unreachable"}]},{"hop":255,"result":[{"x":"*"}]}],"msm_id":5151,"prb_id":17,"timestamp":1718425177,"msm_name":"Traceroute","from":"203.0.113.9","type":"traceroute","group_id":1,"stored_timestamp":1718425237}"#;

/// What is found by the fast way, which must be what is found otherwise; nothing where it is left to that.
fn by_fast(text: &str, wanted: &Wanted<'_>) -> Option<Vec<Finding>> {
    let wants = Wants(wanted);
    let fast = fast::fields(text, &wants)?.findings();
    let thorough = result::read(text, wants).map(Fields::findings);
    assert_eq!(thorough.ok(), Some(fast.clone()), "{text}");
    Some(fast)
}

#[test]
fn usual_results_are_read_fast() {
    let all = by_fast(RESULT, &|_| true).expect("usual");
    assert!(matches!(&all[..], [Finding::Trace(trace)] if trace.hops.len() == 2), "{all:?}");
    let target = "175.45.176.134".parse().unwrap();
    assert_eq!(by_fast(RESULT, &|_| false), Some(vec![Finding::OutOfScope(target)]));
    let spaced = RESULT.replace(':', ": ").replace(',', " , ");
    assert_eq!(by_fast(&spaced, &|_| true), Some(all));
}

#[test]
fn hops_of_a_result_out_of_scope_may_be_anything_that_is_json() {
    let target = "192.0.2.1".parse().unwrap();
    let is_out_of_scope =
        |text: &str| findings(text.as_bytes(), &|_| false) == [Finding::OutOfScope(target)];
    assert!(is_out_of_scope(r#"{"dst_addr":"192.0.2.1","result":[{"hop":"x","result":{}}]}"#));
    assert!(is_out_of_scope(r#"{"result":[{"hop":"x","result":{}}],"dst_addr":"192.0.2.1"}"#));
    assert!(is_out_of_scope(r#"{"dst_addr":"192.0.2.1","prb_id":"x","type":"traceroute"}"#));
    for malformed in [
        r#"{"dst_addr":"192.0.2.1","result":[{]}}"#,
        r#"{"dst_addr":"192.0.2.1","result":[01]}"#,
        r#"{"dst_addr":"192.0.2.1","result":[],"result":[]}"#,
        r#"{"dst_addr":"192.0.2.1","result":[]"#,
    ] {
        let found = findings(malformed.as_bytes(), &|_| false);
        assert!(matches!(found[..], [Finding::Malformed(_)]), "{malformed}: {found:?}");
    }
    let ping = r#"{"dst_addr":"192.0.2.1","result":[{"rtt":1}],"type":"ping"}"#;
    assert!(matches!(findings(ping.as_bytes(), &|_| false)[..], [Finding::Skipped(_)]));
}

proptest::proptest! {
    #[test]
    fn fast_reading_is_reading(
        places in proptest::collection::vec((0_usize..RESULT.len(), 0_usize..9), 1..4),
        with in proptest::collection::vec(r#"([\[\]{}",:0-9aeE.\\xtu -]|null|true|"ttl":|"hop":1,|1e5|""|"a"|\{\})?"#, 4),
        is_wanted: bool,
    ) {
        let mut text = RESULT.to_owned();
        for ((place, length), with) in places.iter().zip(with) {
            let place = (*place).min(text.len());
            text.replace_range(place..(place + length).min(text.len()), &with);
        }
        by_fast(&text, &|_| is_wanted);
    }

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
