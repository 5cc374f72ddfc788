//! What route collectors recorded: the control plane, beside `import` on the road.
//!
//! `files` finds which files there are of each collector, `read` makes [`Record`]s of them, whatever the format.
//! Only what touches the block is kept.

mod attributes;
mod files;
mod mrt;
mod path;
mod read;
mod record;
mod ripestat;
mod ris_live;
mod sink;
mod text;

pub use files::{Listed, listed};
pub use path::{AsPath, NextTo, PathHop};
pub use read::{
    BgpError, BgpFormat, FORMATS, Outcome, ReadOptions, Remark, named, read_files, recognise,
};
pub use record::{
    Aggregate, Extent, Nlri, Peer, Record, Size, Table, TablePeer, TableRoute, Update, Wanted, What,
};
pub use sink::ReadCounts;
