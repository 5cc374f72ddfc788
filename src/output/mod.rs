//! How results are written: rows first, then a format.
//!
//! [`summary()`], [`traces()`], [`hops()`], [`counts()`] and [`census()`] turn results into [`Rows`] of typed
//! cells, whose columns are those of `columns`; [`csv`] and [`jsonl`] write them. The same results become
//! tables for people. Only `append` and `file` know files.

mod append;
mod census;
pub mod csv;
mod explain;
mod file;
mod hops;
pub mod jsonl;
mod rows;
mod summary;
mod table;
mod traces;

pub use append::{Appender, SetAside};
pub use census::{census, counts, counts_header, counts_table};
pub use explain::explain;
pub use file::{LockFile, OutputError};
pub use hops::hops;
pub use rows::{Cell, Rows, Run};
pub use summary::{summary, summary_header, summary_table};
pub use table::align;
pub use traces::traces;
