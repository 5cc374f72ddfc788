//! Files become series, whatever their order.

use lasthop::history::{Hosts, Wanted, read};

use super::planted::{HEADER, Planted, Seen, china, history, prefix, russia};

#[test]
fn a_series_is_a_vantage_a_method_and_a_scope() {
    let mut planted = Planted::new();
    for _ in 0..3 {
        planted.run(&[("175.45.176.0/22", china(8)), ("175.45.176.0/24", china(8))]);
    }
    let history = planted.history();
    let scopes: Vec<_> = history.series.iter().map(|series| series.scope).collect();
    assert_eq!(scopes, [prefix("175.45.176.0/22"), prefix("175.45.176.0/24")]);
    assert_eq!(history.series[0].runs, 3);
    assert_eq!(history.counts.used, 6);
    assert_eq!(history.series[0].state.started, planted.at(2));
}

#[test]
fn a_pause_is_a_gap() {
    let mut planted = Planted::new();
    for run in 0..20 {
        if run == 10 {
            planted.pause(100);
        }
        planted.run(&[("175.45.176.0/24", russia(8))]);
    }
    let history = planted.history();
    let stretches: Vec<_> = history.series[0].timeline.stretches().collect();
    assert_eq!(stretches.len(), 21);
    let gap = stretches[10];
    assert!(gap.bucket.is_none());
    assert!(gap.from > planted.at(9) && gap.to == planted.at(110));
    assert!(stretches.windows(2).all(|two| two[0].to == two[1].from), "no hole");
}

#[test]
fn files_headers_and_rows_may_come_in_any_order() {
    let mut planted = Planted::new();
    for _ in 0..6 {
        planted.run(&[("175.45.176.0/24", china(8))]);
    }
    let straight = planted.history();
    let header = planted.text.lines().next().expect("a header");
    let rows: Vec<&str> = planted.text.lines().skip(1).collect();
    let mixed =
        format!("{header}\n{}\n{}\n{header}\r\n{}\r\n\n{}", rows[4], rows[1], rows[0], rows[5]);
    let other = format!("\u{feff}{header}\n{}\n{}\n{}\n", rows[3], rows[2], rows[1]);
    let all = history(&[&mixed, &other], &Wanted { buckets: 100, ..Wanted::default() });
    assert_eq!(all.series, straight.series);
    assert_eq!((all.counts.used, all.counts.doubled), (6, 1));
}

/// Far more rows than a window holds, the newer half first.
#[test]
fn years_in_the_wrong_order_are_sorted() {
    let mut planted = Planted::new();
    for run in 0..20_000 {
        planted.run(&[("175.45.176.0/24", if run < 15_000 { china(8) } else { russia(8) })]);
    }
    let straight = planted.history();
    let rows: Vec<&str> = planted.text.lines().skip(1).collect();
    let header = planted.text.lines().next().expect("a header");
    let (old, new) = rows.split_at(2_000);
    let turned = format!("{header}\n{}\nbroken\n{}\n", new.join("\n"), old.join("\n"));
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("turned.csv");
    std::fs::write(&path, turned).expect("written");
    let wanted = Wanted { buckets: 100, ..Wanted::default() };
    let mut broken = Vec::new();
    let history = read(&[path], &wanted, &mut |remark| broken.push(remark.line)).expect("read");
    assert_eq!(history.series, straight.series);
    assert_eq!(history.events, straight.events);
    assert_eq!(history.events.len(), 3);
    assert_eq!(broken, [18_002], "a broken line is told once");
    assert_eq!(history.counts.malformed, 1);
}

/// A row of the first schema and one of the second, with other classes.
#[test]
fn schemas_and_classes_may_change_from_header_to_header() {
    let mut planted = Planted::new();
    planted.run(&[("175.45.176.0/24", china(8))]);
    planted.run(&[("175.45.176.0/24", Seen { hosts: Some((256, 3)), ..china(8) })]);
    let lines: Vec<&str> = planted.text.lines().collect();
    let first = lines[1].strip_suffix(",,,,").expect("nothing pinged");
    let other = HEADER.replace("russia", "asia");
    let text = format!("{HEADER}\n{first}\n{}\n{}\n{other}\n", lines[0], lines[2]);
    let text = format!("{text}{}\n", first.replace("run-here-0", "run-here-2"));
    let history = history(&[&text], &Wanted::default());
    assert_eq!(history.counts.used, 3);
    assert_eq!(history.series.len(), 1);
    let classes =
        history.series[0].state.shares.iter().map(|(class, _)| history.names.text(*class));
    assert_eq!(classes.collect::<Vec<_>>(), ["china", "russia"]);
    assert_eq!(history.series[0].state.hosts, Some(Hosts { pinged: 256, alive: 3 }));
}
