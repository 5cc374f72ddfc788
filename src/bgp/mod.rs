//! What route collectors recorded: the control plane, beside `import` on the road.
//!
//! `files` finds which files there are of each collector, `read` makes [`Record`]s of them, whatever the format, as far as
//! they touch the block. `collector` takes them in the order of time: `peers` has what each peer knows, `view` counts the
//! peers by the AS next to the origin, and `change` finds what changed once it has come to rest.
//!
//! ```text
//! files ─► read (mrt, text, ris_live, ripestat) ─► collector: peers ─► view, change ─► output
//! ```

mod attributes;
mod change;
mod collector;
mod files;
mod mrt;
mod networks;
mod path;
mod peers;
mod read;
mod record;
mod ripestat;
mod ris_live;
mod sink;
mod text;
mod view;
mod vrps;

pub use change::{Event, Kind, Side};
pub use collector::{Collector, Found, Options, PeerSpec};
pub use files::{Listed, listed};
pub use networks::Networks;
pub use path::{AsPath, NextTo, PathHop};
pub use peers::{FullFeed, PeerKind};
pub use read::{
    BgpError, BgpFormat, FORMATS, Outcome, ReadOptions, Remark, named, read_files, recognise,
};
pub use record::{
    Aggregate, Extent, Nlri, Peer, Record, Size, Table, TablePeer, TableRoute, Update, Wanted, What,
};
pub use sink::ReadCounts;
pub use view::{PeerPath, PeerRoute, ScopeView, View};
pub use vrps::{Rpki, VrpError, Vrps};
