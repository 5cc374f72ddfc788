//! Rows as JSON lines: an object each, with the columns' names for keys, in their order.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::rows::{Cell, Rows};

/// Writes the rows.
///
/// # Errors
/// When `out` fails.
pub fn write(rows: &Rows, mut out: impl Write) -> io::Result<()> {
    for row in &rows.rows {
        let mut line = String::from("{");
        for (place, (name, cell)) in rows.header.names().iter().zip(row).enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let _ = write!(line, "{comma}{}:{}", quoted(name), value(cell));
        }
        line.push_str("}\n");
        out.write_all(line.as_bytes())?;
    }
    out.flush()
}

fn value(cell: &Cell) -> String {
    match cell {
        Cell::Empty => "null".into(),
        Cell::Text(text) => quoted(text),
        Cell::Count(number) => number.to_string(),
        Cell::Decimal(number, places) => format!("{number:.places$}"),
        Cell::Flag(flag) => flag.to_string(),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
