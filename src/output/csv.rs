//! Rows as CSV (RFC 4180, with newlines alone).

use std::io::{self, Write};

use super::{Cell, Rows};

/// Writes the rows, under their header if `header` is set.
///
/// # Errors
/// When `out` fails.
pub fn write(rows: &Rows, header: bool, out: impl Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    if header {
        writer.write_record(&rows.header).map_err(cause)?;
    }
    for row in &rows.rows {
        writer.write_record(row.iter().map(text)).map_err(cause)?;
    }
    writer.flush()
}

/// What became of the output: a reader that has left is told from other failures by that.
#[must_use]
pub fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => cause,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// The header line, as it is written.
#[must_use]
pub fn header_line(header: &[String]) -> String {
    header.join(",")
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

/// Text that a spreadsheet would take for a formula gets a quote before it; control characters,
/// which a terminal would obey, become blanks.
fn harmless(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if plain.starts_with(['=', '+', '-', '@']) { format!("'{plain}") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cells: Vec<Cell>) -> String {
        let header = cells.iter().map(|_| "column".to_owned()).collect();
        let mut out = Vec::new();
        write(&Rows { header, rows: vec![cells] }, false, &mut out).expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn strangers_text_is_neither_a_formula_nor_a_command() {
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
