//! `lasthop report --migrate`: an old history under today's header.

use std::io::ErrorKind;
use std::path::Path;

use crate::history::{self, HistoryError, Migrated};
use crate::output::summary_header;

use super::super::common::Common;
use super::super::config;
use super::super::exit::Exit;
use super::super::stdout;
use super::left_out::LeftOutLines;

pub(super) fn run(old: &Path, common: &Common) -> anyhow::Result<Exit> {
    let targets = config::targets(common)?;
    let header = summary_header(&targets.classes);
    let mut left_out = LeftOutLines::default();
    let mut migrated = Ok(Migrated::default());
    stdout::write(|out| {
        migrated = history::migrate(old, &header, out, &mut |remark| left_out.add(remark));
        Ok(())
    })?;
    left_out.report(common);
    let migrated = match migrated {
        // A reader that has left, as `head -1` does, is no failure.
        Err(HistoryError::Io { source, .. }) if source.kind() == ErrorKind::BrokenPipe => {
            return Ok(Exit::Measured);
        }
        other => other?,
    };
    let Migrated { rows, malformed } = migrated;
    common.info(|| format!("{rows} rows, {malformed} lines left out"));
    anyhow::ensure!(
        malformed == 0,
        "{}: {malformed} lines were left out of {rows} rows; look at them before you replace it",
        old.display()
    );
    Ok(Exit::Measured)
}
