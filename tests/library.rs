//! The library as another program uses it: the two examples in `examples/` that are written in Rust.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::process::Command;
use std::{env, fs};

/// What an example prints. It sends nothing: one runs in virtual time, the other reads a file.
fn printed(example: &str, arguments: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    // Build scripts begin anew where a variable is set that cargo sets for tests, and all is built again.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_MANIFEST_", "CARGO_PKG_"].iter().any(|begin| name.starts_with(begin)) {
            cargo.env_remove(&*name);
        }
    }
    cargo.args(["run", "--quiet", "--locked", "--offline", "--example", example, "--"]);
    let output = cargo.args(arguments).output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_prefix_is_traced_and_classified() {
    let printed = printed("trace_prefix", &[]);
    let count = |class: &str| {
        let line = printed.lines().find_map(|line| line.strip_prefix(class));
        line.and_then(|line| line.strip_prefix(": ")).and_then(|count| count.parse().ok())
    };
    let (china, russia): (u16, u16) =
        (count("china").expect("a count"), count("russia").expect("a count"));
    assert_eq!(china + russia, 256, "{printed}");
    assert!(china > 64 && russia > 64, "178 is balanced over both: {printed}");
}

#[test]
fn a_file_is_classified() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("trace.txt");
    let text = "traceroute to 175.45.177.10 (175.45.177.10), 30 hops max, 60 byte packets\n \
                1  192.168.1.1  1.0 ms\n 2  188.43.225.153  150.0 ms\n 3  175.45.177.10  180.0 ms\n";
    fs::write(&file, text).expect("written");
    let printed = printed("classify_file", &[file.to_str().expect("text")]);
    assert!(printed.contains("175.45.177.0/24 russia: 1\n"), "{printed}");
}
