//! What each format says, of files made here and of real ones.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lasthop::bgp::{Extent, ReadOptions, Record, Remark, Update, Wanted, What, read_files};
use lasthop::targets::Targets;

use crate::mrt_file::{MrtFile, Segment, as_path, as4_path, attribute, nlri, update};
use crate::skip;

const T: u32 = 1_506_848_871;
const PEER: (u8, u32) = (1, 3257);

/// A record, and the collector that it is of.
type Collected = (Arc<str>, Record);

fn read(path: &Path, wanted: Wanted) -> (Vec<Collected>, lasthop::bgp::Outcome, Vec<String>) {
    let options = ReadOptions { from: None, collector: None, wanted };
    let (mut records, mut wrong) = (Vec::new(), Vec::new());
    let outcome = read_files(
        &[path.to_owned()],
        &options,
        &mut |collector, record| records.push((Arc::clone(collector), record)),
        &mut |remark| {
            if let Remark::Wrong { place, why } = remark {
                wrong.push(format!("{place}: {why}"));
            }
        },
    );
    (records, outcome.expect("read"), wrong)
}

fn block() -> Wanted {
    Wanted::of(&Targets::built_in().expect("targets"))
}

fn read_bytes(bytes: &[u8]) -> (Vec<Record>, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("october.mrt");
    std::fs::write(&path, bytes).expect("written");
    let (records, _, wrong) = read(&path, block());
    (records.into_iter().map(|(_, record)| record).collect(), wrong)
}

/// The updates of a file: address of the peer, announced, withdrawn, path.
fn updates(file: &MrtFile) -> Vec<(IpAddr, String, String, String)> {
    let (records, wrong) = read_bytes(&file.0);
    assert!(wrong.is_empty(), "{wrong:?}");
    let text = |nlri: &[lasthop::bgp::Nlri]| {
        let all: Vec<_> =
            nlri.iter().map(|one| format!("{}#{}", one.prefix, one.path_id)).collect();
        all.join(" ")
    };
    let update = |record: Record| match record.what {
        What::Update(peer, Update { announced, path, withdrawn, .. }) => {
            let path = path.map_or(String::new(), |path| path.to_string());
            Some((peer.address, text(&announced), text(&withdrawn), path))
        }
        _ => None,
    };
    records.into_iter().filter_map(update).collect()
}

fn one(announced: &str, withdrawn: &str, path: &str) -> Vec<(IpAddr, String, String, String)> {
    vec![(crate::mrt_file::address(PEER), announced.into(), withdrawn.into(), path.into())]
}

#[test]
fn of_an_update_only_what_touches_the_block_is_kept() {
    let mut file = MrtFile::default();
    file.announce(
        T,
        PEER,
        &[3257, 20485, 131_279],
        &["10.0.0.0/8", "175.45.176.0/24", "175.45.180.0/24"],
    );
    assert_eq!(updates(&file), one("175.45.176.0/24#0", "", "3257 20485 131279"));
    for (prefix, is_kept) in [
        ("175.45.176.0/22", true),
        ("175.45.160.0/19", true),
        ("175.45.178.128/25", true),
        ("175.45.179.255/32", true),
        ("175.0.0.0/8", true),
        // A default route is no route to the block.
        ("0.0.0.0/0", false),
        ("175.45.172.0/22", false),
        ("175.45.180.0/22", false),
    ] {
        let mut file = MrtFile::default();
        file.withdraw(T, PEER, &[prefix]);
        let kept = updates(&file).iter().map(|(_, _, gone, _)| gone.clone()).collect::<Vec<_>>();
        assert_eq!(kept, if is_kept { vec![format!("{prefix}#0")] } else { vec![] }, "{prefix}");
    }
}

/// RFC 6793: on a session that knows AS of two bytes the origin reads 23456.
#[test]
fn as4_path_is_merged_in() {
    let mut attributes = as_path(&[Segment::Sequence(&[3257, 4837, 131_279])], false);
    attributes.extend(as4_path(&[Segment::Sequence(&[4837, 131_279])]));
    let mut file = MrtFile::default();
    file.message(T, 1, PEER, 2, &update(&[], &attributes, &nlri(&["175.45.176.0/24"], None)));
    assert_eq!(updates(&file), one("175.45.176.0/24#0", "", "3257 4837 131279"));
}

