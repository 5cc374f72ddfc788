//! On a terminal there is a table, and a progress bar that leaves nothing behind.

use super::lab::Lab;
use super::report::story;
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

/// Whoever names a few targets wants to see their paths.
#[test]
fn a_few_targets_show_their_paths() {
    let Some(lab) = Lab::near().filter(|_| has("script")) else { return };
    let shown = |targets: &str| {
        on_a_terminal(&lab, &format!("$LASTHOP probe $QUICK {targets} 2> messages"))
    };
    let few = shown("175.45.177.8/28");
    let (paths, summary) = few.split_once("verdict  traces").unwrap_or_default();
    assert_eq!(paths.matches(" by icmp: russia, ").count(), 16, "{few}");
    assert!(paths.contains("TransTeleCom") && summary.contains("175.45.177.0/24"), "{few}");
    for more in ["175.45.177.0/27", "--sample 1"] {
        assert!(!shown(more).contains(" by icmp: "), "{more}");
    }
}

#[test]
fn a_report_is_drawn_as_wide_as_the_terminal() {
    let Some(lab) = Lab::near().filter(|_| has("script")) else { return };
    lab.write("h.csv", story("here"));
    let line = |shown: &str| {
        let drawn = shown.lines().find(|line| line.contains("CCC")).map(str::to_owned);
        assert!(drawn.is_some(), "no picture: {shown:?}");
        drawn.unwrap_or_default()
    };
    let plain =
        line(&on_a_terminal(&lab, "stty rows 30 cols 60; NO_COLOR=1 $LASTHOP report h.csv"));
    assert!(plain.chars().count() <= 60 && !plain.contains('\u{1b}'), "{plain:?}");
    let wide = line(&on_a_terminal(&lab, "stty rows 30 cols 120; $LASTHOP report h.csv"));
    assert!(wide.chars().count() > 80 && wide.contains("\u{1b}[48;5;"), "{wide:?}");
}
