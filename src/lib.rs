//! Which country's carrier carries the internet of North Korea: the library behind the `lasthop`
//! command.
//!
//! [`survey`] is where to begin: traces go in, from the prober or from files, and a judged split comes
//! out. `examples/trace_prefix.rs` traces a prefix and classifies it, `examples/classify_file.rs`
//! classifies a file.
//!
//! Data goes one way, and each room knows only what is left of it:
//!
//! ```text
//! targets ─► probe: scheduler ─► transport ⇄ network
//!                       │
//!                       ▼
//! files ─► input ─► import ─► trace ─► border ─► transit ─► split ─► output ─► history ─► picture
//!                                           ▲
//!                                owner ─────┘
//! ```
//!
//! - [`columns`]: which columns each file has. Headers, readers and schemas are made from it.
//! - [`targets`]: the block, the classes of transit and the carriers, from `targets.toml`.
//! - [`trace`]: what came back. Hops, stop reasons, and where a path ends.
//! - [`probe`]: how to ask. What to send next, how fast, which bytes, and the sockets behind one seam.
//! - [`census`]: which targets are alive, and how fast they answer.
//! - [`input`]: files on their way in. Opened, decompressed, decoded, cut into records, on all cores.
//! - [`import`]: traceroutes made elsewhere. One folder for each family of formats.
//! - `remote`: RIPE Atlas and Globalping, with the feature of that name. It hands lines to [`import`].
//! - [`bgp`]: what route collectors recorded of the block: which AS is next to its origin.
//! - [`owner`]: who holds an address, and which source says so.
//! - [`border`]: the last foreign hop of a trace.
//! - [`transit`]: class, confidence and reasons.
//! - [`split`]: counts and shares, for each routed prefix and for the block.
//! - [`survey`]: the pipeline from traces to a judged split.
//! - [`output`]: rows, and the formats they are written in.
//! - [`history`]: what changed since. Rows of many runs, read back.
//! - [`picture`]: a history in a terminal, as SVG, and as a page.
//! - [`lab`]: a simulated internet beside the road, for demonstrations and tests.
//! - [`replay`]: a story of the lab measured run by run, in virtual time.
//! - `sandbox`: what the process gives up before it reads what strangers wrote, with the feature of the command line.
//! - `cli`: the command line on top, with the feature of that name.
//!
//! Everything from [`trace`] to [`output`] is a pure function of its input. Sockets, the clock and
//! chance come in through [`probe::transport::Transport`] and arguments.

pub mod bgp;
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
pub mod plain_text;
pub mod probe;
#[cfg(feature = "remote")]
pub mod remote;
pub mod replay;
#[cfg(feature = "cli")]
pub mod sandbox;
pub mod split;
pub mod survey;
pub mod targets;
pub mod trace;
pub mod transit;
