//! No text of a stranger changes a terminal: names of monitors, files and carriers, vantages and wrong settings, on stdout
//! and stderr, in every format.

use std::ffi::OsStr;
use std::fs;

use lasthop::plain_text::is_hidden;
use tempfile::TempDir;

use super::outcome::Outcome;
use super::program;
use super::report::story;

/// Sets the clipboard, colours, turns the order, is not seen.
const EVIL: &str = "\u{1b}]52;c;aGFjaw==\u{7}\u{1b}[31mRED\u{9b}0m\u{202e}gnp\u{200b}\u{e0041}";

/// Nothing of [`EVIL`] is there but its words.
fn is_clean(run: &Outcome, arguments: &[&str]) {
    let shows =
        !matches!(arguments, ["classify", "trace.json"] | ["classify", "trace.json", "--explain"]);
    assert_eq!(run.out.contains("gnp") || run.err.contains("gnp"), shows, "{arguments:?}: {run:?}");
    for text in [&run.out, &run.err] {
        let found = text.chars().find(|c| is_hidden(*c) && *c != '\n');
        assert_eq!(found, None, "{arguments:?}: {text:?}");
    }
}

#[test]
fn nothing_hidden_reaches_a_terminal() {
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("written");
    };
    let json = serde_json::Value::from(EVIL).to_string();
    let hop = r#"{"addr":"188.43.225.153","probe_ttl":1,"rtt":1.0,"icmp_type":11,"icmp_code":0}"#;
    let trace = format!(
        r#"{{"type":"trace","method":"icmp-paris","src":"10.0.0.1","dst":"175.45.177.10","stop_reason":{json},"start":{{"sec":1700000000}},"hop_count":1,"attempts":1,"firsthop":1,"monitor":{json},"hops":[{hop}]}}"#
    );
    write("trace.json", &trace);
    write(&format!("{EVIL}.json"), &trace);
    write("no.toml", &format!("[block]\nprefix = \"175.45.176.0/22\"\n{json} = 1\n"));
    write("history.csv", &story(EVIL).replace("China Unicom", &format!("China{EVIL}")));
    let broken = story("here").replace(",china,China", &format!(",{EVIL},China"));
    write("broken.csv", &broken);
    let evil_file = format!("{EVIL}.json");
    let commands: &[&[&str]] = &[
        &["classify", "trace.json"],
        &["classify", "trace.json", "--by", "vantage"],
        &["classify", "trace.json", "--explain"],
        &["classify", "trace.json", &evil_file, "-v"],
        &["classify", "trace.json", "--traces", "-"],
        &["classify", "trace.json", "--hops", "-"],
        &["classify", &format!("no{EVIL}")],
        &["classify", "trace.json", "-c", "no.toml"],
        &["report", "history.csv"],
        &["report", "history.csv", "--show", "events"],
        &["report", "history.csv", "--show", "state"],
        &["report", "history.csv", "--prometheus", "-"],
        &["report", "broken.csv"],
        &["report", "--migrate", "history.csv"],
        &["owner", &format!("1.2.3{EVIL}")],
    ];
    for arguments in commands {
        for format in ["table", "csv", "json"] {
            let all = [arguments, &["--format", format][..]].concat();
            let words: Vec<&OsStr> = all.iter().map(OsStr::new).collect();
            is_clean(&Outcome::of(program::outside(folder.path(), &words)), arguments);
        }
    }
}
