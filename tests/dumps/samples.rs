//! Files from elsewhere that stand beside the project, in ../shared/samples; where they are not, this
//! is skipped.

use std::path::{Path, PathBuf};

use lasthop::import::{Finding, Format, HEAD, recognise};

use crate::telling::{found, trace_line};

/// The folders and the formats that must know their files, among those that are tested here.
const FOLDERS: [(&str, &str); 5] = [
    ("scamper-json", "scamper-json"),
    ("scamper-warts", "warts"),
    ("mtr-json", "mtr-json"),
    ("nexttrace-json", "nexttrace"),
    ("globalping-json", "globalping"),
];

const FORMATS: [&str; 6] =
    ["warts", "lasthop", "scamper-json", "mtr-json", "nexttrace", "globalping"];

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "CI must have the samples");
    eprintln!("SKIPPED: ../shared/samples is not there");
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file() && !path.ends_with("SOURCES.md"))
        .collect();
    files.sort();
    files
}

fn traces(format: &str, bytes: &[u8]) -> Vec<String> {
    let findings = found(format, bytes).into_iter();
    findings
        .filter_map(|(_, one)| match one {
            Finding::Trace(trace) => Some(trace_line(&trace)),
            Finding::Elsewhere(_) | Finding::Left(_) | Finding::Broken(_) => None,
        })
        .collect()
}

#[test]
fn every_file_is_known_by_its_own_format_and_by_no_other() {
    let Some(samples) = folder() else { return };
    for group in std::fs::read_dir(samples).expect("a folder") {
        let group = group.expect("an entry").path();
        if !group.is_dir() {
            continue;
        }
        let name = group.file_name().expect("a name").to_string_lossy().into_owned();
        for file in files(&group) {
            let bytes = std::fs::read(&file).expect("bytes");
            let known = recognise(&bytes[..bytes.len().min(HEAD)]).map(Format::name);
            let end = file.extension().unwrap_or_default().to_string_lossy().into_owned();
            let expected = match (name.as_str(), end.as_str()) {
                ("scamper-warts", "jsonl") => Some("scamper-json"),
                ("scamper-warts", "txt") => None,
                _ => FOLDERS.iter().find(|(folder, _)| *folder == name).map(|(_, format)| *format),
            };
            let mine = known.filter(|known| FORMATS.contains(known));
            assert_eq!(mine, expected, "{}", file.display());
        }
    }
}

#[test]
fn warts_and_scampers_own_reading_of_it_are_the_same_traces() {
    let Some(samples) = folder() else { return };
    let mut compared = 0;
    for file in files(&samples.join("scamper-warts")) {
        if file.extension().is_none_or(|end| end != "warts") {
            continue;
        }
        let warts = traces("warts", &std::fs::read(&file).expect("bytes"));
        let json = std::fs::read(file.with_extension("expected.jsonl")).expect("bytes");
        assert_eq!(warts, traces("scamper-json", &json), "{}", file.display());
        compared += warts.len();
    }
    assert!(compared >= 15, "only {compared} traces");
}

#[test]
#[ignore = "prints what is in the samples"]
fn print() {
    let Some(samples) = folder() else { return };
    for (group, format) in FOLDERS {
        for file in files(&samples.join(group)) {
            let bytes = std::fs::read(&file).expect("bytes");
            let head = &bytes[..bytes.len().min(HEAD)];
            let format = recognise(head).map_or(format, |known| known.name());
            println!("== {} as {format}", file.display());
            for line in crate::telling::told(format, &bytes) {
                println!("{}", line.chars().take(700).collect::<String>());
            }
        }
    }
}
