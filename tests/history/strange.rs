//! Whatever is in a file, it is read or refused, and nothing breaks.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use lasthop::history::{Wanted, event_table, prometheus, read, state_table};
use proptest::prelude::*;

use super::planted::{HEADER, Planted, both};

fn told(bytes: &[u8]) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("h.csv");
    std::fs::write(&path, bytes).expect("written");
    let wanted = Wanted { buckets: 3, ..Wanted::default() };
    if let Ok(history) = read(&[path], &wanted, &mut |_| {}) {
        let series: Vec<_> = history.series.iter().collect();
        let events: Vec<_> = history.events.iter().collect();
        let _ =
            (state_table(&series, &history, Some(60)), event_table(&events, &history, Some(60)));
        let _ = prometheus(&history);
        let _ = series.iter().map(|series| series.timeline.stretches().count()).sum::<usize>();
    }
}

/// A cell that fits somewhere, or nowhere.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{0,11}",
        "[a-z=;\"]{0,6}",
        Just("175.45.178.0/24".to_owned()),
        Just("2017-10-01T09:05:00Z".to_owned()),
        Just("-009999-01-02T01:59:59Z".to_owned()),
        Just("9999-12-30T22:00:00Z".to_owned()),
        Just("true".to_owned()),
        Just("4294967295".to_owned()),
        Just("a=4294967295;b=1".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        told(&bytes);
        told(&[HEADER.as_bytes(), b"\n", &bytes].concat());
    }

    /// Good rows in which one cell is another.
    #[test]
    fn any_cell(place in 0_usize..29, row in 1_usize..8, other in cell()) {
        let mut planted = Planted::new();
        (0..8).for_each(|run| planted.run(&[("175.45.178.0/24", both(4 * (run % 2), 4))]));
        let mut lines: Vec<String> = planted.text.lines().map(str::to_owned).collect();
        let mut cells: Vec<&str> = lines[row].split(',').collect();
        cells[place] = &other;
        lines[row] = cells.join(",");
        told(lines.join("\n").as_bytes());
    }
}
