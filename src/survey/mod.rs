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
mod judge;
mod read;
mod store;

use std::io;

use foldhash::HashSet;

use crate::owner::Owners;
use crate::targets::Targets;
use crate::trace::Trace;
use crate::transit::{Evidence, Observation};

pub use collect::Collector;
pub use judge::{GroupBy, JudgeOptions, Judged, JudgedTrace};
pub use read::{ReadCounts, ReadOptions, Remark};
pub use store::Place;

use judge::Judging;
use store::{Packed, TraceStore};

/// What is kept of the traces beside what their judgement needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// Their hops, for rows and explanations.
    pub hops: bool,
    /// The foreign addresses, for questions to name servers.
    pub addresses: bool,
    /// Sort the traces by target, method and flow; else they stay in the order in which they came.
    pub sorted: bool,
}

/// Traces that are collected and then judged together.
#[derive(Debug)]
pub struct Survey<'t> {
    targets: &'t Targets,
    keep: Keep,
    store: TraceStore,
    /// What the traces show together.
    pub collected: Collector,
    /// What was read from files.
    pub counts: ReadCounts,
    /// The content of the traces that were read from files, as one number each.
    seen: HashSet<u64>,
}

/// Why a survey failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SurveyError {
    /// A file cannot be opened, or not read to its end.
    #[error("{file}: {source}")]
    File {
        /// The file's name.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// No format recognises a file.
    #[error("{file}: not recognised: {kind}; --from may be one of {formats}")]
    Unrecognised {
        /// The file's name.
        file: String,
        /// What it is, by its beginning.
        kind: &'static str,
        /// The names of all formats.
        formats: String,
    },
    /// No file has a traceroute.
    #[error("{files}: no traceroute in it{}", also_malformed(*malformed))]
    NoTraceroute {
        /// The files' names.
        files: String,
        /// How many records could not be read.
        malformed: u64,
    },
    /// A trace cannot be kept until it is judged.
    #[error("keeping traces in a temporary file: {0}")]
    Store(#[source] io::Error),
    /// Traces that were kept cannot be read back.
    #[error("reading back a temporary file: {0}")]
    ReadBack(#[source] io::Error),
}

fn also_malformed(count: u64) -> String {
    match count {
        0 => String::new(),
        _ => format!(" ({count} broken records, -v lists them)"),
    }
}

impl<'t> Survey<'t> {
    /// A survey without traces.
    #[must_use]
    pub fn new(targets: &'t Targets, keep: Keep) -> Self {
        Self {
            targets,
            keep,
            store: TraceStore::new(keep.sorted),
            collected: Collector::new(keep.addresses),
            counts: ReadCounts::default(),
            seen: HashSet::default(),
        }
    }

    /// Adds a trace. One to a destination outside the block counts nowhere.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub fn add(&mut self, trace: &Trace) -> Result<(), SurveyError> {
        let observation = Observation::of(trace, self.targets);
        let mut packed = Packed::default();
        packed
            .push(Place::default(), &observation, trace, self.keep.hops)
            .and_then(|()| self.store.push(&packed))
            .map_err(SurveyError::Store)?;
        self.collected.add(observation, self.targets);
        Ok(())
    }

    /// A number that follows from the traces: the same traces in the same order have the same.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.store.digest()
    }

    /// Judges all traces and counts them.
    ///
    /// # Errors
    /// When the temporary file cannot be read back.
    pub fn judge(self, owners: &Owners<'t>) -> Result<Judged<'t>, SurveyError> {
        self.judge_with(owners, &JudgeOptions::default(), |_, _| (), |()| ())
    }

    /// Judges all traces and counts them. `work` gets those that were kept with their hops, some at
    /// a time, on any core, with what all of them show together; `take` gets what it makes of them, on
    /// the calling thread, in order.
    ///
    /// # Errors
    /// When the temporary file cannot be read back.
    pub fn judge_with<R: Send>(
        self,
        owners: &Owners<'t>,
        options: &JudgeOptions<'_>,
        work: impl Fn(&[JudgedTrace], &Evidence) -> R + Sync,
        take: impl FnMut(R),
    ) -> Result<Judged<'t>, SurveyError> {
        let batches = self.store.read_back().map_err(SurveyError::ReadBack)?;
        let evidence = &self.collected.evidence;
        Judging { targets: self.targets, owners, evidence, options }.all(batches, work, take)
    }
}
