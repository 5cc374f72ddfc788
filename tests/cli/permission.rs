//! Without permission nothing is sent, and the message has the command that grants it.

use super::counters::watched;
use super::lab::Lab;
use super::skip::has;

/// Runs a program without any capability, and unable to get one.
const BARE: &str = "setpriv --bounding-set=-all --inh-caps=-all";

#[test]
fn the_command_that_grants_it_is_named() {
    let Some(lab) = Lab::near().filter(|_| has("setpriv")) else { return };
    let capabilities = lab.shell(&format!("{BARE} grep CapEff /proc/self/status")).ended(0);
    assert_eq!(capabilities.out.trim(), "CapEff:\t0000000000000000", "nothing is left");
    let grant = format!("\n  sudo setcap cap_net_raw+ep {}\n", env!("CARGO_BIN_EXE_lasthop"));
    let run = lab.shell(&format!("{BARE} $LASTHOP probe --wire raw 175.45.177.10"));
    run.refused(3, &["CAP_NET_RAW", &grant]);
}

#[test]
fn nothing_is_written_where_nothing_may_be_sent() {
    let Some(lab) = Lab::near().filter(|_| has("setpriv")) else { return };
    let run =
        format!("{BARE} $LASTHOP probe --wire raw 175.45.177.10 --append a.csv --traces t.csv");
    lab.shell(&run).refused(3, &["setcap"]);
    lab.shell("test ! -e a.csv && test ! -s t.csv").ended(0);
}

#[test]
fn what_needs_no_permission_asks_for_none() {
    let Some(lab) = Lab::near().filter(|_| has("setpriv")) else { return };
    lab.shell(&format!("{BARE} $LASTHOP probe --dry-run")).ended(0);
    lab.shell(&format!("{BARE} $LASTHOP owner 8.8.8.8")).ended(0);
}

/// The lab in the lab: a network of one's own needs permission as well, where users have none.
#[test]
fn a_lab_that_is_not_allowed_runs_nothing() {
    let Some(lab) = Lab::near().filter(|_| has("setpriv")) else { return };
    let script = format!(
        "echo 0 > /proc/sys/user/max_net_namespaces || exit 99; \
         {BARE} $LASTHOP lab -- touch ran; code=$?; test ! -e ran || exit 98; exit $code"
    );
    let unshared = lab.shell(&format!("unshare --user --map-root-user bash -c '{script}'"));
    unshared.refused(3, &["namespace", "sudo sysctl -w user.max_net_namespaces="]);
    let (alone, packets) = watched(&lab, &["--dry-run"]);
    assert_eq!((alone.code, packets), (Some(0), 0), "the limit was that namespace's own");
}
