//! What the program is built from: licences that go with its own, and nothing that is unmaintained
//! or drags another language's build along.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::process::Command;

const LICENCES: [&str; 13] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "bzip2-1.0.6",
];

const BANNED: [&str; 6] =
    ["openssl-sys", "native-tls", "aws-lc-sys", "chrono", "trust-dns-resolver", "number_prefix"];

fn packages() -> Vec<(String, String)> {
    // What is for other platforms need not even be here.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .args(["--filter-platform", &platform])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    packages.iter().map(|package| (text(&package["name"]), text(&package["license"]))).collect()
}

/// Whether one alternative of an SPDX expression needs only licences that we accept.
fn acceptable(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    plain.split(" OR ").any(|all| all.split(" AND ").all(|one| LICENCES.contains(&one.trim())))
}

#[test]
fn every_licence_goes_with_ours() {
    let packages = packages();
    assert!(packages.len() > 50, "only {} packages", packages.len());
    let wrong: Vec<_> = packages.iter().filter(|(_, licence)| !acceptable(licence)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn nothing_banned_is_in() {
    let found: Vec<String> = packages()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|n| BANNED.contains(&n.as_str()))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}
