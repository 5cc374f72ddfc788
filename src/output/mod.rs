//! How results are written: rows first, then a format.
//!
//! [`summary()`], [`traces()`], [`hops()`], [`counts()`] and [`census()`] turn results into [`Rows`] of typed
//! cells, whose columns are those of `columns`; [`write_csv`] and [`write_jsonl`] write them. The same results become
//! tables for people. Only `append` and `file` know files.

mod append;
mod bgp;
mod census;
mod explain;
mod file;
mod formats;
mod last_rows;
mod rows;
mod summary;
mod text_table;
mod traces;

pub use crate::trace::{LAB, is_simulated};
pub use append::{Appender, SetAside, torn};
pub use bgp::{
    BGP_METHOD, NO_MESSAGE, bgp_event_table, bgp_events, bgp_messages, bgp_peers, bgp_rows,
    bgp_run_id, bgp_table, explain_peers,
};
pub use census::{census, counts, counts_header, counts_table};
pub use explain::{Explanation, explanations};
pub use file::{LockFile, OutputError, sync_folder_of};
pub use formats::{csv_safe, io_error, write_csv, write_jsonl};
pub use last_rows::{LastRows, runs_in};
pub use rows::{Cell, Rows, Run};
pub use summary::{summary, summary_header, summary_table};
pub use text_table::{TextTable, wrapped};
pub use traces::{hops, traces};