#[test]
fn sets_stay_and_confederations_do_not_count() {
    let path = [
        Segment::Confederation(&[65_001]),
        Segment::Sequence(&[3257, 4837]),
        Segment::Set(&[131_279, 64_500]),
    ];
    let mut file = MrtFile::default();
    file.message(
        T,
        4,
        PEER,
        2,
        &update(&[], &as_path(&path, true), &nlri(&["175.45.176.0/24"], None)),
    );
    assert_eq!(updates(&file), one("175.45.176.0/24#0", "", "3257 4837 {131279,64500}"));
}

/// RFC 8050: several paths to one prefix.
#[test]
fn paths_have_numbers_where_there_are_several() {
    let attributes = as_path(&[Segment::Sequence(&[3257, 4837, 131_279])], true);
    let mut file = MrtFile::default();
    file.message(
        T,
        9,
        PEER,
        2,
        &update(
            &nlri(&["175.45.177.0/24"], Some(7)),
            &attributes,
            &nlri(&["175.45.176.0/24"], Some(9)),
        ),
    );
    assert_eq!(updates(&file), one("175.45.176.0/24#9", "175.45.177.0/24#7", "3257 4837 131279"));
}

/// RFC 8950: IPv4 prefixes with a next hop of IPv6; RFC 4760 withdraws them the same way.
#[test]
fn ipv4_prefixes_may_stand_in_mp_reach() {
    let mut reach = vec![0, 1, 1, 16];
    reach.extend([0x20; 16]);
    reach.push(0);
    reach.extend(nlri(&["175.45.176.0/24"], None));
    let mut unreach = vec![0, 1, 1];
    unreach.extend(nlri(&["175.45.177.0/24"], None));
    let mut attributes = as_path(&[Segment::Sequence(&[3257, 4837, 131_279])], true);
    attributes.extend(attribute(0x80, 14, &reach));
    attributes.extend(attribute(0x80, 15, &unreach));
    let mut file = MrtFile::default();
    file.message(T, 4, PEER, 2, &update(&[], &attributes, &[]));
    assert_eq!(updates(&file), one("175.45.176.0/24#0", "175.45.177.0/24#0", "3257 4837 131279"));
}

/// A prefix of more than 32 bits condemns its message, not the file.
#[test]
fn an_impossible_prefix_condemns_its_message() {
    let attributes = as_path(&[Segment::Sequence(&[3257, 4837, 131_279])], true);
    let mut file = MrtFile::default();
    let mut prefixes = nlri(&["175.45.176.0/24"], None);
    prefixes.extend([208, 250, 0, 0, 0]);
    file.message(T, 4, PEER, 2, &update(&[], &attributes, &prefixes));
    let second = file.0.len();
    file.announce(T + 1, PEER, &[3257, 4837, 131_279], &["175.45.178.0/24"]);
    let (records, wrong) = read_bytes(&file.0);
    assert_eq!(records.len(), 1, "{records:?}");
    assert!(
        wrong.len() == 1 && wrong[0].contains("byte 0: a prefix is longer than 32 bits"),
        "{wrong:?}"
    );
    // The second one says that it is longer than the file.
    file.0[second + 8] = 0x7f;
    let (_, wrong) = read_bytes(&file.0);
    assert!(
        wrong.iter().any(|wrong| wrong.contains(&format!("byte {second}: a record says"))),
        "{wrong:?}"
    );
    file.0.truncate(second + 30);
    file.0[second + 8] = 0;
    let (_, wrong) = read_bytes(&file.0);
    assert!(wrong.iter().any(|wrong| wrong.contains("ends within a record")), "{wrong:?}");
}

#[test]
fn a_table_says_how_many_prefixes_each_peer_has() {
    let mut file = MrtFile::default();
    let path: &[u32] = &[3257, 4837, 131_279];
    file.peers(T, &[PEER, (2, 1299), (3, 24482)]);
    file.others(T, 20, 2).routes(T, "0.0.0.0/0", &[(2, &[24482])]);
    file.routes(T, "175.45.176.0/24", &[(0, path), (0, &[3257, 20485, 131_279])]);
    let (records, _) = read_bytes(&file.0);
    let [Record { what: What::Table(table), .. }] = &records[..] else { panic!("{records:?}") };
    let sizes: Vec<_> = table.peers.iter().map(|one| one.size.expect("a size")).collect();
    let sizes: Vec<_> = sizes.iter().map(|size| (size.prefixes, size.has_default)).collect();
    assert_eq!(sizes, [(21, false), (20, false), (1, true)]);
    assert_eq!((table.extent, table.routes.len()), (Extent::Whole, 2));
}

