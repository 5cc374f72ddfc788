//! Imports point one way: a room may know what is left of it on the road, never what is right.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

#[path = "road/files.rs"]
mod files_known;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms with those they may import.
const ROAD: [(&str, &[&str]); 23] = [
    ("plain_text", &[]),
    ("columns", &[]),
    ("input", &["plain_text"]),
    ("targets", &["input", "columns", "plain_text"]),
    ("trace", &["targets"]),
    ("probe", &["trace", "targets"]),
    ("census", &["probe", "trace", "targets"]),
    ("import", &["input", "trace", "columns", "plain_text"]),
    ("remote", &["input", "plain_text"]),
    ("owner", &["targets", "input", "plain_text"]),
    ("border", &["trace", "targets"]),
    ("transit", &["border", "owner", "trace", "targets"]),
    ("split", &["transit", "border", "trace", "targets"]),
    ("bgp", &["split", "transit", "input", "trace", "targets"]),
    ("survey", &["split", "transit", "owner", "import", "input", "trace", "targets"]),
    (
        "output",
        &[
            "bgp",
            "split",
            "transit",
            "border",
            "owner",
            "trace",
            "census",
            "targets",
            "columns",
            "plain_text",
        ],
    ),
    ("history", &["output", "split", "input", "columns", "plain_text"]),
    ("picture", &["history", "plain_text"]),
    ("lab", &["probe"]),
    ("sandbox", &[]),
    ("replay", &["lab", "output", "survey", "owner", "targets", "probe"]),
    (
        "cli",
        &[
            "sandbox",
            "replay",
            "lab",
            "picture",
            "history",
            "output",
            "survey",
            "bgp",
            "import",
            "input",
            "split",
            "transit",
            "owner",
            "remote",
            "trace",
            "census",
            "probe",
            "targets",
            "columns",
            "plain_text",
        ],
    ),
    ("main", &["cli"]),
];

/// The source files below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .expect("a folder")
        .flat_map(|entry| {
            let path = entry.expect("an entry").path();
            if path.is_dir() { files(&path) } else { vec![path] }
        })
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The room that a file belongs to.
fn room(file: &Path) -> String {
    let inside = file.strip_prefix(source()).expect("inside src");
    let first = inside.iter().next().expect("a name").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// `text` without its comments.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The rooms that `text` names, in imports or in paths.
fn imported(text: &str) -> BTreeSet<String> {
    ["crate::", "lasthop::"]
        .iter()
        .flat_map(|root| code(text).split(root).skip(1).map(str::to_owned).collect::<Vec<_>>())
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

#[test]
fn no_room_knows_its_right_hand_neighbour() {
    for file in files(&source()) {
        let room = room(&file);
        if room == "lib" {
            continue;
        }
        let (_, may) =
            ROAD.iter().find(|(name, _)| *name == room).unwrap_or_else(|| panic!("no room {room}"));
        let text = fs::read_to_string(&file).expect("text");
        for other in imported(&text) {
            let allowed = other == room || may.contains(&other.as_str());
            assert!(allowed, "{} imports {other}", file.display());
        }
    }
}

/// The road itself must not be a circle: each room's imports stand before it.
#[test]
fn the_road_goes_one_way() {
    for (place, (room, may)) in ROAD.iter().enumerate() {
        for other in *may {
            let before = ROAD[..place].iter().any(|(name, _)| name == other);
            assert!(before, "{room} may import {other}, which is not left of it");
        }
    }
}

#[test]
fn no_files_know_each_other_in_a_circle() {
    let circles = files_known::Files::read(&source()).circles();
    assert!(circles.is_empty(), "files in circles, with those they know: {circles:#?}");
}

#[test]
fn every_room_opens_with_its_place_on_the_road() {
    for file in files(&source()) {
        let text = fs::read_to_string(&file).expect("text");
        let is_tests = file.file_name().is_some_and(|name| name == "tests.rs");
        assert!(is_tests || text.starts_with("//! "), "{} has no first paragraph", file.display());
    }
}

#[test]
fn sockets_stand_in_few_places() {
    // The transports, the lab's device, name servers.
    let allowed = ["probe/transport/", "lab/linux/", "owner/dns.rs"];
    for file in files(&source()) {
        let text = fs::read_to_string(&file).expect("text");
        let inside = file.strip_prefix(source()).expect("inside src").display().to_string();
        let sockets = ["socket2", "sys::socket", "UdpSocket", "TcpStream"];
        if sockets.iter().any(|word| text.contains(word)) {
            assert!(allowed.iter().any(|place| inside.starts_with(place)), "{inside} has a socket");
        }
    }
}

#[test]
fn http_stands_in_one_file() {
    for file in files(&source()) {
        let text = code(&fs::read_to_string(&file).expect("text"));
        let inside = file.strip_prefix(source()).expect("inside src").display().to_string();
        let asks = ["ureq", "rustls::"].iter().any(|word| text.contains(word));
        assert!(inside == "remote/http.rs" || !asks, "{inside} knows HTTP");
    }
}

#[test]
fn only_the_command_line_prints() {
    for file in files(&source()) {
        let text = code(&fs::read_to_string(&file).expect("text"));
        let prints = ["println!", "print!(", "eprint!(", "stdout()", "stderr()"]
            .iter()
            .any(|word| text.contains(word));
        assert!(room(&file) == "cli" || !prints, "{} prints", file.display());
    }
}
