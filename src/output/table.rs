//! Tables for people: what all of them have in common.

use std::fmt::Write as _;

use super::rows::Run;

/// The line above a table: when, from where, how much, and how long it took.
pub(super) fn about(run: &Run, targets: usize, packets: usize) -> String {
    let from =
        if run.vantage.is_empty() { String::new() } else { format!(" from {}", run.vantage) };
    let cut = if run.complete { "" } else { " (INCOMPLETE)" };
    let took = run.started.zip(run.ended).map_or(String::new(), |(started, ended)| {
        format!(", {} s", ended.duration_since(started).as_secs())
    });
    let when = run.started.map_or(String::new(), |started| format!("{started:.0}  "));
    format!("{when}{}  {targets} targets{from}, {packets} packets{took}{cut}", run.method)
}

/// The lines with every column as wide as its widest cell, two blanks apart.
#[must_use]
pub fn align(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(row, "{cell:width$}  ");
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}