/// A table of the block alone, and one that is cut off, say nothing about sizes.
#[test]
fn a_part_of_a_table_has_no_sizes() {
    let mut file = MrtFile::default();
    file.peers(T, &[PEER]).routes(T, "175.45.176.0/24", &[(0, &[3257, 4837, 131_279])]);
    let extent = |bytes: &[u8]| {
        let (records, _) = read_bytes(bytes);
        let [Record { what: What::Table(table), .. }] = &records[..] else { panic!("{records:?}") };
        assert!(table.peers.iter().all(|peer| peer.size.is_none()));
        table.extent
    };
    assert_eq!(extent(&file.0), Extent::Block);
    file.others(T, 3, 1);
    file.0.pop();
    assert_eq!(extent(&file.0), Extent::Part);
}

/// Of each line of IPv4 one route; files that are passed over are none that were read.
#[test]
fn only_what_is_read_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "BGP4MP|1506848871|A|198.51.100.1|1299|175.45.178.0/24|1299 4837 131279|IGP\n\
                BGP4MP|1506848871|A|198.51.100.1|1299|2001:db8::/32|1299 4837 131279|IGP\n\
                BGP4MP|1506848872|W|198.51.100.1|1299|2001:db8::/32\n\
                BGP4MP|1506848872|W|198.51.100.1|1299|175.45.178.0/24\n";
    std::fs::write(folder.path().join("updates.txt"), text).expect("written");
    std::fs::write(folder.path().join("README"), "no routes\n").expect("written");
    let (records, outcome, _) = read(folder.path(), block());
    assert_eq!(records.len(), 2);
    assert_eq!((outcome.counts.announced, outcome.counts.withdrawn, outcome.files), (1, 1, 1));
}

#[test]
fn prefixes_cover_the_block_together_and_not_by_their_sizes() {
    for (prefixes, covers) in [
        (&["175.45.176.0/22"][..], true),
        (&["175.45.160.0/19"], true),
        (&["175.45.176.0/23", "175.45.178.0/24", "175.45.179.0/24"], true),
        (&["175.45.176.0/23", "175.45.176.0/24", "175.45.177.0/24"], false),
        (&["175.45.180.0/22"], false),
        (&[], false),
    ] {
        let parsed: Vec<_> = prefixes.iter().map(|one| one.parse().expect("a prefix")).collect();
        assert_eq!(block().is_covered(&parsed), covers, "{prefixes:?}");
    }
}

fn sample(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/bgp").join(name);
    path.exists().then_some(path)
}

/// Announced and withdrawn routes and changes of sessions, as `bgpdump -m` counts them, less those of IPv6.
#[test]
fn real_files_have_as_many_routes_as_bgpdump_counts() {
    for (name, announced, withdrawn, states) in [
        ("updates.20071015.1505.gz", 10_111 - 47, 385, 0),
        ("updates.20020722.2238.gz", 825, 2419, 93),
        ("bview.ipv4_unicast_add_path.gz", 62, 0, 0),
        ("routeviews.route-views.jinx.updates.1427846400.bz2", 8160 - 11, 451 - 11, 0),
        ("mrtparse-bird-mrtdump_bgp", 12, 0, 12),
        ("mrtparse-openbgpd_rib_table-v2", 31 - 20, 0, 0),
    ] {
        let Some(path) = sample(&format!("mrt/{name}")) else {
            return skip("the samples of ../shared are not there");
        };
        let (records, outcome, wrong) = read(&path, Wanted::everything());
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
        let counts = outcome.counts;
        let tables = records.iter().map(|(_, record)| match &record.what {
            What::Table(table) => table.routes.len() as u64,
            _ => 0,
        });
        let seen = (counts.announced.max(tables.sum()), counts.withdrawn, counts.states);
        assert_eq!(seen, (announced, withdrawn, states), "{name}");
    }
}

/// The block itself, from 2015: the peer's AS is not the path's first, since the collector is inside it.
#[test]
fn the_block_in_october_2015() {
    let Some(path) = sample("mrt/block-in-october-2015.et.cut.gz") else {
        return skip("the samples of ../shared are not there");
    };
    let (records, _, wrong) = read(&path, block());
    assert!(wrong.is_empty(), "{wrong:?}");
    let update = records.iter().find_map(|(_, record)| match &record.what {
        What::Update(peer, update) => Some((record.at, peer.asn, update.clone())),
        _ => None,
    });
    let (at, asn, update) = update.expect("an update");
    assert_eq!(at.to_string(), "2015-10-23T02:01:48.372152Z");
    assert_eq!((asn, update.announced.len(), update.internal), (3856, 4, true));
    assert_eq!(update.path.expect("a path").to_string(), "2914 1239 4837 131279");
}
