//! `lasthop man`: the manual, made of the same texts as the help.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::exit::Exit;
use super::help::AfterHelp;
use super::stdout;

/// Files that the program reads or keeps by itself.
const FILES: [(&str, &str); 4] = [
    ("./targets.toml", "the block, its carriers and their classes, if only you may write to it"),
    ("~/.config/lasthop/targets.toml", "the same, where there is none in the folder"),
    ("~/.local/share/lasthop/", "the table of prefixes that `owner --update` fetched"),
    ("~/.local/state/lasthop/", "runs of RIPE Atlas and Globalping"),
];

const ENVIRONMENT: [(&str, &str); 5] = [
    ("RIPE_ATLAS_KEY", "the key of RIPE Atlas"),
    ("GLOBALPING_TOKEN", "the token of Globalping"),
    ("https_proxy, no_proxy", "the way to services"),
    ("NO_COLOR", "no colours on the terminal"),
    ("XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME", "where the files are"),
];

/// Write the page of the manual of a command, or the pages of all
///
/// Read one: lasthop man probe | man -l -
#[derive(Debug, Args)]
pub(super) struct ManPages {
    /// The command; without one the page is of the program
    #[arg(conflicts_with = "folder")]
    command: Vec<String>,
    /// Write all pages into this folder
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl ManPages {
    pub(super) fn run(&self, mut program: Command) -> anyhow::Result<Exit> {
        // So that options of the program stand with each command.
        program.build();
        if let Some(folder) = &self.folder {
            write_below(&program, &mut Vec::new(), folder)?;
            return Ok(Exit::Measured);
        }
        let mut command = &program;
        for name in &self.command {
            command = command.find_subcommand(name).with_context(|| {
                format!("{name}: there is no such command; `lasthop --help` lists them")
            })?;
        }
        let page = page(command, &self.command)?;
        stdout::write(|out| out.write_all(&page))?;
        Ok(Exit::Measured)
    }
}

/// Writes the page of a command and of all below it.
fn write_below(command: &Command, way: &mut Vec<String>, folder: &Path) -> anyhow::Result<()> {
    let path = folder.join(format!("{}.1", full_name(way)));
    fs::write(&path, page(command, way)?).with_context(|| {
        format!("{}: cannot be written; name a folder that there is", path.display())
    })?;
    for below in command.get_subcommands().filter(|one| one.get_name() != "help") {
        way.push(below.get_name().to_owned());
        write_below(below, way, folder)?;
        way.pop();
    }
    Ok(())
}

fn full_name(way: &[String]) -> String {
    std::iter::once("lasthop").chain(way.iter().map(String::as_str)).collect::<Vec<_>>().join("-")
}

fn page(command: &Command, way: &[String]) -> io::Result<Vec<u8>> {
    let name = full_name(way);
    let version = env!("CARGO_PKG_VERSION");
    let named =
        command.clone().name(name.clone()).bin_name(name.replace('-', " ")).version(version);
    let man = Man::new(named)
        .title(name.to_uppercase())
        .source(format!("lasthop {version}"))
        .manual("User Commands");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let below: Vec<&str> = way.iter().map(String::as_str).collect();
    let mut rest = Roff::new();
    if let Some(after) = AfterHelp::of(&below) {
        rest.control("SH", ["EXAMPLES"]);
        for (example, what) in after.examples {
            listed(&mut rest, example, what);
        }
        rest.control("SH", ["EXIT STATUS"]);
        for (code, what) in after.exits() {
            listed(&mut rest, &code.to_string(), what);
        }
    }
    rest.control("SH", ["FILES"]);
    for (file, what) in FILES {
        listed(&mut rest, file, what);
    }
    rest.control("SH", ["ENVIRONMENT"]);
    for (variable, what) in ENVIRONMENT {
        listed(&mut rest, variable, what);
    }
    rest.to_writer(&mut page)?;
    Ok(page)
}

/// Something, and below it what it is.
fn listed(roff: &mut Roff, what: &str, is: &str) {
    roff.control("TP", []);
    roff.text([bold(what)]);
    roff.text([roman(is)]);
}
