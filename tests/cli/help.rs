//! What the program says about itself.

use insta::assert_snapshot;

use super::lab::{Lab, outside};

#[test]
fn of_the_program() {
    assert_snapshot!("help", outside(&["--help"]).ended(0).out);
    assert_snapshot!("help_short", outside(&["-h"]).ended(0).out);
}

#[test]
fn of_classify() {
    assert_snapshot!("help_classify", outside(&["classify", "--help"]).ended(0).out);
    assert_snapshot!("help_classify_short", outside(&["classify", "-h"]).ended(0).out);
}

#[test]
fn of_owner() {
    assert_snapshot!("help_owner", outside(&["owner", "--help"]).ended(0).out);
    assert_snapshot!("help_owner_short", outside(&["owner", "-h"]).ended(0).out);
}

#[test]
fn of_lab() {
    assert_snapshot!("help_lab", outside(&["lab", "--help"]).ended(0).out);
    assert_snapshot!("help_lab_short", outside(&["lab", "-h"]).ended(0).out);
}

#[test]
fn of_probe() {
    let Some(lab) = Lab::near() else { return };
    assert_snapshot!("help_probe", lab.lasthop(&["probe", "--help"]).ended(0).out);
    assert_snapshot!("help_probe_short", lab.lasthop(&["probe", "-h"]).ended(0).out);
}

#[test]
fn version_is_one_line() {
    let version = format!("lasthop {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(outside(&["--version"]).ended(0).out, version);
}

/// Each command of the program, as its help lists them.
fn commands(behind: &[&str]) -> Vec<String> {
    let help: Vec<&str> = behind.iter().copied().chain(["--help"]).collect();
    let help = outside_help(&help);
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = list.take_while(|line| !line.is_empty()).filter_map(|line| {
        let name = line.strip_prefix("  ")?.split(' ').next()?;
        (!name.is_empty() && name != "help").then(|| name.to_owned())
    });
    names.collect()
}

fn outside_help(words: &[&str]) -> String {
    outside(words).ended(0).out
}

#[test]
fn each_command_has_its_page_in_the_manual() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().to_str().expect("text");
    outside(&["man", "--folder", path]).ended(0);
    for name in commands(&[]) {
        let file = folder.path().join(format!("lasthop-{name}.1"));
        let page = std::fs::read_to_string(&file).expect("a page");
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "FILES"] {
            assert!(page.contains(&format!(".SH {section}\n")), "{name}: no {section}");
        }
        let has_examples =
            page.contains(".SH EXAMPLES\n") && page.contains(".SH \"EXIT STATUS\"\n");
        assert!(has_examples || ["man", "completions"].contains(&name.as_str()), "{name}");
    }
    assert_snapshot!("man_owner", outside(&["man", "owner"]).ended(0).out);
    let wrong = [&["man", "nobody"][..], &["man", "--folder", "/nowhere"]]
        .map(|it| outside(it).ended(2).err);
    assert!(wrong[0].contains("nobody: there is no such command"), "{wrong:?}");
    assert!(wrong[1].contains("/nowhere/lasthop.1: cannot be written"), "{wrong:?}");
}

#[test]
fn shells_complete_commands_and_options() {
    for (shell, sign) in
        [("bash", "complete -F"), ("zsh", "#compdef lasthop"), ("fish", "complete -c lasthop")]
    {
        let script = outside(&["completions", shell]).ended(0).out;
        assert!(script.contains(sign) && script.contains("max-ttl"), "{shell}");
    }
    outside(&["completions", "csh"]).ended(2);
}
