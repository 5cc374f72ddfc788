//! Tables of AS as text files: what is read, what is refused, and how the refusal reads.

#![expect(clippy::expect_used, reason = "helpers of tests")]

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use lasthop::owner::{AsTable, Owners, Source};
use lasthop::targets::Targets;
use tempfile::TempDir;

const ROWS: &str = "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\n\
    1.0.1.0\t1.0.3.255\t0\tNone\tNot routed\n\
    217.150.48.0\t217.150.63.255\t20485\tRU\tTRANSTELECOM Moscow, Russia\n\
    219.158.1.0\t219.158.26.255\t4837\tCN\tCHINA169-BACKBONE CHINA UNICOM China169 Backbone\n";

fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    path
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("packed");
    encoder.finish().expect("packed")
}

fn asn(table: &AsTable, address: [u8; 4]) -> Option<u32> {
    table.of(Ipv4Addr::from(address)).and_then(|(_, holder)| holder.asn)
}

/// The message about the file, from the end of its name on.
fn refused(path: &Path) -> String {
    let message = AsTable::open(path).expect_err("a wrong file").to_string();
    let start = path.display().to_string();
    message.strip_prefix(&start).map_or(format!("no file name: {message}"), str::to_owned)
}

#[test]
fn plain_and_packed_tables_are_told_apart_by_content() {
    let folder = folder();
    for (name, bytes) in
        [("packed.tsv", gzip(ROWS.as_bytes())), ("plain.tsv.gz", ROWS.as_bytes().to_vec())]
    {
        let table = AsTable::open(&file(&folder, name, &bytes)).expect(name);
        assert_eq!(table.ranges(), 3);
        assert_eq!(asn(&table, [219, 158, 26, 255]), Some(4837));
    }
}

#[test]
fn a_packed_table_may_have_several_members() {
    let folder = folder();
    let (first, second) = ROWS.split_at(ROWS.find("217").expect("the third line"));
    let bytes = [gzip(first.as_bytes()), gzip(second.as_bytes())].concat();
    assert_eq!(AsTable::open(&file(&folder, "t.gz", &bytes)).expect("two members").ranges(), 3);
}

#[test]
fn both_ends_of_a_range_are_in_it_and_the_gaps_on_both_sides_are_not() {
    let folder = folder();
    let table = AsTable::open(&file(&folder, "t.tsv", ROWS.as_bytes())).expect("a table");
    for (address, expected) in [
        ([0, 255, 255, 255], None),
        ([1, 0, 0, 0], Some(13_335)),
        ([1, 0, 0, 255], Some(13_335)),
        ([1, 0, 1, 0], None),
        ([1, 0, 4, 0], None),
        ([219, 158, 0, 255], None),
        ([219, 158, 1, 0], Some(4837)),
        ([219, 158, 26, 255], Some(4837)),
        ([219, 158, 27, 0], None),
        ([255, 255, 255, 255], None),
    ] {
        assert_eq!(asn(&table, address), expected, "{address:?}");
    }
}

#[test]
fn a_text_table_shows_the_day_of_its_last_change() {
    let folder = folder();
    let path = file(&folder, "ip2asn-v4.tsv", ROWS.as_bytes());
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_784_073_599);
    std::fs::File::options()
        .write(true)
        .open(&path)
        .and_then(|file| file.set_modified(changed))
        .expect("a time");
    let table = AsTable::open(&path).expect("a table");
    assert_eq!(table.describe(), "ip2asn-v4.tsv, modified 2026-07-14, 3 ranges");
    assert_eq!(table.date().map(|date| date.to_string()).as_deref(), Some("2026-07-14"));
}

#[test]
fn a_table_names_owners() {
    let folder = folder();
    let targets = Targets::built_in().expect("the built-in configuration");
    let table = AsTable::open(&file(&folder, "t.tsv", ROWS.as_bytes())).expect("a table");
    let owner = Owners::new(&targets).with_table(table).of(Ipv4Addr::new(1, 0, 0, 1));
    let origin = owner.origin.expect("an origin");
    assert_eq!((origin.asn, origin.name.as_deref()), (13_335, Some("CLOUDFLARENET")));
    assert_eq!(owner.source, Some(Source::AsTable));
    assert_eq!(owner.range.map(|range| range.to_string()).as_deref(), Some("1.0.0.0/24"));
}

#[test]
fn a_missing_file_is_named() {
    let message = refused(Path::new("/nowhere/ip2asn.tsv"));
    assert!(message.starts_with(": No such file"), "{message}");
}

#[test]
fn a_malformed_line_is_refused_with_file_and_line() {
    let folder = folder();
    let path = file(&folder, "t.tsv", format!("{ROWS}219.158.27.0\t24\t4837\tCN\tX\n").as_bytes());
    assert_eq!(refused(&path), ":5: 219.158.27.0 to 0.0.0.24: expected the lower address first");
    let path = file(&folder, "caida", b"1.0.0.0\t24\t13335\n");
    let message = refused(&path);
    assert!(message.starts_with(":1: 3 of 5 columns: expected range_start"), "{message}");
}

#[test]
fn unsorted_and_overlapping_ranges_are_refused_with_file_and_line() {
    let folder = folder();
    for row in ["1.0.0.255\t1.0.0.255", "219.158.26.255\t219.158.28.0"] {
        let path = file(&folder, "t.tsv", format!("{ROWS}{row}\t7\tUS\tA\n").as_bytes());
        let message = refused(&path);
        assert!(message.starts_with(":5: "), "{message}");
        assert!(message.ends_with("expected sorted ranges without overlap"), "{message}");
    }
}

#[test]
fn a_file_that_says_nothing_is_refused() {
    let folder = folder();
    let nothing: [&[u8]; 4] = [
        b"",
        b"\n# only this\n",
        b"1.0.1.0\t1.0.3.255\t0\tNone\tNot routed\n",
        b"2606:4700::\t2606:4700::ffff\t13335\tUS\tCLOUDFLARENET\n",
    ];
    for bytes in nothing {
        let message = refused(&file(&folder, "t.tsv", bytes));
        assert!(message.starts_with(": no IPv4 range has an AS or a country"), "{message}");
    }
}

#[test]
fn a_packed_file_that_was_cut_off_is_refused() {
    let folder = folder();
    let packed = gzip(ROWS.as_bytes());
    for length in [3, 12, packed.len() / 2, packed.len() - 1] {
        let message = refused(&file(&folder, "t.tsv.gz", &packed[..length]));
        assert!(message.starts_with(": gzip data cannot be unpacked"), "{length}: {message}");
        assert!(message.ends_with("the file is damaged, fetch it again"), "{length}: {message}");
    }
}

#[test]
fn a_folder_is_no_table() {
    let folder = folder();
    let message = refused(folder.path());
    assert!(message.starts_with(": Is a directory"), "{message}");
}
