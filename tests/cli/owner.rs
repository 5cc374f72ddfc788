//! `lasthop owner` in every format, with and without a table of AS.

use std::fs;

use insta::assert_snapshot;
use tempfile::NamedTempFile;

use super::lab::outside;

/// Two carriers, one of neither, a special address, an exchange, and home.
const ADDRESSES: [&str; 6] =
    ["103.35.255.254", "217.150.55.21", "8.8.8.8", "10.0.0.1", "202.40.161.50", "175.45.177.1"];
const TABLE: &str = "8.8.8.0\t8.8.8.255\t15169\tUS\tGOOGLE\n\
    217.150.32.0\t217.150.63.255\t20485\tRU\tTRANSTELECOM Moscow, Russia\n";

fn owner(arguments: &[&str]) -> String {
    outside(&[&["owner"], &ADDRESSES[..], arguments].concat()).ended(0).out
}

#[test]
fn without_a_table() {
    assert_snapshot!("owner.csv", owner(&[]));
    assert_snapshot!("owner.json", owner(&["--format", "json"]));
    assert_snapshot!("owner.table", owner(&["--format", "table"]));
}

#[test]
fn with_a_table() {
    let table = NamedTempFile::new().expect("a file");
    fs::write(table.path(), TABLE).expect("written");
    let table = table.path().to_str().expect("UTF-8");
    assert_snapshot!("owner_as.csv", owner(&["--as-table", table]));
    assert_snapshot!("owner_as.table", owner(&["--as-table", table, "--format", "table"]));
}
