//! Runs the product at the vantage and reads what it wrote: only the columns that are promised,
//! found by their names.

use std::ffi::OsStr;
use std::fs::File;
use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use csv::StringRecord;
use ipnet::Ipv4Net;
use tempfile::TempDir;

use super::build::Network;
use super::tool::tool;

pub(crate) const CLASSES: [&str; 5] = ["china", "russia", "other", "unknown", "unreached"];

/// Far longer than a run at this rate takes.
const SECONDS: &str = "150";

/// One line of the traces file.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) target: Ipv4Addr,
    pub(crate) last_hop: Option<Ipv4Addr>,
    pub(crate) class: String,
}

/// One line of the summary: how many traces of each class, in the order of `CLASSES`.
#[derive(Debug)]
pub(crate) struct Count {
    pub(crate) scope: Ipv4Net,
    pub(crate) classes: [usize; 5],
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) traces: Vec<Trace>,
    pub(crate) counts: Vec<Count>,
}

/// Traces the whole block from the vantage.
pub(crate) fn probe(network: &Network, how: &[&str]) -> Result<Run> {
    let folder = TempDir::new()?;
    let (traces, summary) = (folder.path().join("t.csv"), folder.path().join("s.csv"));
    let lock = folder.path().join("lock");
    let mut arguments: Vec<&OsStr> = vec![
        "--rate".as_ref(),
        "1000".as_ref(),
        "--traces".as_ref(),
        traces.as_ref(),
        "--append".as_ref(),
        summary.as_ref(),
        "--lock".as_ref(),
        lock.as_ref(),
    ];
    arguments.extend(how.iter().map(OsStr::new));
    network.vantage().enter(|| lasthop(folder.path(), &arguments))?;
    Ok(Run { traces: rows(&traces, trace)?, counts: rows(&summary, count)? })
}

/// One line of the census.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Living {
    pub(crate) target: Ipv4Addr,
    pub(crate) by: String,
}

/// Asks the whole block from the vantage who lives; without any privilege, if `bare` is set.
pub(crate) fn ping(network: &Network, bare: bool, how: &[&str]) -> Result<Vec<Living>> {
    let folder = TempDir::new()?;
    let census = folder.path().join("c.csv");
    let mut arguments: Vec<&OsStr> = vec!["--census".as_ref(), census.as_ref()];
    arguments.extend(how.iter().map(OsStr::new));
    network.vantage().enter(|| run(folder.path(), bare, "ping", &arguments))?;
    let all = rows(&census, |row| {
        let alive: bool = row.cell("alive")?.parse()?;
        let living = || {
            Ok::<_, anyhow::Error>(Living {
                target: row.cell("target")?.parse()?,
                by: row.cell("by")?.to_owned(),
            })
        };
        alive.then(living).transpose()
    })?;
    ensure!(all.len() == 1024, "{} targets", all.len());
    Ok(all.into_iter().flatten().collect())
}

fn lasthop(folder: &Path, arguments: &[&OsStr]) -> Result<()> {
    run(folder, false, "probe", arguments)
}

fn run(folder: &Path, bare: bool, command: &str, arguments: &[&OsStr]) -> Result<()> {
    let without = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
    let output = tool("timeout")
        .args(["--kill-after=5", SECONDS])
        .args(without.iter().filter(|_| bare))
        .arg(env!("CARGO_BIN_EXE_lasthop"))
        .arg(command)
        .args(arguments)
        // No configuration but the one that is built in.
        .current_dir(folder)
        .env("HOME", folder)
        .env_remove("XDG_CONFIG_HOME")
        .output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    // That nobody lives is a result, too.
    let nobody = command == "ping" && output.status.code() == Some(1);
    ensure!(output.status.success() || nobody, "{}\n{stderr}", output.status);
    Ok(())
}

/// A line with the names of its columns.
struct Row<'a> {
    names: &'a StringRecord,
    cells: &'a StringRecord,
}

impl Row<'_> {
    fn cell(&self, name: &str) -> Result<&str> {
        let index = self.names.iter().position(|column| column == name);
        index.and_then(|index| self.cells.get(index)).with_context(|| format!("no column {name}"))
    }
}

fn rows<T>(path: &Path, read: impl Fn(&Row) -> Result<T>) -> Result<Vec<T>> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let mut reader = csv::Reader::from_reader(file);
    let names = reader.headers()?.clone();
    let mut rows = Vec::new();
    for cells in reader.records() {
        let cells = cells?;
        let row = Row { names: &names, cells: &cells };
        rows.push(read(&row).with_context(|| format!("{cells:?}"))?);
    }
    Ok(rows)
}

fn trace(row: &Row) -> Result<Trace> {
    let last_hop = match row.cell("last_hop")? {
        "" => None,
        address => Some(address.parse()?),
    };
    Ok(Trace {
        target: row.cell("target")?.parse()?,
        last_hop,
        class: row.cell("class")?.to_owned(),
    })
}

fn count(row: &Row) -> Result<Count> {
    let mut classes = [0; 5];
    for (class, count) in CLASSES.iter().zip(&mut classes) {
        *count = row.cell(class)?.parse()?;
    }
    Ok(Count { scope: row.cell("scope")?.parse()?, classes })
}
