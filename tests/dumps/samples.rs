//! Files from elsewhere that stand beside the project, in ../shared/samples; where they are not, what
//! needs them is skipped.

use std::path::{Path, PathBuf};

use lasthop::import::{Format, recognise};
use lasthop::input::HEAD;

/// The folders, and the formats that must know their files.
const FOLDERS: [(&str, &str); 20] = [
    ("caracal-csv", "caracal"),
    ("dublin-traceroute-json", "dublin"),
    ("globalping-json", "globalping"),
    ("mtr-csv", "mtr-csv"),
    ("mtr-json", "mtr-json"),
    ("mtr-raw", "text"),
    ("mtr-report", "text"),
    ("nexttrace-json", "nexttrace"),
    ("ripe-atlas", "atlas"),
    ("ripe-atlas-firmware", "atlas"),
    ("scamper-csv", "scamper-csv"),
    ("scamper-json", "scamper-json"),
    ("scamper-text", "text"),
    ("scamper-warts", "warts"),
    ("tracepath-text", "text"),
    ("traceroute-text", "text"),
    ("trippy-csv", "trippy-csv"),
    ("trippy-json", "trippy-json"),
    ("windows-tracert", "text"),
    ("yarrp", "yarrp"),
];

/// A file that some format must know.
pub(crate) struct Sample {
    /// Its folder and its name.
    pub(crate) name: String,
    pub(crate) format: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) path: PathBuf,
}

/// All files that some format must know; none where there are no samples, and that is said.
pub(crate) fn all() -> Vec<Sample> {
    let Some(folder) = folder() else { return Vec::new() };
    let known = FOLDERS.into_iter().flat_map(|(group, format)| {
        files(&folder.join(group)).into_iter().map(move |path| (group, format, path))
    });
    known.map(|(group, format, path)| sample(group, format, path)).collect()
}

fn sample(group: &str, format: &'static str, path: PathBuf) -> Sample {
    let file = path.file_name().expect("a name").to_string_lossy().into_owned();
    let format = match (group, path.extension().and_then(|end| end.to_str())) {
        ("scamper-warts", Some("jsonl")) => "scamper-json",
        ("scamper-warts", Some("txt")) => "text",
        _ => format,
    };
    let bytes = std::fs::read(&path).expect("bytes");
    Sample { name: format!("{group}/{file}"), format, bytes, path }
}

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    if folder.is_dir() {
        return Some(folder);
    }
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    super::skipping::skipped(&test, "../shared/samples is not there");
    None
}

/// The files of a folder, without those that tell about them.
fn files(folder: &Path) -> Vec<PathBuf> {
    let is_data = |path: &PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy();
        path.is_file() && name != "SOURCES.md" && !name.ends_with(".expected-jc.json")
    };
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = paths.filter(is_data).collect();
    files.sort();
    files
}

fn known(bytes: &[u8]) -> Option<&'static str> {
    recognise(&bytes[..bytes.len().min(HEAD)]).map(Format::name)
}

#[test]
fn every_file_is_known_by_its_own_format() {
    for Sample { name, format, bytes, .. } in all() {
        assert_eq!(known(&bytes), Some(format), "{name}");
    }
}

#[test]
fn files_of_other_formats_are_known_by_none() {
    let Some(samples) = folder() else { return };
    let is_other =
        |path: &PathBuf| path.is_dir() && FOLDERS.iter().all(|(name, _)| !path.ends_with(name));
    let entries = std::fs::read_dir(samples).expect("a folder");
    let groups = entries.map(|entry| entry.expect("an entry").path()).filter(is_other);
    for file in groups.flat_map(|group| files(&group)) {
        assert_eq!(known(&std::fs::read(&file).expect("bytes")), None, "{}", file.display());
    }
}

#[test]
fn encodings_and_line_ends_change_nothing() {
    for Sample { name, format, bytes, .. } in all() {
        let Ok(text) = std::str::from_utf8(&bytes) else { continue };
        let plain = text.replace("\r\n", "\n");
        let read = |bytes: &[u8]| {
            assert_eq!(known(bytes), Some(format), "{name}");
            crate::trace_lines::lines_of(format, bytes)
        };
        let expected = read(plain.as_bytes());
        let marked = format!("\u{feff}{}", plain.replace('\n', "\r\n"));
        assert_eq!(read(marked.as_bytes()), expected, "{name} with a mark");
        let wide: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&wide), expected, "{name} in UTF-16");
    }
}
