//! What differs from run to run, made the same: run ids, times, round trips and packet counts.
//!
//! Each is checked for its form before it is replaced.
#![expect(clippy::expect_used, reason = "what has another form is a failure")]

use std::fmt::Write as _;

use jiff::Timestamp;

use super::sheet::Sheet;

/// A CSV with those cells replaced.
pub(crate) fn csv(text: &str) -> String {
    let sheet = Sheet::read(text);
    let mut normal = csv::Writer::from_writer(Vec::new());
    normal.write_record(&sheet.header).expect("a header");
    for row in &sheet.rows {
        let cells = sheet.header.iter().zip(row).map(|(name, cell)| cell_of(name, cell));
        normal.write_record(cells).expect("a row");
    }
    String::from_utf8(normal.into_inner().expect("written")).expect("UTF-8")
}

/// JSON lines with those values replaced.
pub(crate) fn json(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let inner = line.strip_prefix('{').and_then(|line| line.strip_suffix('}'));
        let pairs = inner.expect("an object").split(",\"").enumerate().map(|(place, pair)| {
            let (name, value) = pair.split_once("\":").expect("a pair");
            let name = name.trim_start_matches('"');
            let plain = value.trim_matches('"');
            let normal = if plain == "null" { plain.into() } else { cell_of(name, plain) };
            let comma = if place == 0 { "" } else { "," };
            format!("{comma}\"{name}\":{}", value.replace(plain, &normal))
        });
        format!("{{{}}}", pairs.collect::<String>())
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A table with those words replaced; columns stay where they are.
pub(crate) fn table(text: &str) -> String {
    let (about, rows) = text.split_once('\n').expect("a line about the run");
    let words: Vec<&str> = about.split(' ').collect();
    assert!(words[0].parse::<Timestamp>().is_ok(), "no time of day: {about}");
    let number = |word: &&str| word.parse::<u32>().is_ok();
    let replaced = words.iter().enumerate().map(|(place, word)| match words.get(place + 1) {
        _ if place == 0 => "TIME",
        Some(&("packets," | "s")) if number(word) => "N",
        _ => word,
    });
    let about = replaced.collect::<Vec<_>>().join(" ");
    let mut normal = String::new();
    let mut rest = rows;
    while let Some((before, after)) = rest.split_once(" ms") {
        let digits = before.bytes().rev().take_while(u8::is_ascii_digit).count();
        let _ = write!(normal, "{}{} ms", &before[..before.len() - digits], "#".repeat(digits));
        rest = after;
    }
    format!("{about}\n{normal}{rest}")
}

/// A table whose milliseconds have decimals, with words in place of those, and one blank between
/// cells.
pub(crate) fn millis(table: &str) -> String {
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_rtt = |place: usize| words.get(place + 1) == Some(&"ms");
        let normal = words.iter().enumerate().map(|(place, word)| match word {
            _ if is_rtt(place) => "RTT",
            word => word,
        });
        normal.collect::<Vec<_>>().join(" ")
    };
    table.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn cell_of(name: &str, cell: &str) -> String {
    let replaced = match name {
        _ if cell.is_empty() => "",
        "run_id" => {
            let (time, chance) = cell.split_once('-').expect("a time and chance");
            assert!(time.len() == 16 && time.ends_with('Z') && chance.len() == 8, "{cell}");
            "RUN"
        }
        "started_at" | "ended_at" | "sent_at" | "at" => {
            assert!(cell.parse::<Timestamp>().is_ok() && cell.ends_with('Z'), "{name}: {cell}");
            "TIME"
        }
        "rtt_ms" | "last_hop_rtt_ms" | "min_ms" | "median_ms" | "max_ms" | "jitter_ms" => {
            let (whole, decimals) = cell.split_once('.').expect("decimals");
            assert!(whole.parse::<u32>().is_ok() && decimals.len() == 3, "{name}: {cell}");
            "RTT"
        }
        "probes" => {
            assert!(cell.parse::<u32>().is_ok_and(|count| count > 0), "{name}: {cell}");
            "N"
        }
        _ => cell,
    };
    replaced.into()
}
