//! Files as they lie around: folders, archives, pages, the same one twice, and what is none of ours.

#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::io::{Cursor, Write as _};
use std::path::Path;

use super::lab::outside;
use super::outcome::Outcome;
use super::sheet::Sheet;

/// A traceroute by a router, in so many milliseconds.
fn trace(target: &str, last: &str, rtt: u32) -> String {
    format!(
        "traceroute to {target} ({target}), 30 hops max, 60 byte packets\n 1  192.168.1.1  0.512 ms\n \
         2  62.115.140.213  5.100 ms\n 3  {last}  {rtt}.150 ms\n 4  {target}  190.000 ms\n"
    )
}

fn russian(rtt: u32) -> String {
    trace("175.45.177.10", "188.43.225.153", rtt)
}

fn chinese(rtt: u32) -> String {
    trace("175.45.176.71", "103.35.255.254", rtt)
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        // Names that the library refuses are written as they are.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, *content).expect("packed");
    }
    archive.into_inner().expect("packed")
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(*name, options).expect("packed");
        archive.write_all(content).expect("packed");
    }
    archive.finish().expect("packed").into_inner()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(content).expect("packed");
    gzip.finish().expect("packed")
}

/// Judges these files, which stand in one folder.
fn classify(files: &[(&str, &[u8])], arguments: &[&str]) -> Outcome {
    let folder = tempfile::TempDir::new().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, content).expect("written");
    }
    let paths: Vec<String> = arguments
        .iter()
        .map(|argument| match argument.strip_prefix('@') {
            Some(name) => folder.path().join(name).display().to_string(),
            None => (*argument).to_owned(),
        })
        .collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    outside(&[&["classify"], &paths[..]].concat())
}

fn verdicts(run: &Outcome) -> Vec<String> {
    Sheet::read(&run.out).column("verdict").iter().map(ToString::to_string).collect()
}

#[test]
fn archives_are_read_member_by_member() {
    let (a, b) = (russian(184), chinese(234));
    let readme = b"What these are.\n".as_slice();
    let members = [("./a.txt", a.as_bytes()), ("b/../b.txt", b.as_bytes()), ("README", readme)];
    let packed = gzip(a.as_bytes());
    let with_gzip = [("../a.txt.gz", packed.as_slice()), ("b.txt", b.as_bytes()), ("c.md", readme)];
    for archive in [
        tar(&members),
        gzip(&tar(&members)),
        zip(&members),
        zip(&with_gzip),
        gzip(&zip(&members)),
        tar(&with_gzip),
        zip(&[("inner.tar.gz", &gzip(&tar(&with_gzip)))]),
        tar(&[("inner.zip", &zip(&members))]),
    ] {
        let run = classify(&[("a", &archive)], &["@a"]).ended(0);
        assert_eq!(verdicts(&run), ["mixed", "china", "russia"], "{}", run.err);
        assert!(run.err.contains("3 files: 2 read, 2 used"), "{}", run.err);
        assert!(run.err.contains("1 files without a traceroute"), "{}", run.err);
        let run = classify(&[("a", &archive)], &["@a", "-v"]).ended(0);
        assert!(run.err.contains("text without a traceroute"), "{}", run.err);
    }
    let run = classify(&[("a.tar", &tar(&members))], &["@a.tar", "--explain"]).ended(0);
    assert!(run.out.contains("a.tar:./a.txt:1: 175.45.177.10: russia"), "{}", run.out);
}

#[test]
fn xz_is_unpacked() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/packed/trace.txt.xz");
    let run = outside(&["classify", &file.display().to_string()]).ended(0);
    assert_eq!(verdicts(&run), ["russia", "russia"]);
    let twice = std::fs::read(&file).expect("read").repeat(2);
    let run = classify(&[("a", &twice)], &["@a"]).ended(0);
    assert!(run.err.contains("2 read, 1 used"), "{}", run.err);
    let cut = &twice[..twice.len() / 2 - 40];
    let run = classify(&[("a", cut)], &["@a"]);
    assert_eq!(run.code, Some(2), "{}", run.err);
}

#[test]
fn folders_are_read_with_all_that_is_in_them() {
    let (a, b) = (russian(184), chinese(234));
    let files: [(&str, &[u8]); 5] = [
        ("d/mails/a.txt", a.as_bytes()),
        ("d/b.tar", &tar(&[("b", b.as_bytes())])),
        ("d/.hidden/c.txt", b.as_bytes()),
        ("d/picture.png", b"\x89PNG\r\n\x1a\n...."),
        ("d/empty", b""),
    ];
    let run = classify(&files, &["@d", "-v"]).ended(0);
    assert_eq!(verdicts(&run), ["mixed", "china", "russia"], "{}", run.err);
    for said in
        ["4 files: 2 read, 2 used", "d/picture.png: passed over: a picture (PNG)", ".hidden"]
    {
        assert!(run.err.contains(said), "{said}: {}", run.err);
    }
}

