//! Reading files of traceroutes into a survey: what is ours is kept, what is not is counted.
//!
//! The records of a file are parsed and packed on all cores; the calling thread puts the packs into
//! the store, in the order of the input.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use crate::import::{self, Finding, Findings, Format, NoDestination};
use crate::input;
use crate::targets::Targets;
use crate::transit::Observation;

use super::store::{Packed, Place};
use super::{Survey, SurveyError};

const NO_DESTINATION: &str = "no header names the destination (--target ADDRESS does)";
/// How many causes the closing line names.
const MOST_CAUSES: usize = 3;

/// How files are read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The format of all files; nothing recognises each by its content.
    pub from: Option<&'static Format>,
    /// The destination of traces that do not name theirs; nothing concludes it from the last answer.
    pub target: Option<Ipv4Addr>,
    /// Whether to remark on every single record that is left out.
    pub details: bool,
}

/// What is to be reported while files are read.
#[derive(Debug)]
pub enum Remark<'a> {
    /// A file is of this format.
    Format {
        /// The file's name.
        file: &'a str,
        /// The format's name.
        format: &'static str,
    },
    /// A record is not used, and why.
    NotUsed {
        /// The file's name.
        file: &'a str,
        /// Its line, from 1; in binary formats the number of the record.
        line: u64,
        /// Why.
        why: String,
    },
    /// A file could not be read, or not to its end, while others could.
    Failed(SurveyError),
}

/// What became of the records of all files.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ReadCounts {
    /// Traceroutes to the block.
    pub used: u64,
    /// Traceroutes to other destinations.
    pub refused: u64,
    /// Records that are no traceroutes to an IPv4 address.
    pub skipped: u64,
    /// Records that cannot be read.
    pub malformed: u64,
    /// Lines of texts that belong to no traceroute.
    pub other: u64,
    /// Files that could not be read, or not to their end.
    pub failed: u64,
    /// Why records were skipped, and how often.
    pub causes: BTreeMap<String, u64>,
}

impl ReadCounts {
    fn add(&mut self, others: Self) {
        self.used += others.used;
        self.refused += others.refused;
        self.skipped += others.skipped;
        self.malformed += others.malformed;
        self.other += others.other;
        self.failed += others.failed;
        for (cause, count) in others.causes {
            *self.causes.entry(cause).or_default() += count;
        }
    }

    /// Whether everything could be read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed == 0 && self.malformed == 0
    }

    /// All counts on one line, for a block that is called `block`.
    #[must_use]
    pub fn summary(&self, block: impl fmt::Display) -> String {
        let Self { used, refused, skipped, malformed, other, failed, causes } = self;
        let read = used + refused + skipped + malformed;
        let mut text = format!(
            "{read} read, {used} used, {refused} refused (destination outside {block}), {skipped} \
             left out, {malformed} broken"
        );
        if *other > 0 {
            let _ = write!(text, ", {other} other lines");
        }
        if *failed > 0 {
            let _ = write!(text, ", {failed} files not read to their end");
        }
        let mut causes: Vec<_> = causes.iter().map(|(cause, count)| (*count, cause)).collect();
        causes.sort_unstable_by(|one, other| other.cmp(one));
        for (count, cause) in causes.iter().take(MOST_CAUSES) {
            let _ = write!(text, "; {count} {cause}");
        }
        text
    }
}

/// What some findings of a file come to.
#[derive(Default)]
struct Sifted {
    packed: Packed,
    failed: Option<io::Error>,
    observations: Vec<Observation>,
    counts: ReadCounts,
    not_used: Vec<(u64, String)>,
}

