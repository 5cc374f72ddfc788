//! Another block with other carriers and classes is another file, and nothing else.

use super::lab::Lab;
use super::sheet::Sheet;

const TARGETS: &str = r#"
[block]
prefix = "203.0.113.0/24"
routed_length = 25
usual_gap = 1
holder = "Nobody"
asn = 64511

[[class]]
name = "north"
countries = ["NO"]

[[class]]
name = "sea_cable"
countries = []

[[class]]
name = "south"
countries = ["ZA"]

[[carrier]]
name = "Polar"
class = "north"
asns = [64496]
prefixes = ["198.51.100.0/25"]

[[carrier]]
name = "Deep Sea, Ltd."
class = "sea_cable"
asns = [64497]
prefixes = ["198.51.100.128/25"]
"#;

const SCENARIO: &str = r#"
about = "Half by the north, half by the sea"
vantage = "192.0.2.7"

[[route]]
to = "203.0.113.0/25"
hosts = ["203.0.113.5"]

  [[route.path]]
  hops = ["192.0.2.1 1", "198.51.100.9 20"]
  end = "hosts 30"
  class = "north"
  last_hop = "198.51.100.9"

[[route]]
to = "203.0.113.128/25"
hosts = ["203.0.113.133"]

  [[route.path]]
  hops = ["192.0.2.1 1", "198.51.100.200 20"]
  end = "hosts 30"
  class = "sea_cable"
  last_hop = "198.51.100.200"
"#;

const SUMMARY: &str = "schema,run_id,started_at,ended_at,vantage,method,scope,targets,north,\
    sea_cable,south,other,unknown,unreached,north_share,north_low,north_high,sea_cable_share,\
    sea_cable_low,sea_cable_high,south_share,south_low,south_high,verdict,carriers,last_hops,\
    rtt_ms,probes,complete,pinged,alive,suspect,alive_rtt_ms,\
    way_out,proven,doubts,peers,full_peers,visibility,origins,rpki";

fn lab() -> Option<Lab> {
    let lab = Lab::scenario("another.toml")?;
    lab.write("another.toml", SCENARIO);
    lab.write("blocks.toml", TARGETS);
    Some(lab)
}

#[test]
fn the_columns_follow() {
    let Some(lab) = lab() else { return };
    let run = lab.probe(&["-c", "blocks.toml", "203.0.113.4/31", "203.0.113.132/31"]).ended(0);
    let summary = Sheet::read(&run.out);
    assert_eq!(summary.header.join(","), SUMMARY);
    assert_eq!(summary.column("scope"), ["203.0.113.0/24", "203.0.113.0/25", "203.0.113.128/25"]);
    assert_eq!(summary.column("verdict"), ["mixed", "north", "sea_cable"]);
    assert_eq!(summary.numbers("north"), [2, 2, 0]);
    assert_eq!(summary.numbers("sea_cable"), [2, 0, 2]);
    assert_eq!(summary.numbers("south"), [0, 0, 0]);
    assert_eq!(summary.column("north_share"), ["0.5000", "1.0000", "0.0000"]);
    assert_eq!(summary.column("carriers")[1..], ["Polar=2", "Deep Sea, Ltd.=2"]);
    let json = lab.probe(&["-c", "blocks.toml", "203.0.113.5", "--format", "json"]).ended(0).out;
    assert!(json.contains("\"sea_cable_share\":0.0000,"), "{json}");
    let table = lab.probe(&["-c", "blocks.toml", "203.0.113.5", "--format", "table"]).ended(0).out;
    assert!(table.contains("north"), "{table}");
}

#[test]
fn a_file_in_the_folder_is_found() {
    let Some(lab) = lab() else { return };
    lab.write("targets.toml", TARGETS);
    let told = lab.lasthop(&["probe", "--dry-run", "-v"]).ended(0);
    assert!(told.out.contains("256 addresses of 203.0.113.0/24"), "{}", told.out);
    assert!(told.err.contains("configuration: targets.toml"), "{}", told.err);
    lab.lasthop(&["probe", "175.45.176.1"]).refused(2, &["outside 203.0.113.0/24"]);
}

/// A history of one configuration takes no rows of another.
#[test]
fn histories_do_not_mix() {
    let Some(lab) = lab() else { return };
    lab.probe(&["-c", "blocks.toml", "203.0.113.5", "--append", "a.csv"]).ended(0);
    lab.lasthop(&["probe", "--append", "a.csv"]).refused(2, &["a.csv:1:", "configuration"]);
}
