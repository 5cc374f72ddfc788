//! The lines of a history that were left out: a message for each cause, not for each line.

use std::path::PathBuf;

use crate::history::{LeftOut, Remark};

use super::super::common::Common;

/// The causes that occurred, each with where.
#[derive(Debug, Default)]
pub(super) struct LeftOutLines(Vec<Cause>);

#[derive(Debug)]
struct Cause {
    path: PathBuf,
    why: LeftOut,
    first: u64,
    last: u64,
    lines: u64,
}

impl LeftOutLines {
    pub(super) fn add(&mut self, remark: &Remark<'_>) {
        let Remark { path, line, why } = *remark;
        let is_known = |cause: &&mut Cause| cause.path == path && cause.why.is_like(why);
        match self.0.iter_mut().find(is_known) {
            Some(cause) => (cause.last, cause.lines) = (line, cause.lines + 1),
            None => self.0.push(Cause {
                path: path.into(),
                why: why.clone(),
                first: line,
                last: line,
                lines: 1,
            }),
        }
    }

    /// Reports them. That a line is no row must be known even with `--quiet`.
    pub(super) fn report(&self, common: &Common) {
        for Cause { path, why, first, last, lines } in &self.0 {
            let more = match lines - 1 {
                0 => String::new(),
                1 => format!("; and so is line {last}"),
                more => format!("; and so are {more} more lines, up to line {last}"),
            };
            let text = format!("{}:{first}: left out: {why}{more}", path.display());
            match why {
                LeftOut::Future { .. } => common.warn(&text),
                _ => common.error(&text),
            }
        }
    }
}
