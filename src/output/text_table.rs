//! Tables for people, never wider than the terminal. Where a table is too wide, columns go in an order that the table
//! sets, and a line below it names them. Where even that is too wide, each row becomes a list of its values.

use std::fmt::Write as _;

use crate::plain_text::plain;

/// Blanks between two columns.
const BETWEEN: usize = 2;

/// A narrower terminal than this is written to as if it had this width.
const NARROWEST: usize = 20;

/// A column that may take several lines has at least so many characters in each.
const LEAST_WRAPPED: usize = 30;

/// A table of text.
#[derive(Debug, Default)]
pub struct TextTable {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    wraps_last: bool,
}

#[derive(Debug)]
struct Column {
    heading: String,
    part: Option<&'static str>,
}

impl Column {
    /// A column without a heading goes on with what stands left of it.
    fn blanks_before(&self) -> usize {
        if self.heading.is_empty() { 1 } else { BETWEEN }
    }
}

impl TextTable {
    /// A table whose columns have these headings and stay whatever the width.
    pub fn new<H: Into<String>>(headings: impl IntoIterator<Item = H>) -> Self {
        let mut table = Self::default();
        for heading in headings {
            table.add_column(heading, None);
        }
        table
    }

    /// Adds a column, which goes together with all columns of its `part`. A column with an empty heading continues
    /// the one left of it.
    pub fn add_column(&mut self, heading: impl Into<String>, part: Option<&'static str>) {
        let heading = plain(&heading.into()).into_owned();
        self.columns.push(Column { heading, part });
    }

