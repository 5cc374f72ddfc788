//! Root and ordinary users alike.

use super::lab::Lab;
use super::sheet::Sheet;
use super::skip::{has, skip};

#[test]
fn an_ordinary_user_needs_no_root_for_the_lab() {
    let Some(lab) = Lab::near().filter(|_| has("setpriv")) else { return };
    if !nix::unistd::geteuid().is_root() {
        // Then every other test here is this one.
        return;
    }
    let run = lab.probe_for_nobody(&["175.45.177.10", "--append", "a.csv"]);
    if run.code == Some(3) {
        return skip(&format!("an ordinary user has no namespaces here: {}", run.err));
    }
    let run = run.ended(0);
    assert_eq!(run.out, lab.read("a.csv"));
    assert_eq!(Sheet::read(&run.out).column("verdict"), ["russia", "russia"]);
}
