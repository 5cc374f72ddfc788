//! Input that is large enough to be shared between cores: what comes of it is what comes of its parts.

#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use super::lab::outside;

/// A result of some probe, the same for the same number: one in 16 goes elsewhere, one in 50 has a
/// hop that is none, one in 100 is no JSON.
fn line(number: u32) -> String {
    let target = match number % 16 {
        0 => "8.8.8.8".to_owned(),
        _ => format!("175.45.{}.{}", 176 + number % 4, number % 251),
    };
    let last = ["188.43.225.153", "219.158.39.42", "103.35.255.254"][number as usize / 7 % 3];
    let mut hops: Vec<String> = (1..20)
        .map(|hop| {
            let router =
                if hop == 19 { last.to_owned() } else { format!("4.69.{hop}.{}", number % 9) };
            let reply = format!(
                r#"{{"from":"{router}","ttl":{},"size":76,"rtt":{hop}.{number}}}"#,
                255 - hop
            );
            format!(r#"{{"hop":{hop},"result":[{reply},{reply},{{"x":"*"}}]}}"#)
        })
        .collect();
    hops.push(r#"{"hop":20,"result":[{"x":"*"},{"x":"*"},{"x":"*"}]}"#.to_owned());
    let broken = if number % 50 == 49 { r#",{"hop":"one"}"# } else { "" };
    let end = if number % 100 == 99 { "" } else { "}" };
    format!(
        "{{\"dst_addr\":\"{target}\",\"prb_id\":{},\"timestamp\":{},\"result\":[{}{broken}],\"type\":\
         \"traceroute\"{end}\n",
        number % 333,
        1_764_500_000 + number,
        hops.join(",")
    )
}

const LINES: u32 = 1200;

fn lines(numbers: std::ops::Range<u32>) -> String {
    numbers.map(line).collect()
}

struct Told {
    summary: Vec<String>,
    rows: Vec<String>,
    err: String,
}

/// Judges files, and leaves out what tells them apart.
fn judged(folder: &Path, files: &[PathBuf]) -> Told {
    let traces = folder.join("traces.csv").display().to_string();
    let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let mut arguments = vec!["classify", "-v", "--traces", &traces];
    arguments.extend(files.iter().map(String::as_str));
    let run = outside(&arguments).ended(0);
    let nameless = |text: &str| -> Vec<String> {
        // The schema and the run's identifier come first.
        text.lines().filter_map(|line| line.splitn(3, ',').nth(2)).map(str::to_owned).collect()
    };
    let rows = nameless(&fs::read_to_string(&traces).expect("rows"));
    Told { summary: nameless(&run.out), rows, err: run.err }
}

#[test]
fn all_cores_tell_what_one_tells_and_in_the_same_order() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        path
    };
    let whole = judged(folder.path(), &[file("whole", lines(0..LINES))]);
    // Files that are so small are read and judged by one thread.
    let step = 40;
    let parts: Vec<PathBuf> = (0..LINES / step)
        .map(|part| file(&part.to_string(), lines(part * step..(part + 1) * step)))
        .collect();
    let parts = judged(folder.path(), &parts);
    assert_eq!(whole.summary, parts.summary);
    assert_eq!(whole.rows, parts.rows);
    let ours = (0..LINES).filter(|number| number % 16 != 0 && number % 50 != 49);
    let targets: Vec<String> =
        ours.map(|n| format!("175.45.{}.{}", 176 + n % 4, n % 251)).collect();
    let told: Vec<&str> =
        whole.rows.iter().skip(1).filter_map(|row| row.split(',').nth(4)).collect();
    assert_eq!(told, targets);
}

#[test]
fn lines_are_counted_on_all_cores() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("whole");
    fs::write(&path, lines(0..LINES)).expect("written");
    let told = judged(folder.path(), std::slice::from_ref(&path)).err;
    let place = |line: &str| {
        let rest = line.strip_prefix(&format!("lasthop: {}:", path.display()))?;
        let (number, what) = rest.split_once(": ")?;
        Some((number.parse::<u32>().ok()?, what.starts_with("broken")))
    };
    let told: Vec<(u32, bool)> = told.lines().filter_map(place).collect();
    let refused = |number: &u32| number.is_multiple_of(16) && number % 100 != 99;
    let expected: Vec<(u32, bool)> = (0..LINES)
        .filter(|number| refused(number) || number % 50 == 49)
        .map(|number| (number + 1, !refused(&number)))
        .collect();
    assert_eq!(told, expected);
    assert!(told.len() > 90, "{}", told.len());
}
