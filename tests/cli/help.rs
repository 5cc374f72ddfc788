//! What the program says about itself.

use insta::assert_snapshot;

use super::lab::{Lab, outside};

#[test]
fn of_the_program() {
    assert_snapshot!("help", outside(&["--help"]).ended(0).out);
    assert_snapshot!("help_short", outside(&["-h"]).ended(0).out);
}

#[test]
fn of_classify() {
    assert_snapshot!("help_classify", outside(&["classify", "--help"]).ended(0).out);
    assert_snapshot!("help_classify_short", outside(&["classify", "-h"]).ended(0).out);
}

#[test]
fn of_owner() {
    assert_snapshot!("help_owner", outside(&["owner", "--help"]).ended(0).out);
    assert_snapshot!("help_owner_short", outside(&["owner", "-h"]).ended(0).out);
}

#[test]
fn of_lab() {
    assert_snapshot!("help_lab", outside(&["lab", "--help"]).ended(0).out);
    assert_snapshot!("help_lab_short", outside(&["lab", "-h"]).ended(0).out);
}

#[test]
fn of_probe() {
    let Some(lab) = Lab::near() else { return };
    assert_snapshot!("help_probe", lab.lasthop(&["probe", "--help"]).ended(0).out);
    assert_snapshot!("help_probe_short", lab.lasthop(&["probe", "-h"]).ended(0).out);
}

#[test]
fn version_is_one_line() {
    let version = format!("lasthop {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(outside(&["--version"]).ended(0).out, version);
}
