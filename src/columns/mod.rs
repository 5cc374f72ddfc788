//! Which columns each file has: the ground floor beside `targets`.
//!
//! One table for each file says what a column is called, what stands in it, since which schema it is
//! there, and what it means (`files.rs`). Headers, schema numbers, the names that a class must not have,
//! the readers of the program's own files and the descriptions in `schemas/` and `docs/output.md` are
//! made from these tables. The room is below all others, since rooms at both ends of the road need it:
//! `targets` refuses classes whose columns would collide, `import` and `history` read files back, and
//! `output` writes them. It imports nothing.
//!
//! A column is added in two places: its line in `files.rs`, and its cell where the row is made. A row is a
//! struct with a field for each column, so that the second is not forgotten: without it nothing compiles.

mod files;
mod row;

pub use files::{
    CENSUS, COUNTS, CensusRow, CountsRow, DIFF, DiffRow, EVENTS, EXPLANATIONS, EventRow,
    ExplanationRow, HOPS, HopRow, MEASUREMENTS, MESSAGES, MeasurementRow, MessageRow, OWNER,
    OwnerRow, PEERS, PeerRow, RUNS, RunRow, STATE, SUMMARY, StateRow, SummaryRow, TABLES, TRACES,
    TraceRow,
};
pub use row::Row;

/// What stands in the name of a column for the name of a class.
const CLASS: &str = "{class}";

/// The columns of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// What the file is called, in small letters.
    pub name: &'static str,
    /// What a row is.
    pub about: &'static str,
    /// The commands and options that write it.
    pub written_by: &'static str,
    /// The columns in their order. Columns of classes that belong together are one group: all of them are
    /// there for the first class, then for the second, and so on. Every other column is a group of its own.
    pub groups: &'static [&'static [Column]],
}

/// A column.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name. Where `{class}` stands in it, there is a column for each configured class.
    pub name: &'static str,
    /// What stands in it.
    pub kind: Kind,
    /// The schema that introduced it.
    pub since: u64,
    /// What it means, in a sentence.
    pub about: &'static str,
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The number of the schema.
    Schema,
    /// Text that is never empty.
    Text,
    /// Text that is empty where the user gave none.
    Label,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// An instant, RFC 3339 in UTC.
    Time,
    /// `true` or `false`.
    Flag,
    /// A number of things, or a number that stands for one.
    Count,
    /// A TTL from 1 to 255.
    Ttl,
    /// A number from 0 to 255.
    Byte,
    /// A duration in milliseconds, to the microsecond.
    Millis,
    /// A share from 0 to 1, with four decimals.
    Share,
    /// An IPv4 address.
    Address,
    /// An IPv4 prefix.
    Prefix,
    /// An IPv4 prefix, or the first and the last address with `-` between.
    Range,
    /// A country's code of two letters (ISO 3166-1).
    Country,
    /// The same, or nothing where it is unknown.
    Maybe(&'static Kind),
}

impl Table {
    /// The number of the present schema. It counts up when columns are added.
    #[must_use]
    pub fn schema(&self) -> u64 {
        self.groups.iter().copied().flatten().map(|column| column.since).max().unwrap_or(1)
    }

    /// The columns of a schema with their full names.
    #[must_use]
    pub fn columns(&self, schema: u64, classes: &[String]) -> Vec<(String, &'static Column)> {
        let mut columns = Vec::new();
        for group in self.groups {
            let group = group.iter().filter(|column| column.since <= schema);
            if group.clone().any(Column::is_per_class) {
                for class in classes {
                    columns.extend(group.clone().map(|column| (column.of_class(class), column)));
                }
            } else {
                columns.extend(group.map(|column| (column.name.to_owned(), column)));
            }
        }
        columns
    }

    /// The full names of the columns of a schema.
    #[must_use]
    pub fn names(&self, schema: u64, classes: &[String]) -> Vec<String> {
        self.columns(schema, classes).into_iter().map(|(name, _)| name).collect()
    }
}

impl Column {
    /// Whether there is one for each class.
    #[must_use]
    pub fn is_per_class(&self) -> bool {
        self.name.starts_with(CLASS)
    }

    fn of_class(&self, class: &str) -> String {
        self.name.replace(CLASS, class)
    }
}

/// The columns of a file under one configuration, in one schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    table: &'static Table,
    schema: u64,
    classes: Vec<String>,
    names: Vec<String>,
}

impl Header {
    /// The header of the present schema. `classes` are the configured ones in their order; they do not
    /// matter for a table without columns of classes.
    #[must_use]
    pub fn new(table: &'static Table, classes: Vec<String>) -> Self {
        Self::of_schema(table, table.schema(), classes)
    }

