//! What changed since, and when: summaries that `--append` has collected, read back.
//!
//! Right of `output`, whose rows it reads, and a pure function of them: no clock, no chance. Rows of all
//! files go by once, in the order of their times, and what is kept of them is bounded: for each
//! *series* (a vantage, a method and a scope) how things are, the rows that an event may need
//! for evidence, and a [`Timeline`] of so many buckets. Only events are kept however many there are.
//!
//! ```text
//! summary_reader (lines ─► rows) ─► sort (by time) ─► read ─► series ─┬► presence, outage, change_point ─► event ─► join ─► incident
//!                                                                     └► timeline
//! ```
//!
//! **For pictures.** A picture is a function of a [`History`], in a room of its own right of this one
//! (`src/picture/`; printing stays in `cli`). [`read()`] with [`Wanted::buckets`] gives it everything:
//! [`History::series`] are sorted by vantage, method and scope, a block before its prefixes, and each
//! has its [`State`] and its [`Timeline`]. [`Timeline::stretches`] covers the time from the first run
//! to the last without holes: a [`Stretch`] has a [`Bucket`] or is a gap, so gaps in the
//! history are gaps in the picture. In a bucket, `shares / classified_runs` of a [`ClassSum`] is the height of
//! a stacked area; a strip is coloured by `carriers`; `classified() == 0 && unreached > 0` is an
//! outage; [`Rtt`] has low, mean and high. [`History::events`] (oldest first) have scope, kind and
//! the two times between which it happened ([`Side::at`]). A [`Name`] is a number;
//! [`Names::text`] of [`History::names`] has its word, free of control characters but not escaped for
//! XML. For a test, write rows as CSV and [`read()`] them.

mod change_point;
mod coverage;
mod csv_line;
mod dedup;
mod diff;
mod earlier;
mod error;
mod event;
mod held;
mod incident;
mod join;
mod migrate;
mod outage;
mod peers;
mod pick;
mod planes;
mod presence;
mod prometheus;
mod read;
mod row;
mod series;
mod significance;
mod sort;
mod spelling;
mod summary_reader;
mod tables;
mod timeline;

pub use crate::output::is_simulated;
pub use diff::{Difference, diff_rows, diff_table, differences};
pub use earlier::{Earlier, EarlierBorder, earlier};
pub use error::{HistoryError, LeftOut, Malformed, Remark};
pub use event::{Event, Kind, Side, Verdict};
pub use held::held_table;
pub use incident::{Incident, between, incidents};
pub use migrate::{Migrated, migrate};
pub use peers::{PeerSent, SentPath, peers};
pub use pick::{Picked, PickedRow, PickedRun, pick};
pub use planes::{Carried, Comparison, Situation, comparisons, situations};
pub use prometheus::prometheus;
pub use read::{Counts, History, Wanted, read};
pub use row::{ClassCount, Hosts, Interval, Name, Names, Plane, Row, VantageState};
pub use series::{Holding, Incomplete, Series, State};
pub use tables::{event_table, events, state_table, states};
pub use timeline::{Bucket, ClassSum, Rtt, Stretch, Timeline};
