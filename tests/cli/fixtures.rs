//! What other programs printed inside the lab (`tests/fixtures/make.sh`): judged as the lab knows it.

#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::path::{Path, PathBuf};

use super::lab::outside;
use super::sheet::Sheet;

/// The folders, and what the scenarios say of their targets.
const TRUTH: [(&str, &str, [&str; 2]); 4] = [
    ("today", "175.45.177.10", ["russia", "188.43.225.153"]),
    ("today", "175.45.176.71", ["china", "103.35.255.254"]),
    ("today", "175.45.176.10", ["china", "103.35.255.254"]),
    ("prohibited", "175.45.177.10", ["russia", "188.43.225.153"]),
];

/// Those that show the names of routers and not their addresses.
const NAMES: [&str; 2] = ["mtr-names.txt", "tracepath.txt"];
/// Those that nowhere name the target, if it does not answer.
const TARGETLESS: [&str; 5] =
    ["mtr-report.txt", "mtr-wide.txt", "mtr-z.txt", "tracepath-b.txt", "tracepath-n.txt"];

fn files(scenario: &str, target: &str) -> Vec<(String, String)> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let entries = std::fs::read_dir(fixtures.join(scenario).join(target)).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let named = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, path.display().to_string())
    };
    paths.map(named).collect()
}

#[test]
fn what_other_programs_printed_is_judged_as_the_scenario_has_it() {
    for (scenario, target, truth) in TRUTH {
        let files = files(scenario, target);
        assert!(files.len() > 20, "{scenario}/{target}: {files:?}");
        for (name, file) in files {
            let traces = tempfile::NamedTempFile::with_suffix(".csv").expect("a file");
            let sheet = traces.path().display().to_string();
            let run = outside(&["classify", &file, "--target", target, "--traces", &sheet]);
            if NAMES.contains(&name.as_str()) {
                let run = run.ended(1);
                assert!(
                    run.err.contains("1 hops have names and no addresses"),
                    "{file}: {}",
                    run.err
                );
                continue;
            }
            let run = run.ended(0);
            assert!(run.err.contains("1 read, 1 used"), "{file}: {}", run.err);
            let sheet = Sheet::read(&std::fs::read_to_string(traces.path()).expect("a sheet"));
            assert_eq!([sheet.column("class")[0], sheet.column("last_hop")[0]], truth, "{file}");
            assert_eq!(sheet.column("target"), [target], "{file}");
        }
    }
}

#[test]
fn a_destination_that_is_not_named_is_the_home_address_that_answered_last_or_unknown() {
    for (scenario, target, [class, _]) in TRUTH {
        let reached = (scenario, target) != ("today", "175.45.176.10") && scenario != "prohibited";
        for (name, file) in files(scenario, target) {
            if !TARGETLESS.contains(&name.as_str()) {
                continue;
            }
            let run = outside(&["classify", &file]);
            if reached {
                assert_eq!(Sheet::read(&run.ended(0).out).column("verdict")[0], class, "{file}");
            } else {
                let err = run.ended(1).err;
                assert!(err.contains("1 read, 0 used"), "{file}: {err}");
                assert!(err.contains("--target ADDRESS"), "{file}: {err}");
            }
        }
    }
}