    fn of_schema(table: &'static Table, schema: u64, classes: Vec<String>) -> Self {
        Self { table, schema, names: table.names(schema, &classes), classes }
    }

    /// The headers that earlier versions of the program wrote, the oldest first.
    pub fn earlier(&self) -> impl Iterator<Item = Self> + '_ {
        let of = |schema| Self::of_schema(self.table, schema, self.classes.clone());
        (1..self.schema).map(of)
    }

    /// The number of the schema.
    #[must_use]
    pub fn schema(&self) -> u64 {
        self.schema
    }

    /// The names of the columns.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The columns with their full names.
    #[must_use]
    pub fn columns(&self) -> Vec<(String, &'static Column)> {
        self.table.columns(self.schema, &self.classes)
    }

    /// The first line of a CSV file, without its newline.
    #[must_use]
    pub fn line(&self) -> String {
        self.names.join(",")
    }

    /// What stands in the last column.
    #[must_use]
    pub fn last_kind(&self) -> Option<Kind> {
        self.table.columns(self.schema, &self.classes).last().map(|(_, column)| column.kind)
    }
}

/// Whether a class must not be called `class`: it would have a column in common with the columns that every
/// file has, or with those of another class.
#[must_use]
pub fn is_reserved(class: &str) -> bool {
    let columns = || TABLES.iter().flat_map(|table| table.groups.iter().copied().flatten());
    let is_fixed = |name: &str| columns().any(|column| column.name == name);
    is_fixed(class)
        || columns().filter(|column| column.is_per_class()).any(|column| {
            let suffix = column.name.trim_start_matches(CLASS);
            is_fixed(&column.of_class(class)) || !suffix.is_empty() && class.ends_with(suffix)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes() -> Vec<String> {
        ["east", "west"].map(str::to_owned).into()
    }

    #[test]
    fn a_header_has_a_column_for_each_class() {
        let names = |schema| SUMMARY.names(schema, &classes()).join(",");
        assert_eq!(
            names(1),
            "schema,run_id,started_at,ended_at,vantage,method,scope,targets,east,west,other,unknown,\
             unreached,east_share,east_low,east_high,west_share,west_low,west_high,verdict,carriers,\
             last_hops,rtt_ms,probes,complete"
        );
        let added = |schema| names(schema).split_off(names(schema - 1).len());
        assert_eq!(added(2), ",pinged,alive,suspect,alive_rtt_ms");
        assert_eq!(added(3), ",way_out,proven,doubts,peers,full_peers,visibility,origins,rpki");
    }

    #[test]
    fn a_header_knows_those_before_it() {
        let header = Header::new(&SUMMARY, classes());
        let earlier: Vec<Header> = header.earlier().collect();
        assert_eq!(earlier.iter().map(Header::schema).collect::<Vec<_>>(), [1, 2]);
        assert!(header.line().starts_with(&earlier[0].line()));
        assert_eq!(Header::new(&OWNER, Vec::new()).earlier().count(), 0);
    }

    fn row_is_as_header<R: Row<String>>() {
        for classes in [vec![], classes()] {
            let row = R::by_name(&classes, str::to_owned).into_values();
            assert_eq!(row, Header::new(R::TABLE, classes).names());
        }
    }

    /// The values of a row are in the order of the header, whatever the classes.
    #[test]
    fn a_row_is_as_its_header() {
        row_is_as_header::<SummaryRow<_>>();
        row_is_as_header::<TraceRow<_>>();
        row_is_as_header::<HopRow<_>>();
        row_is_as_header::<CountsRow<_>>();
        row_is_as_header::<CensusRow<_>>();
        row_is_as_header::<OwnerRow<_>>();
        row_is_as_header::<EventRow<_>>();
        row_is_as_header::<ExplanationRow<_>>();
        row_is_as_header::<StateRow<_>>();
        row_is_as_header::<DiffRow<_>>();
        row_is_as_header::<PeerRow<_>>();
        row_is_as_header::<MessageRow<_>>();
        row_is_as_header::<MeasurementRow<_>>();
        row_is_as_header::<RunRow<_>>();
    }

    /// A reader that knows an earlier schema finds everything where it was.
    #[test]
    fn new_columns_stand_at_the_end() {
        for table in TABLES {
            let since = table.groups.iter().copied().flatten().map(|column| column.since);
            assert!(since.is_sorted(), "{}", table.name);
        }
    }

    #[test]
    fn no_name_stands_twice() {
        for table in TABLES {
            let header = Header::new(table, classes());
            for (place, name) in header.names().iter().enumerate() {
                assert!(!header.names()[..place].contains(name), "{}: {name}", table.name);
            }
        }
    }
}
