//! `lasthop report --migrate`: an old history under today's header.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context;

use crate::columns::{Header, SUMMARY};
use crate::history::{self, HistoryError, Migrated};
use crate::input::is_compressed;
use crate::output::{LockFile, summary_header};
use crate::sandbox::Written;

use super::super::common::Common;
use super::super::config;
use super::super::confinement::Needs;
use super::super::exit::Exit;
use super::super::outputs::{self, Output, is_stdout};
use super::super::stdout;
use super::left_out::LeftOutLines;

pub(super) fn run(
    old: &Path,
    new: Option<&Path>,
    in_place: bool,
    common: &Common,
) -> anyhow::Result<Exit> {
    let config = config::path(common);
    let written = if in_place { Some(old) } else { new };
    let needs = Needs::default().reads(config.clone()).reads([old]);
    needs.writes(Written::Replaced, written).confine(common);
    let inputs = config.as_deref().map(|path| ("--config", path));
    let inputs: Vec<_> = inputs.into_iter().chain([("--migrate", old)]).collect();
    let new = new.filter(|path| !is_stdout(path));
    let output = new.map(|path| Output::rows("--output", path, &SUMMARY));
    outputs::check(&inputs, &output.into_iter().collect::<Vec<_>>())
        .with_context(|| format!("use --output NEW, or --in-place to replace {}", old.display()))?;
    let targets = config::targets(common)?;
    let header = summary_header(&targets.classes);
    let mut left_out = LeftOutLines::default();
    let migrated = match new {
        _ if in_place => replace(old, &header, &mut left_out),
        Some(new) => make(old, new, &header, &mut left_out),
        None => write(old, &header, &mut left_out),
    };
    left_out.report(common);
    let Migrated { rows, malformed } = migrated?;
    common.info(|| format!("{rows} rows, {malformed} lines left out"));
    anyhow::ensure!(
        malformed == 0,
        "{}: {malformed} lines were left out of {rows} rows; look at them before you replace it",
        old.display()
    );
    Ok(Exit::Measured)
}

/// Writes the rows to stdout.
fn write(old: &Path, header: &Header, left_out: &mut LeftOutLines) -> anyhow::Result<Migrated> {
    let mut migrated = Ok(Migrated::default());
    stdout::write(|out| {
        migrated = history::migrate(old, header, (Path::new("stdout"), out), &mut |remark| {
            left_out.add(remark);
        });
        Ok(())
    })?;
    match migrated {
        // A reader that has left, as `head -1` does, is no failure.
        Err(HistoryError::Io { source, .. }) if source.kind() == ErrorKind::BrokenPipe => {
            Ok(Migrated::default())
        }
        other => Ok(other?),
    }
}

/// Writes them to a file, which must not have been there: it could be a history.
fn make(
    old: &Path,
    new: &Path,
    header: &Header,
    left_out: &mut LeftOutLines,
) -> anyhow::Result<Migrated> {
    let name = || new.display().to_string();
    anyhow::ensure!(
        new.metadata().map_or(0, |about| about.len()) == 0,
        "{} is there already; name a file that is not",
        name()
    );
    let mut migrated = Migrated::default();
    let mut fill = |out: &mut dyn Write| -> anyhow::Result<()> {
        migrated = history::migrate(old, header, (new, out), &mut |remark| left_out.add(remark))?;
        Ok(())
    };
    if new.metadata().is_ok_and(|about| !about.is_file()) {
        fill(&mut File::options().write(true).open(new).with_context(name)?)?;
    } else {
        outputs::replace(new, fill).with_context(name)?;
    }
    Ok(migrated)
}

/// Replaces the history under its lock; one of which a line would be lost stays as it is.
fn replace(old: &Path, header: &Header, left_out: &mut LeftOutLines) -> anyhow::Result<Migrated> {
    let name = || old.display().to_string();
    let is_file = old.metadata().with_context(name)?.is_file();
    anyhow::ensure!(is_file, "{}: only a file can be replaced; use --output NEW", name());
    let _lock = LockFile::take(old)?;
    anyhow::ensure!(
        !is_compressed(old).with_context(name)?,
        "{}: it is compressed, and would not be any more; use --output NEW",
        name()
    );
    let mut migrated = Migrated::default();
    outputs::replace(old, |out| {
        migrated = history::migrate(old, header, (old, out), &mut |remark| left_out.add(remark))?;
        let left = migrated.malformed;
        anyhow::ensure!(
            left == 0,
            "{left} lines would be lost, so it stays as it is; repair or delete them"
        );
        Ok(())
    })
    .with_context(name)
    .or_else(|error| if migrated.malformed > 0 { Ok(()) } else { Err(error) })?;
    Ok(migrated)
}
