//! Which country's carrier carries the internet of North Korea: the library behind the `lasthop`
//! command.
//!
//! Data goes one way, and each room knows only what is left of it:
//!
//! ```text
//! targets ─► probe: plan ─► wire ⇄ network
//!                             │
//!                             ▼
//! files ─► import ─────────► trace ─► border ─► transit ─► split ─► output ─► history ─► picture
//!                                                 ▲
//!                                      owner ─────┘
//! ```
//!
//! - [`columns`]: which columns each file has. The ground floor of everything that reads or writes files.
//! - [`targets`]: what to ask. The block, the classes of transit, the carriers.
//! - [`probe`]: how to ask. What to send next, how fast, which bytes, and the sockets behind one
//!   seam.
//! - [`census`]: which targets live, and how fast they answer.
//! - [`trace`]: what came back. Hops, and why a trace ended.
//! - [`input`]: bytes of files on their way in: opened, decompressed, decoded, cut, on all cores.
//! - [`import`]: what came back elsewhere. A folder for each family of formats.
//! - [`owner`]: who holds an address, and which source says so.
//! - [`border`]: where foreign ends. The last foreign hop of a trace.
//! - [`transit`]: what that means. Class, confidence and reasons.
//! - [`split`]: how much. Counts and shares, per routed prefix and for the block.
//! - [`output`]: how it is told. Rows, and the formats they are written in.
//! - [`history`]: what changed since. Rows of many runs, read back.
//! - [`picture`]: how a history looks. In a terminal, as SVG, as a page.
//! - [`lab`]: a simulated internet beside the road, for demonstrations and tests.
//! - [`replay`]: a story of the lab measured run by run, in virtual time.
//! - [`cli`]: the command line on top.
//!
//! Everything from [`trace`] to [`output`] is a pure function of its input. Sockets, the clock and
//! chance come in through [`probe::transport::Transport`] and arguments.

pub mod border;
pub mod census;
#[cfg(feature = "cli")]
pub mod cli;
pub mod columns;
pub mod history;
pub mod import;
pub mod input;
pub mod lab;
pub mod output;
pub mod owner;
pub mod picture;
pub mod probe;
pub mod replay;
pub mod split;
pub mod survey;
pub mod targets;
pub mod trace;
pub mod transit;
