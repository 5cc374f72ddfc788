//! Traces in, a judged split out: the pipeline that every command and every library user shares.
//!
//! A [`Survey`] takes traces one by one, from the prober or from files, and keeps of each what its
//! judgement needs: an observation, or the whole trace where rows or explanations are wanted. When all
//! are in, [`Survey::judge`] judges each by the evidence of all, on all cores, and counts. It stands
//! right of `import` and `transit`, left of `output`. It prints nothing: what is to be reported comes
//! back as values.
//!
//! ```
//! use lasthop::{owner::Owners, survey::{Keep, ReadOptions, Survey}, targets::Targets};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("trace.txt");
//! # std::fs::write(&file, "traceroute to 175.45.177.10 (175.45.177.10), 30 hops max\n 1  192.168.1.1  1 ms\n 2  188.43.225.153  150 ms\n 3  175.45.177.10  180 ms\n")?;
//! let targets = Targets::built_in()?;
//! let owners = Owners::new(&targets);
//! let mut survey = Survey::new(&targets, Keep::default());
//! survey.read_files(&[file], &ReadOptions::default(), &mut |_| {})?;
//! let judged = survey.judge(&owners)?;
//! let split = judged.split();
//! for (class, count) in &split.block.counts {
//!     println!("{}: {count}", class.name(&targets.classes));
//! }
//! # assert!(judged.is_classified());
//! # Ok(())
//! # }
//! ```

mod collect;
mod counts;
mod error;
mod judge;
mod read;
mod store;

pub use collect::{Collector, Keep, Survey};
pub use counts::ReadCounts;
pub use error::SurveyError;
pub use judge::{GroupBy, JudgeOptions, Judged, JudgedTrace};
pub use read::{ReadOptions, Remark};
pub use store::Place;
