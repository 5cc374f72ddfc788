//! Real tables against a list of addresses whose owners are known.
//!
//! The tables are large and stand beside the project, in ../shared/data/ip2as; where they are
//! missing the test is skipped, except in CI.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod skipping;

use std::collections::HashMap;
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use lasthop::owner::{AsTable, Owners, country_code};
use lasthop::targets::Targets;
use ruzstd::decoding::StreamingDecoder;

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ip2as");
    folder.is_dir().then_some(folder)
}

/// The rows of a table, without its header.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let file = File::open(path).expect("a table");
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "zst") {
        StreamingDecoder::new(file).expect("zstd").read_to_string(&mut text).expect("UTF-8");
    } else {
        (&file).read_to_string(&mut text).expect("UTF-8");
    }
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// The tables in the layout of iptoasn.com.
fn iptoasn(folder: &Path) -> String {
    let holders: HashMap<String, (String, String)> = rows(&folder.join("asn.tsv.zst"))
        .into_iter()
        .map(|row| match row.as_slice() {
            [asn, country, _, name, _] => (asn.clone(), (country.clone(), name.clone())),
            _ => panic!("{row:?}"),
        })
        .collect();
    let mut text = String::new();
    for row in rows(&folder.join("ip2asn-v4.tsv.zst")) {
        let [first, last, asn] = row.as_slice() else { panic!("{row:?}") };
        let (country, name) = holders.get(asn).map_or(("None", ""), |(c, n)| (c, n));
        writeln!(text, "{first}\t{last}\t{asn}\t{country}\t{name}").expect("memory");
    }
    text
}

/// `-` where nothing is known, as the list writes it.
fn word(word: Option<impl ToString>) -> String {
    word.map_or_else(|| "-".into(), |word| word.to_string())
}

/// The list is of tables alone. Of a carrier of targets.toml that lists one AS, that is the origin without a table.
const BY_CARRIER: [(&str, &str); 1] = [("103.35.255.254", "134544")];

#[test]
fn owners_are_those_of_the_list() {
    let Some(folder) = folder() else {
        return skipping::skipped(
            "owners_are_those_of_the_list",
            "../shared/data/ip2as is not there",
        );
    };
    let temporary = tempfile::tempdir().expect("a folder");
    let path = temporary.path().join("ip2asn-v4.tsv");
    std::fs::write(&path, iptoasn(&folder)).expect("written");
    let targets = Targets::built_in().expect("the built-in configuration");
    let owners = Owners::new(&targets).with_table(AsTable::open(&path).expect("a right table"));
    assert!(owners.table().is_some_and(|table| table.ranges() > 390_000));

    let checks = rows(&folder.join("spot-checks.tsv"));
    assert_eq!(checks.len(), 48);
    let mut wrong = Vec::new();
    for row in checks {
        let address: Ipv4Addr = row[0].parse().expect("an address");
        let origin = owners.of(address).origin;
        let found = [
            row[0].clone(),
            word(origin.as_ref().map(|origin| origin.asn)),
            word(origin.as_ref().and_then(|origin| origin.country)),
            word(origin.and_then(|origin| origin.name)),
            word(country_code(address)),
        ];
        let row: Vec<String> = match BY_CARRIER.iter().find(|(known, _)| row[0] == *known) {
            Some((_, asn)) => [&row[..1], &[(*asn).to_owned()], &row[2..]].concat(),
            None => row,
        };
        if row != found {
            wrong.push(format!("expected {row:?}\n   found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
