//! Rows as CSV (RFC 4180, with newlines alone).

use std::io::{self, Write};

use super::rows::{Cell, Rows};

/// Writes the rows, under their header if `header` is set.
///
/// # Errors
/// When `out` fails.
pub fn write(rows: &Rows, header: bool, out: impl Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    if header {
        writer.write_record(rows.header.names()).map_err(cause)?;
    }
    for row in &rows.rows {
        writer.write_record(row.iter().map(text)).map_err(cause)?;
    }
    writer.flush()
}

/// The failure to write that is behind an error. It shows whether the reader has closed the pipe.
#[must_use]
pub fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => cause,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => harmless(text),
        Cell::Count(number) => number.to_string(),
        Cell::Decimal(number, places) => format!("{number:.places$}"),
        Cell::Flag(flag) => flag.to_string(),
    }
}

/// Text that a spreadsheet would take for a formula gets a quote before it. Control characters, which can
/// change a terminal, become blanks.
fn harmless(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if plain.starts_with(['=', '+', '-', '@']) { format!("'{plain}") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::{Header, OWNER};

    fn written(cells: Vec<Cell>) -> String {
        let header = Header::new(&OWNER, Vec::new());
        let mut out = Vec::new();
        write(&Rows { header, rows: vec![cells] }, false, &mut out).expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn foreign_text_is_neither_a_formula_nor_a_control_sequence() {
        assert_eq!(written(vec![Cell::text("=1+1")]), "'=1+1\n");
        assert_eq!(written(vec![Cell::text("a\x1b[2J")]), "a [2J\n");
        assert_eq!(written(vec![Cell::text("a,\"b\"")]), "\"a,\"\"b\"\"\"\n");
    }

    #[test]
    fn unknown_is_empty_and_numbers_have_their_decimals() {
        let cells = vec![Cell::Empty, Cell::Count(0), Cell::Decimal(0.5, 4), Cell::Flag(true)];
        assert_eq!(written(cells), ",0,0.5000,true\n");
    }
}
