//! `lasthop owner --update`: the table is fetched when that is typed, and used from then on.

use tempfile::TempDir;

use super::program::owner;
use super::server::{Reply, Server, Way};

const TABLE: &str =
    "8.8.8.0\t8.8.8.255\t15169\tUS\tGOOGLE\n103.35.255.0\t103.35.255.255\t0\tNone\tNot routed\n";

#[test]
fn a_table_is_fetched_and_then_used() {
    for way in [Way::Whole, Way::Chunked, Way::Gzip] {
        let server = Server::start((), move |(), _| {
            Reply::json(200, TABLE).by(way).with("Last-Modified", "Tue, 14 Jul 2026 08:00:00 GMT")
        });
        let folder = TempDir::new().expect("a folder");
        let before = owner(folder.path(), None, &["8.8.8.8"]).ended(0);
        assert_eq!(before.block("asn"), "");
        owner(folder.path(), Some(server.port), &[]).ended(0).says(&["1 ranges of 2026-07-14"]);
        let after = owner(folder.path(), None, &["8.8.8.8"]).ended(0).says(&["2026-07-14"]);
        assert_eq!(after.block("asn"), "15169");
        assert_eq!(server.log().len(), 1);
        assert_eq!(server.log()[0].path, "/data/table.tsv.gz");
    }
}

/// What is no table takes the place of none.
#[test]
fn what_is_no_table_is_not_kept() {
    let folder = TempDir::new().expect("a folder");
    let good = Server::start((), |(), _| Reply::json(200, TABLE));
    owner(folder.path(), Some(good.port), &[]).ended(0);
    for (reply, code) in [
        (Reply::json(200, "{}"), 2),
        (Reply::json(200, ""), 2),
        (Reply::json(404, "gone"), 6),
        (Reply::json(302, "").with("Location", "https://elsewhere.example/"), 6),
    ] {
        let bad = Server::start(reply, |reply, _| reply.clone());
        let outcome = owner(folder.path(), Some(bad.port), &[]).ended(code);
        // That option is not its own.
        assert!(!outcome.err.contains("--api"), "{}", outcome.err);
        assert_eq!(owner(folder.path(), None, &["8.8.8.8"]).ended(0).block("asn"), "15169");
    }
}

/// Cenbong announces nothing there, and has one AS.
#[test]
fn a_carrier_of_one_as_gives_its_number_without_a_table() {
    let folder = TempDir::new().expect("a folder");
    let found = owner(folder.path(), None, &["103.35.255.254", "188.43.225.153"]).ended(0);
    assert_eq!(found.column("asn"), ["134544", ""]);
    assert_eq!(found.column("source"), ["registered-prefix", "registered-prefix"]);
}
