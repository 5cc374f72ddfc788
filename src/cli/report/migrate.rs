//! `lasthop report --migrate`: an old history under today's header.

use std::io::ErrorKind;
use std::path::Path;

use crate::history::{self, HistoryError, Migrated, Remark};
use crate::output::summary_header;

use super::super::common::Common;
use super::super::config;
use super::super::exit::Exit;
use super::super::stdout;

pub(super) fn run(old: &Path, common: &Common) -> anyhow::Result<Exit> {
    let targets = config::targets(common)?;
    let header = summary_header(&targets.classes);
    let mut remark = |remark: &Remark<'_>| {
        let (path, line) = (remark.path.display(), remark.line);
        common.error(&format!("{path}:{line}: left out: {}", remark.malformed));
    };
    let mut migrated = Ok(Migrated::default());
    stdout::write(|out| {
        migrated = history::migrate(old, &header, out, &mut remark);
        Ok(())
    })?;
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
