//! An old history under today's header.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use crate::columns::{Column, Header, Kind};
use crate::output::{csv_safe, io_error};

use super::error::{HistoryError, Remark};
use super::row::Names;
use super::spelling::{count, flag, instant, is_missing};
use super::summary_reader::{Line, SummaryReader};

/// What became of the lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Migrated {
    /// Rows that were written.
    pub rows: u64,
    /// Lines that were left out because they are no rows.
    pub malformed: u64,
}

/// Writes the rows of `path` under `header`, in its schema, to an output with its name in messages. A column that they do not have stays empty.
/// `remark` is called with every line that is left out because it is malformed.
///
/// # Errors
/// When the file cannot be read or is no summary, has a column that would be lost, or the output fails.
pub fn migrate(
    path: &Path,
    header: &Header,
    (to, out): (&Path, &mut dyn Write),
    remark: &mut dyn FnMut(&Remark<'_>),
) -> Result<Migrated, HistoryError> {
    let mut names = Names::default();
    let mut reader = SummaryReader::open(path, &mut names)?;
    let written = |source| HistoryError::Io { path: to.into(), source };
    let mut out = csv::Writer::from_writer(out);
    out.write_record(header.names()).map_err(|error| written(io_error(error)))?;
    let mut migrated = Migrated::default();
    let (schema, described, header) =
        (header.schema().to_string(), header.columns(), header.names());
    lossless(&reader, path, header)?;
    while let Some(line) = reader.next(&mut names)? {
        if let Line::Malformed(malformed) = line {
            migrated.malformed += 1;
            let why = malformed.into();
            remark(&Remark { path, line: reader.line(), why: &why });
            continue;
        }
        lossless(&reader, path, header)?;
        let (columns, cells) = reader.cells();
        let cell = |(name, column): &(String, &Column)| match columns
            .iter()
            .position(|column| column == name)
        {
            Some(_) if column.kind == Kind::Schema => Cow::from(&*schema),
            Some(place) => own_spelling(cells.get(place), column.kind),
            None => Cow::from(""),
        };
        out.write_record(described.iter().map(|it| cell(it).into_owned()))
            .map_err(|error| written(io_error(error)))?;
        migrated.rows += 1;
    }
    out.flush().map_err(written)?;
    Ok(migrated)
}

/// A value as this program writes it, however another one did.
fn own_spelling(cell: &[u8], kind: Kind) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(cell);
    match kind {
        Kind::Maybe(Kind::Text) | Kind::Text | Kind::Label => Cow::from(csv_safe(&text)),
        Kind::Maybe(_) if is_missing(cell) => Cow::from(""),
        Kind::Maybe(kind) => own_spelling(cell, *kind),
        Kind::Count => count(cell).map_or(text, |number| number.to_string().into()),
        Kind::Flag => flag(cell).map_or(text, |flag| flag.to_string().into()),
        Kind::Time => instant(&text).map_or(text, |at| format!("{at:.6}").into()),
        _ => Cow::from(csv_safe(&text)),
    }
}

/// Every column that the file has now is one of `header`.
fn lossless(reader: &SummaryReader, path: &Path, header: &[String]) -> Result<(), HistoryError> {
    let (columns, _) = reader.cells();
    match columns.iter().find(|column| !header.contains(column)) {
        None => Ok(()),
        Some(column) => Err(HistoryError::Column {
            path: path.into(),
            line: reader.line(),
            column: column.clone(),
        }),
    }
}
