//! The documents: every link leads to a file and a heading, and every command is one that the program takes.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot begin has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::outcome::Outcome;
use super::program;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages for readers, from the project's folder.
fn documents() -> Vec<PathBuf> {
    let pages = fs::read_dir(project().join("docs"))
        .expect("docs")
        .map(|file| file.expect("a file").path());
    let pages = pages.filter(|path| path.extension().is_some_and(|ext| ext == "md"));
    let top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];
    let all: BTreeSet<_> = pages.chain(top.map(|name| project().join(name))).collect();
    all.into_iter().collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// The lines that are no code, and those that are: indented by four, or between fences.
fn prose_and_code(text: &str) -> (Vec<&str>, Vec<&str>) {
    let mut fenced = false;
    text.lines().partition(|line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !(fenced || fence || line.starts_with("    "))
    })
}

/// Where the links of a page lead: `[text](here)`, also where the text stands on two lines.
fn links(text: &str) -> Vec<String> {
    let prose = prose_and_code(text).0.join("\n");
    let ends = prose.match_indices("](").map(|(at, _)| &prose[at + 2..]);
    ends.map(|rest| rest.split_once(')').expect("the end of a link").0.to_owned()).collect()
}

/// The names by which the headings of a page can be linked, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = prose_and_code(text).0.into_iter().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = |letter: &char| letter.is_alphanumeric() || " -_".contains(*letter);
            title.chars().filter(kept).collect::<String>().replace(' ', "-")
        })
        .collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut lost = Vec::new();
    let mut followed = 0;
    for page in documents() {
        for link in links(&read(&page)) {
            if link.contains("://") {
                continue;
            }
            followed += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let to = if file.is_empty() { page.clone() } else { page.with_file_name(file) };
            let found = to.exists()
                && (anchor.is_empty() || anchors(&read(&to)).iter().any(|name| name == anchor));
            if !found {
                lost.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
    assert!(followed > 30, "{followed} links");
}

#[test]
fn what_looks_like_a_link_is_one() {
    let page = "# One `word`, two\n[a](b.md#c) and ![d\ne](f.svg)\n\n    [no](link)\n";
    assert_eq!(links(page), ["b.md#c", "f.svg"]);
    assert_eq!(anchors(page), ["one-word-two"]);
}

/// The arguments of the calls of `lasthop` in a line of code, without what the shell takes from it.
fn calls(line: &str) -> Vec<Vec<String>> {
    let mut calls = Vec::new();
    for (at, _) in line.match_indices("lasthop ") {
        let before = line[..at].trim_end_matches("/usr/local/bin/");
        let begins = before.trim().is_empty()
            || before.ends_with(['(', '$', '='])
            || before.ends_with("  ")
            || ["$ ", "| ", "; ", "then ", "&& "].iter().any(|word| before.ends_with(word));
        if begins {
            calls.push(words(&line[at + "lasthop ".len()..]));
        }
    }
    calls
}

/// Words as a shell makes them, until something ends or redirects the command.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for letter in text.chars() {
        match (quote, letter) {
            (Some(mark), _) if letter == mark => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '|' | ';' | '>' | '#' | ')' | '&') => {
                // The number of a stream that is redirected.
                if letter == '>' && word.len() == 1 && word.ends_with(['1', '2']) {
                    word.clear();
                }
                break;
            }
            (None, ' ') => {
                words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
            }
            _ => word.push(letter),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

/// The examples that the help of each command has.
fn examples_of_help(folder: &Path) -> Vec<(String, Vec<Vec<String>>)> {
    let quiet = ["", "classify", "bgp", "report", "owner", "atlas", "atlas measure", "atlas fetch"];
    let quiet = quiet.into_iter().chain(["globalping", "globalping measure"]);
    let helps = quiet.map(|command| {
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        (command, program::help(folder, &words))
    });
    let sending = ["probe", "ping"].map(|it| (it, program::lab(folder, &[it, "--help"])));
    let lab = ("lab", program::lab(folder, &["--help"]));
    let examples = helps.chain(sending).chain([lab]).map(|(command, help)| {
        let text = Outcome::of(help).ended(0).out;
        let examples = text.split_once("Examples:\n").map_or("", |(_, behind)| behind);
        let examples = examples.split("Exit codes:").next().unwrap_or_default();
        // What it does stands behind three blanks.
        let command_of = |line: &'_ str| line.trim_start().split("   ").next().map(str::to_owned);
        let found: Vec<_> =
            examples.lines().filter_map(command_of).flat_map(|line| calls(&line)).collect();
        assert!(found.len() > 1, "{command}: {text}");
        (format!("lasthop {command} --help"), found)
    });
    examples.collect()
}

/// Each with `--help` behind it: that is read to its end, says no to what it does not know, and does nothing.
#[test]
fn every_command_is_one() {
    let folder = TempDir::new().expect("a folder");
    let (mut asked, mut wrong) = (BTreeSet::new(), Vec::new());
    let pages = documents().into_iter().map(|page| {
        let text = read(&page);
        let found: Vec<_> = prose_and_code(&text).1.into_iter().flat_map(calls).collect();
        (page.display().to_string(), found)
    });
    for (page, found) in pages.chain(examples_of_help(folder.path())) {
        for call in found {
            let ours = call.iter().take_while(|word| *word != "--").cloned();
            let sends = ["probe", "ping"].map(String::from).contains(&call[0]);
            let words: Vec<_> = sends.then(|| "lab".into()).into_iter().chain(ours).collect();
            let words: Vec<_> = words.into_iter().skip_while(|word| word == "lab").collect();
            if !asked.insert(words.clone()) {
                continue;
            }
            let command = if sends || call[0] == "lab" {
                let help = words.iter().map(String::as_str).chain(["--help"]);
                program::lab(folder.path(), &help.collect::<Vec<_>>())
            } else {
                program::help(folder.path(), &words)
            };
            let outcome = Outcome::of(command);
            if outcome.code != Some(0) {
                wrong.push(format!("{page}: {words:?}: {}", outcome.err));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(asked.len() > 40, "{} commands", asked.len());
}

#[test]
fn a_command_ends_where_the_shell_takes_over() {
    let line =
        "17 * * * *  said=$(lasthop probe -q \"a b\" 2>&1 >/dev/null); lasthop owner 1.1.1.1 # who";
    assert_eq!(calls(line), [vec!["probe", "-q", "a b"], vec!["owner", "1.1.1.1"]]);
    assert!(calls("in the folder of lasthop itself").is_empty());
}

/// The lines behind `$` are what the program answers to it, in the project's folder.
#[test]
fn the_worked_example_is_what_the_program_says() {
    let method = read(&project().join("docs/method.md"));
    let code: Vec<&str> = prose_and_code(&method).1.into_iter().map(str::trim).collect();
    let mut asked = 0;
    for (at, line) in code.iter().enumerate() {
        let Some(line) = line.strip_prefix("$ lasthop ") else { continue };
        assert!(line.starts_with("classify "), "it sends nothing: {line}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("\"$LASTHOP\" -q {line}")]).env("LASTHOP", program::name());
        shell.current_dir(project());
        let said = Outcome::of(shell).ended(0).out;
        let expected = &code[at + 1..][..said.lines().count()];
        assert_eq!(said.lines().collect::<Vec<_>>(), expected);
        asked += 1;
    }
    assert_eq!(asked, 2);
}