#[test]
fn what_is_missing_or_damaged_shows_in_the_exit_code_after_the_others_are_judged() {
    let a = russian(184);
    let archive = tar(&[("a", a.as_bytes()), ("b", chinese(234).as_bytes())]);
    for (name, content) in [
        ("missing", None),
        ("cut.tar", Some(archive[..1200].to_vec())),
        ("cut.gz", Some(gzip(&[chinese(234).as_bytes(), &[b'x'; 99]].concat())[..60].to_vec())),
        ("cut.zip", Some(zip(&[("a", a.as_bytes())])[..90].to_vec())),
        ("a.pcap", Some(b"\xd4\xc3\xb2\xa1\x02\0\x04\0".to_vec())),
    ] {
        let mut files = vec![("good", a.as_bytes())];
        files.extend(content.as_deref().map(|content| (name, content)));
        let path = format!("@{name}");
        for quiet in [&["@good", &path, "-q"][..], &[&path, "@good", "-q"][..]] {
            let run = classify(&files, quiet);
            assert_eq!(run.code, Some(2), "{name}: {}", run.err);
            assert!(run.err.contains(name), "{name}: {}", run.err);
            assert!(verdicts(&run).contains(&"russia".to_owned()), "{name}: {}", run.out);
            assert_eq!(Sheet::read(&run.out).column("complete")[0], "false", "{name}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_named_for_what_it_is() {
    let mut encrypted = zip(&[("a", russian(184).as_bytes())]);
    for place in 0..encrypted.len() - 10 {
        match &encrypted[place..place + 4] {
            b"PK\x03\x04" => encrypted[place + 6] |= 1,
            b"PK\x01\x02" => encrypted[place + 8] |= 1,
            _ => {}
        }
    }
    for (content, said) in [
        (&b"\xd4\xc3\xb2\xa1\x02\0\x04\0"[..], "pcap"),
        (b"%PDF-1.4\n", "PDF"),
        (b"\0\x01\x02\x03\x04\x05", "binary data"),
        (b"Dear all,\n", "text without a traceroute"),
        (b"", "empty"),
        (&encrypted, "encrypted"),
    ] {
        let run = classify(&[("a", content)], &["@a"]);
        assert_eq!(run.code, Some(2), "{said}: {}", run.err);
        assert!(run.err.contains(said), "{said}: {}", run.err);
    }
}

#[test]
fn no_results_are_no_traces() {
    for list in ["[]", "[\n]\n", "\u{feff}[ ]"] {
        let run = classify(&[("a.json", list.as_bytes())], &["@a.json"]).ended(1);
        assert!(run.err.contains("1 file: 0 read, 0 used"), "{}", run.err);
    }
}

#[test]
fn pages_are_read_as_their_text() {
    let text = chinese(234).replace('<', "&lt;").replace(' ', "&nbsp;");
    let lines = russian(184).replace('\n', "<br />\n").replace("  ", "&#32;&#x20;");
    let page = format!(
        "<!DOCTYPE html><html><head><title>A page</title><style>p {{}}</style></head><body>\n\
         <p>At noon:</p><pre>{text}</pre><div class=\"a > b\">{lines}</div></body></html>"
    );
    let run = classify(&[("a.html", page.as_bytes())], &["@a.html"]).ended(0);
    assert_eq!(verdicts(&run), ["mixed", "china", "russia"], "{}", run.err);
    assert!(run.err.contains(" 2 used"), "{}", run.err);
}

#[test]
fn what_is_there_twice_counts_once_and_is_reported() {
    let a = russian(184);
    let run = classify(&[("a", a.as_bytes())], &["@a", "@a"]).ended(0);
    assert!(run.err.contains("the same file as"), "{}", run.err);
    assert!(run.err.contains("1 read, 1 used"), "{}", run.err);
    let run = classify(&[("a", a.as_bytes()), ("b", a.as_bytes())], &["@a", "@b"]).ended(0);
    assert!(run.err.contains("b: all of its traces were read before"), "{}", run.err);
    assert!(run.err.contains("2 read, 1 used"), "{}", run.err);
    let two = [a.as_str(), &russian(185), &a].join("\n");
    let run = classify(&[("a", two.as_bytes())], &["@a"]).ended(0);
    assert!(run.err.contains("1 of its traces was read before"), "{}", run.err);
    assert_eq!(Sheet::read(&run.out).column("russia")[0], "2");
    assert_eq!(Sheet::read(&run.out).column("complete")[0], "true");
}

#[test]
fn archives_in_archives_have_a_depth() {
    let mut deep = russian(184).into_bytes();
    for _ in 0..5 {
        deep = tar(&[("a", &deep)]);
    }
    let run = classify(&[("a.tar", &deep)], &["@a.tar"]);
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert!(run.err.contains("too often"), "{}", run.err);
}

#[test]
fn explanations_are_rows_where_that_is_asked_for() {
    let a = russian(184);
    let run = classify(&[("a", a.as_bytes())], &["@a", "--explain", "--format", "csv"]).ended(0);
    let sheet = Sheet::read(&run.out);
    assert_eq!(
        [sheet.column("class")[0], sheet.column("last_hop")[0]],
        ["russia", "188.43.225.153"]
    );
    assert!(sheet.column("hops")[0].contains("3 188.43.225.153 184.2 ms: russia"), "{}", run.out);
    let run = classify(&[("a", a.as_bytes())], &["@a", "--explain", "--format", "json"]).ended(0);
    let row: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(row["decided"].as_str().map(|text| text.contains("188.43.225.153")), Some(true));
    let run = classify(&[("a", a.as_bytes())], &["@a", "--explain", "--by", "vantage"]);
    assert_eq!(run.code, Some(2), "{}", run.err);
}
