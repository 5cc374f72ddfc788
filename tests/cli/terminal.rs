//! On a terminal there is a table, and a progress bar that leaves nothing behind.

use super::lab::Lab;
use super::skip::has;

/// Runs a command line on a terminal of `script` (util-linux), inside; what the terminal shows.
fn on_a_terminal(lab: &Lab, line: &str) -> String {
    lab.write("line.sh", line);
    let script = "export TERM=xterm; script -qec 'bash line.sh' /dev/null";
    lab.shell(script).ended(0).out
}

const RUN: &str = "$LASTHOP probe $QUICK 175.45.177.8/30";

#[test]
fn progress_shows_on_stderr() {
    let Some(lab) = Lab::near().filter(|_| has("script")) else { return };
    let shown = on_a_terminal(&lab, &format!("{RUN} > out.csv"));
    assert!(shown.contains("/4 traces"), "no progress: {shown:?}");
    assert!(shown.contains(" packets, "), "no packets: {shown:?}");
    assert!(!shown.contains("TransTeleCom"), "data beside progress: {shown:?}");
    assert!(lab.read("out.csv").starts_with("schema,run_id,"), "a file gets CSV");
}

#[test]
fn quiet_shows_no_progress() {
    let Some(lab) = Lab::near().filter(|_| has("script")) else { return };
    assert_eq!(on_a_terminal(&lab, &format!("{RUN} -q > out.csv")), "");
}

#[test]
fn stdout_gets_a_table() {
    let Some(lab) = Lab::near().filter(|_| has("script")) else { return };
    let shown = on_a_terminal(&lab, &format!("{RUN} 2> messages"));
    assert!(shown.contains("verdict  traces  china"), "no table: {shown:?}");
    assert!(!shown.contains('\u{1b}'), "colours or movements: {shown:?}");
    assert_eq!(lab.read("messages"), "", "no progress where stderr is a file");
}