    /// Adds a row; it has a cell for each column.
    pub fn add_row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "{cells:?}");
        self.rows.push(cells.into_iter().map(|cell| plain(&cell).into_owned()).collect());
    }

    /// The same table, whose last column may take several lines.
    #[must_use]
    pub fn wrapping_last(mut self) -> Self {
        self.wraps_last = true;
        self
    }

    /// The table at a width of so many characters, or as wide as it likes. Parts go in the order in which `going`
    /// names them until it fits.
    #[must_use]
    pub fn text(&self, width: Option<usize>, going: &[&'static str]) -> String {
        let Some(width) = width.map(|width| width.max(NARROWEST)) else {
            return self.aligned(&[], None);
        };
        for count in 0..=going.len() {
            let gone = going.get(..count).unwrap_or_default();
            if self.least_width(gone) <= width {
                let shown = self.aligned(gone, Some(width));
                let lost = self.columns.iter().filter_map(|it| it.part);
                let lost: Vec<&str> = gone
                    .iter()
                    .copied()
                    .filter(|part| lost.clone().any(|it| it == *part))
                    .collect();
                if lost.is_empty() {
                    return shown;
                }
                let note = format!("(no room for {} in {width} columns)", lost.join(", "));
                return shown + &wrapped(&note, "", "", Some(width));
            }
        }
        self.listed(width)
    }

    /// The columns that are left, each with its place.
    fn kept(&self, gone: &[&str]) -> impl Iterator<Item = (usize, &Column)> {
        let is_kept = |column: &Column| !column.part.is_some_and(|part| gone.contains(&part));
        self.columns.iter().enumerate().filter(move |(_, column)| is_kept(column))
    }

    fn width_of(&self, place: usize, column: &Column) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(place));
        cells.map(|cell| characters(cell)).max().unwrap_or(0).max(characters(&column.heading))
    }

    /// The width that it needs at least.
    fn least_width(&self, gone: &[&str]) -> usize {
        let mut widths: Vec<usize> = self
            .kept(gone)
            .map(|(place, it)| self.width_of(place, it) + it.blanks_before())
            .collect();
        if let Some(last) = widths.last_mut().filter(|_| self.wraps_last) {
            *last = (*last).min(LEAST_WRAPPED);
        }
        widths.iter().sum::<usize>().saturating_sub(BETWEEN)
    }

    /// Every column as wide as its widest cell; the last one wrapped at `width`, if it wraps.
    fn aligned(&self, gone: &[&str], width: Option<usize>) -> String {
        let kept: Vec<(usize, &Column, usize)> =
            self.kept(gone).map(|(place, it)| (place, it, self.width_of(place, it))).collect();
        let headings: Vec<String> = self.columns.iter().map(|it| it.heading.clone()).collect();
        let mut text = String::new();
        for line in std::iter::once(&headings).chain(&self.rows) {
            let mut row = String::new();
            for (position, (place, column, cells)) in kept.iter().enumerate() {
                let blanks = if position == 0 { 0 } else { column.blanks_before() };
                let cell = line.get(*place).map_or("", String::as_str);
                if self.wraps_last && position + 1 == kept.len() {
                    let first = format!("{row}{:blanks$}", "");
                    let other = " ".repeat(characters(&first));
                    row = wrapped(cell, &first, &other, width);
                } else {
                    let _ = write!(row, "{:blanks$}{cell:width$}", "", width = *cells);
                }
            }
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text
    }

    /// Each row as a list of its values, under its first one.
    fn listed(&self, width: usize) -> String {
        let left = self.columns.iter().map(|it| characters(&it.heading)).max().unwrap_or(0);
        let mut text = String::new();
        for row in &self.rows {
            let mut values: Vec<(&str, String)> = Vec::new();
            for (cell, column) in row.iter().zip(&self.columns) {
                match values.last_mut() {
                    Some((_, value)) if column.heading.is_empty() => {
                        let _ = write!(value, " {cell}");
                    }
                    _ => values.push((&column.heading, cell.clone())),
                }
            }
            for (place, (heading, value)) in values.iter().enumerate() {
                if place == 0 {
                    text += &wrapped(value, "", "  ", Some(width));
                } else if !value.trim().is_empty() {
                    let indent = " ".repeat(left + 2 + BETWEEN);
                    text += &wrapped(value, &format!("  {heading:left$}  "), &indent, Some(width));
                }
            }
        }
        text
    }
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

/// Words in lines of at most `width` characters: the first line begins with `first`, the others with `other`. A word that
/// is longer than a line is cut behind a `,`, a `;` or a `/`, else anywhere.
#[must_use]
pub fn wrapped(text: &str, first: &str, other: &str, width: Option<usize>) -> String {
    let text = &plain(text);
    let Some(width) = width.map(|width| width.max(NARROWEST)) else {
        return format!("{first}{text}").trim_end().to_owned() + "\n";
    };
    let mut lines: Vec<String> = Vec::new();
    let mut line = first.to_owned();
    let mut has_words = false;
    for word in text.split(' ') {
        let mut word = word;
        if has_words && characters(&line) + 1 + characters(word) <= width {
            line.push(' ');
            line += word;
            continue;
        }
        if has_words {
            lines.push(std::mem::replace(&mut line, other.to_owned()));
        }
        // What does not fit beside `first` may fit below it.
        let length = characters(word);
        let fits = |before: &str| characters(before) + length <= width;
        if !has_words && !fits(&line) && fits(other) {
            lines.push(std::mem::replace(&mut line, other.to_owned()));
        }
        loop {
            let room = width.saturating_sub(characters(&line)).max(1);
            let Some((end, _)) = word.char_indices().nth(room) else { break };
            let start = word.get(..end).unwrap_or(word);
            let end = start.rfind([',', ';', '/']).map_or(end, |at| at + 1);
            let (start, rest) = word.split_at(end);
            line += start;
            word = rest;
            lines.push(std::mem::replace(&mut line, other.to_owned()));
        }
        line += word;
        has_words = true;
    }
    lines.push(line);
    lines.iter().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table() -> TextTable {
        let mut table = TextTable::new(["prefix"]);
        table.add_column("china", None);
        table.add_column("", Some("intervals"));
        table.add_column("last hops", Some("last hops"));
        for (prefix, count, interval, hops) in [
            ("175.45.176.0/24", "256  100 %", "(99-100)", "103.35.255.254"),
            ("175.45.177.0/24", "-", "", "188.43.225.153, 188.43.225.154"),
        ] {
            table.add_row([prefix, count, interval, hops].map(str::to_owned).into());
        }
        table
    }

    const GOING: [&str; 2] = ["last hops", "intervals"];

    #[test]
    fn columns_go_in_their_order() {
        assert_eq!(
            table().text(None, &GOING),
            "prefix           china                last hops\n\
             175.45.176.0/24  256  100 % (99-100)  103.35.255.254\n\
             175.45.177.0/24  -                    188.43.225.153, 188.43.225.154\n"
        );
        assert_eq!(
            table().text(Some(40), &GOING),
            "prefix           china\n\
             175.45.176.0/24  256  100 % (99-100)\n\
             175.45.177.0/24  -\n\
             (no room for last hops in 40 columns)\n"
        );
        assert_eq!(
            table().text(Some(30), &GOING),
            "prefix           china\n\
             175.45.176.0/24  256  100 %\n\
             175.45.177.0/24  -\n\
             (no room for last hops,\n\
             intervals in 30 columns)\n"
        );
    }

    #[test]
    fn rows_become_lists_where_nothing_else_fits() {
        assert_eq!(
            table().text(Some(26), &GOING),
            "175.45.176.0/24\n  china      256  100 %\n             (99-100)\n  last hops  103.35.255.25\n             4\n\
             175.45.177.0/24\n  china      -\n  last hops  188.43.225.15\n             3,\n             188.43.225.15\n             4\n"
        );
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_asked(
            cells in proptest::collection::vec("[a-z ,;]{0,40}", 4..=4),
            width in 20_usize..130,
        ) {
            let mut table = table();
            table.add_row(cells);
            for line in table.text(Some(width), &GOING).lines() {
                prop_assert!(characters(line) <= width, "{width}: {line}");
            }
        }

        #[test]
        fn words_are_all_kept(text in "[a-z,;/ ]{0,200}", width in 20_usize..60) {
            let lines = wrapped(&text, "- ", "  ", Some(width));
            let kept: String = lines.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
            let all: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            prop_assert_eq!(kept, all);
            prop_assert!(lines.lines().all(|line| characters(line) <= width), "{}", lines);
        }
    }
}
