//! How results are written to stdout.

use std::borrow::Borrow;
use std::io::{self, IsTerminal};
use std::iter;

use clap::ValueEnum;

use crate::columns::Header;
use crate::output::{Rows, write_csv, write_jsonl};

use super::stdout;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A readable table
    Table,
    /// Comma-separated, with a header
    Csv,
    /// One JSON object per line
    Json,
}

impl Format {
    /// What was asked for, or what suits stdout.
    pub(super) fn or_suited(asked: Option<Self>) -> Self {
        asked.unwrap_or(if io::stdout().is_terminal() { Self::Table } else { Self::Csv })
    }

    /// Writes rows, or for people the text that `table` makes of them.
    pub(super) fn write(self, rows: &Rows, table: impl FnOnce() -> String) -> anyhow::Result<()> {
        self.write_parts(rows.header.clone(), iter::once(rows), table)
    }

    /// The same for rows that are made some at a time, so that they need not all be in memory.
    pub(super) fn write_parts(
        self,
        header: Header,
        mut parts: impl Iterator<Item: Borrow<Rows>>,
        table: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        stdout::write(|out| match self {
            Self::Table => out.write_all(table().as_bytes()),
            Self::Csv => {
                write_csv(&Rows { header, rows: Vec::new() }, true, &mut *out)?;
                parts.try_for_each(|rows| write_csv(rows.borrow(), false, &mut *out))
            }
            Self::Json => parts.try_for_each(|rows| write_jsonl(rows.borrow(), &mut *out)),
        })
    }
}