impl Survey<'_> {
    /// Reads files one after the other; `-` is stdin. A file that cannot be read keeps no other from
    /// being read. Returns the names of the files, by which [`Place::file`] counts.
    ///
    /// # Errors
    /// When no file has a traceroute, or the temporary file cannot be written.
    pub fn read_files(
        &mut self,
        files: &[PathBuf],
        options: &ReadOptions,
        remark: &mut dyn FnMut(Remark<'_>),
    ) -> Result<Vec<String>, SurveyError> {
        let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let mut failure = None;
        for (place, (file, name)) in files.iter().zip(&names).enumerate() {
            match self.read_file(place, file, name, options, remark) {
                Err(error @ SurveyError::Store(_)) => return Err(error),
                Err(error) => {
                    self.counts.failed += 1;
                    if let Some(before) = failure.replace(error) {
                        remark(Remark::Failed(before));
                    }
                }
                Ok(()) => {}
            }
        }
        let nothing = self.counts.used + self.counts.refused + self.counts.skipped == 0;
        match failure {
            Some(error) if nothing => Err(error),
            None if nothing => {
                let (files, malformed) = (names.join(", "), self.counts.malformed);
                Err(SurveyError::NoTraceroute { files, malformed })
            }
            failure => {
                if let Some(error) = failure {
                    remark(Remark::Failed(error));
                }
                Ok(names)
            }
        }
    }

    fn read_file(
        &mut self,
        place: usize,
        file: &Path,
        name: &str,
        options: &ReadOptions,
        remark: &mut dyn FnMut(Remark<'_>),
    ) -> Result<(), SurveyError> {
        let failed = |source| SurveyError::File { file: name.into(), source };
        let path = Some(file).filter(|file| *file != Path::new("-"));
        let mut opened = input::open(path).map_err(failed)?;
        let Some(format) = options.from.or_else(|| import::recognise(&opened.head)) else {
            let formats: Vec<_> = import::FORMATS.iter().map(Format::name).collect();
            return Err(SurveyError::Unrecognised {
                file: name.into(),
                formats: formats.join(", "),
            });
        };
        remark(Remark::Format { file: name, format: format.name() });
        let Self { targets, keep, store, collected, counts } = self;
        let targets: &Targets = targets;
        let keep_hops = keep.hops;
        let mut stored = Ok(());
        let read = format.sift(
            &mut *opened.input,
            &|address| targets.block.contains(address),
            |findings| sift(findings, place, targets, keep_hops, options),
            |sifted: Sifted| {
                for observation in sifted.observations {
                    collected.add(observation, targets);
                }
                for (line, why) in sifted.not_used {
                    remark(Remark::NotUsed { file: name, line, why });
                }
                counts.add(sifted.counts);
                if stored.is_ok() {
                    stored = sifted.failed.map_or_else(|| store.push(&sifted.packed), Err);
                }
            },
        );
        stored.map_err(SurveyError::Store)?;
        read.map_err(failed)
    }
}

/// Keeps the traces to the block, and counts everything else.
fn sift(
    findings: &mut Findings<'_>,
    file: usize,
    targets: &Targets,
    keep_hops: bool,
    options: &ReadOptions,
) -> Sifted {
    let mut sifted = Sifted::default();
    let mut take = |line, finding| match finding {
        Finding::Trace(trace) if targets.block.contains(trace.target) => {
            let observation = Observation::of(&trace, targets);
            let place = Place { file, line };
            let pushed = sifted.packed.push(place, &observation, &trace, keep_hops);
            sifted.failed = sifted.failed.take().or(pushed.err());
            sifted.observations.push(observation);
            sifted.counts.used += 1;
        }
        other => sifted.count(line, other, options.details),
    };
    for (line, finding) in findings {
        match finding {
            Finding::NoDestination(found) => {
                for finding in aimed(*found, targets, options.target) {
                    take(line, finding);
                }
            }
            finding => take(line, finding),
        }
    }
    sifted
}

impl Sifted {
    /// Counts what is not used, and says why if details are wanted.
    fn count(&mut self, line: u64, finding: Finding, details: bool) {
        match finding {
            Finding::Trace(_) | Finding::OutOfScope(_) => self.counts.refused += 1,
            Finding::Skipped(_) | Finding::NoDestination(_) => self.counts.skipped += 1,
            Finding::Malformed(_) => self.counts.malformed += 1,
            Finding::OtherLines(lines) => {
                self.counts.other += lines;
                return;
            }
        }
        if details {
            let why = match &finding {
                Finding::Trace(trace) => format!("{} is outside the block", trace.target),
                Finding::OutOfScope(target) => format!("{target} is outside the block"),
                Finding::NoDestination(_) => format!("left out: {NO_DESTINATION}"),
                Finding::Skipped(why) => format!("left out: {why}"),
                Finding::Malformed(why) => format!("broken: {why}"),
                Finding::OtherLines(_) => return,
            };
            self.not_used.push((line, why));
        }
        if let Finding::Skipped(why) = finding {
            *self.counts.causes.entry(why).or_default() += 1;
        }
    }
}

/// A trace that does not name its destination: the last answer does, where it came from the block.
fn aimed(found: NoDestination, targets: &Targets, target: Option<Ipv4Addr>) -> Vec<Finding> {
    let home = || found.answered_last().filter(|last| targets.block.contains(*last));
    match target.or_else(home) {
        Some(target) => found.to(target),
        None => vec![Finding::Skipped(NO_DESTINATION.into())],
    }
}
