//! The picture in the README is what the commands in docs/automation.md draw.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// The lab's stories are told in virtual time: nothing is sent.
fn lasthop(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lasthop"));
    let output = command.current_dir(folder).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn the_picture_in_the_readme_is_of_october_2017() {
    let folder = TempDir::new().expect("a folder");
    let told = lasthop(folder.path(), &["lab", "--story", "october-2017"]);
    fs::write(folder.path().join("history.csv"), told.stdout).expect("written");
    lasthop(folder.path(), &["report", "history.csv", "--svg", "october.svg"]);
    let drawn = fs::read_to_string(folder.path().join("october.svg")).expect("a picture");
    assert!(drawn.len() < 60_000, "{} bytes", drawn.len());
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/october-2017.svg");
    let kept = fs::read_to_string(kept).expect("docs/october-2017.svg");
    assert!(
        kept == drawn,
        "docs/october-2017.svg is out of date; docs/automation.md has what draws it"
    );
}
