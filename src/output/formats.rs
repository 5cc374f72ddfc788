//! The formats: rows as CSV or as JSON lines, and lines of text as a table for people.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::plain_text::{is_hidden, plain};

use super::rows::{Cell, Rows};

/// Writes the rows as CSV (RFC 4180, with newlines alone), under their header if `header` is set.
///
/// # Errors
/// When `out` fails.
pub fn write_csv(rows: &Rows, header: bool, out: impl Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    if header {
        // The names of classes may come from a file of somebody else.
        writer.write_record(rows.header.names().iter().map(|it| csv_safe(it))).map_err(io_error)?;
    }
    for row in &rows.rows {
        writer.write_record(row.iter().map(csv_text)).map_err(io_error)?;
    }
    writer.flush()
}

/// The error of the output behind an error of the CSV writer. Its kind shows whether the reader of a pipe
/// has left.
#[must_use]
pub fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => cause,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn csv_text(cell: &Cell) -> String {
    if let Cell::Text(text) = cell { csv_safe(text) } else { number_or_flag(cell) }
}

/// Text for a cell of CSV: what a spreadsheet would take for a formula gets a quote before it, and hidden characters
/// become blanks.
#[must_use]
pub fn csv_safe(text: &str) -> String {
    let plain = plain(text);
    if plain.starts_with(['=', '+', '-', '@']) { format!("'{plain}") } else { plain.into_owned() }
}

fn number_or_flag(cell: &Cell) -> String {
    match cell {
        Cell::Empty | Cell::Text(_) => String::new(),
        Cell::Count(number) => number.to_string(),
        Cell::Decimal(number, places) => format!("{number:.places$}"),
        Cell::Flag(flag) => flag.to_string(),
    }
}

/// Writes the rows as JSON lines: an object each, with the columns' names for keys, in their order.
///
/// # Errors
/// When `out` fails.
pub fn write_jsonl(rows: &Rows, mut out: impl Write) -> io::Result<()> {
    for row in &rows.rows {
        let mut line = String::from("{");
        for (place, (name, cell)) in rows.header.names().iter().zip(row).enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let value = match cell {
                Cell::Empty => "null".into(),
                Cell::Text(text) => quoted(text),
                other => number_or_flag(other),
            };
            let _ = write!(line, "{comma}{}:{value}", quoted(name));
        }
        line.push_str("}\n");
        out.write_all(line.as_bytes())?;
    }
    out.flush()
}

/// A string of JSON. What is hidden stays in it, as an escape that no terminal obeys (RFC 8259 section 7).
fn quoted(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    if !quoted.chars().any(is_hidden) {
        return quoted;
    }
    let mut escaped = String::with_capacity(quoted.len());
    for c in quoted.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// A count in a table, where 0 is a dash.
pub(super) fn count_or_dash(count: usize) -> String {
    if count == 0 { "-".into() } else { count.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::{Header, OWNER};

    fn written(cells: Vec<Cell>) -> String {
        let header = Header::new(&OWNER, Vec::new());
        let mut out = Vec::new();
        write_csv(&Rows { header, rows: vec![cells] }, false, &mut out).expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn foreign_text_is_neither_a_formula_nor_a_control_sequence() {
        assert_eq!(written(vec![Cell::text("=1+1")]), "'=1+1\n");
        assert_eq!(written(vec![Cell::text("a\x1b[2J")]), "a [2J\n");
        assert_eq!(written(vec![Cell::text("a,\"b\"")]), "\"a,\"\"b\"\"\"\n");
    }

    #[test]
    fn what_is_hidden_is_escaped_in_json() {
        let text = "a\u{1b}\u{7f}\u{202e}\u{e0041}\"";
        assert_eq!(quoted(text), r#""a\u001b\u007f\u202e\udb40\udc41\"""#);
        assert_eq!(serde_json::from_str::<String>(&quoted(text)).expect("JSON"), text);
    }

    #[test]
    fn unknown_is_empty_and_numbers_have_their_decimals() {
        let cells = vec![Cell::Empty, Cell::Count(0), Cell::Decimal(0.5, 4), Cell::Flag(true)];
        assert_eq!(written(cells), ",0,0.5000,true\n");
    }
}
