//! `report --diff`: two runs side by side.

use std::path::PathBuf;

use crate::history::{self, Wanted, diff_rows, diff_table, differences};

use super::super::common::Common;
use super::super::exit::Exit;
use super::super::format::Format;
use super::super::stdout;
use super::left_out::LeftOutLines;

/// Writes what the runs `first` and `second` saw. With `fails` a difference beyond the intervals is a change.
pub(super) fn run(
    files: &[PathBuf],
    wanted: &Wanted,
    [first, second]: [&str; 2],
    fails: bool,
    common: &Common,
) -> anyhow::Result<Exit> {
    let mut left_out = LeftOutLines::default();
    let picked = history::pick(files, wanted, [first, second], &mut |remark| left_out.add(remark));
    left_out.report(common);
    let picked = picked?;
    let all = differences(&picked);
    Format::or_suited(common.format)
        .write(&diff_rows(&picked, &all), || diff_table(&picked, &all, stdout::width()))?;
    let is_missing = |run: &history::PickedRun| all.iter().any(|it| run.row(it.scope).is_none());
    if picked.runs.iter().any(is_missing) {
        common.warn(
            "one of the runs did not trace all that the other one did; its block's row is of less",
        );
    }
    let differ = all.iter().any(|it| !it.differs.is_empty());
    Ok(if fails && differ { Exit::Changed } else { Exit::Measured })
}
