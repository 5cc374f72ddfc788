//! Reading files of traceroutes into a survey: what is ours is kept, what is not is counted.
//!
//! The records of a file are parsed and packed on all cores; the calling thread puts the packs into
//! the store, in the order of the input.

use std::io::{self, BufRead};
use std::net::Ipv4Addr;
use std::path::PathBuf;

use foldhash::HashSet;

use crate::import::{self, Finding, Findings, Format, NoDestination};
use crate::input::{self, Found, Opened, Visit};
use crate::targets::Targets;
use crate::transit::Observation;

use super::collect::Survey;
use super::counts::ReadCounts;
use super::error::SurveyError;
use super::store::{Packed, Place, retain};

const NO_DESTINATION: &str = "no header names the destination (--target ADDRESS does)";

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
        /// Its line, from 1; where there are no lines, the number of the record.
        line: u64,
        /// Why.
        why: String,
    },
    /// A file could not be read, or not to its end, while others could.
    Failed(SurveyError),
    /// A file that nobody named is not looked into, or has no traceroute in it; and why.
    PassedOver {
        /// The file's name.
        file: &'a str,
        /// Why.
        why: &'static str,
    },
    /// Traces of a file, or all of it, were read before. They count once.
    ReadBefore {
        /// The file's name.
        file: &'a str,
        /// What is there twice.
        what: String,
    },
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
    /// Reads files one after the other; `-` is stdin. Folders and archives are read file by file. A file that
    /// cannot be read keeps no other from being read. Returns the names of what was read, by which
    /// [`Place::file`] counts.
    ///
    /// # Errors
    /// When no file has a traceroute, or the temporary file cannot be written.
    pub fn read_files(
        &mut self,
        files: &[PathBuf],
        options: &ReadOptions,
        remark: &mut dyn FnMut(Remark<'_>),
    ) -> Result<Vec<String>, SurveyError> {
        let (mut names, mut failure, mut cannot_store) = (Vec::new(), None, None);
        let mut walk = input::Walk::default();
        for file in files {
            walk.through(file, &mut |visit| {
                if cannot_store.is_some() {
                    return;
                }
                match self.visit(&mut names, visit, options, remark) {
                    Err(error @ SurveyError::Store(_)) => cannot_store = Some(error),
                    Err(error) => {
                        self.counts.failed += 1;
                        if let Some(before) = failure.replace(error) {
                            remark(Remark::Failed(before));
                        }
                    }
                    Ok(()) => {}
                }
            });
        }
        if let Some(error) = cannot_store {
            return Err(error);
        }
        let counts = &self.counts;
        let found = counts.used + counts.refused + counts.skipped + counts.without_traces;
        match failure {
            Some(error) if found == 0 => Err(error),
            None if found == 0 => {
                let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
                let (files, malformed) = (files.join(", "), counts.malformed);
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

    /// Reads what a service sends, as it comes. Without a single trace it has failed in nothing.
    ///
    /// # Errors
    /// When `input` fails, or the temporary file cannot be written. What came before counts.
    pub fn read_stream(
        &mut self,
        names: &mut Vec<String>,
        name: &str,
        input: &mut (dyn BufRead + Send),
        format: &'static Format,
        options: &ReadOptions,
        remark: &mut dyn FnMut(Remark<'_>),
    ) -> Result<(), SurveyError> {
        self.counts.files += 1;
        names.push(name.to_owned());
        let opened = Opened { head: Vec::new(), input: Box::new(input) };
        let read = self.read_input(names.len() - 1, name, opened, format, options, remark);
        if matches!(read, Err(SurveyError::File { .. })) {
            self.counts.failed += 1;
        }
        read
    }

    fn visit(
        &mut self,
        names: &mut Vec<String>,
        visit: Visit<'_>,
        options: &ReadOptions,
        remark: &mut dyn FnMut(Remark<'_>),
    ) -> Result<(), SurveyError> {
        let Visit { name, is_named, found } = visit;
        let opened = match found {
            Found::Input(opened) => opened,
            Found::Failed(source) => {
                self.counts.files += 1;
                return Err(SurveyError::File { file: name.into(), source });
            }
            Found::ReadBefore(before) => {
                self.counts.same_files += 1;
                let what = format!("the same file as {before}");
                remark(Remark::ReadBefore { file: name, what });
                return Ok(());
            }
            Found::PassedOver(why) => {
                self.counts.passed_over += 1;
                remark(Remark::PassedOver { file: name, why });
                return Ok(());
            }
        };
        self.counts.files += 1;
        let format = options.from.or_else(|| import::recognise(&opened.head));
        let kind = input::kind(&opened.head);
        match format {
            Some(format) => {
                names.push(name.to_owned());
                self.read_input(names.len() - 1, name, opened, format, options, remark)
            }
            // As services answer that have found nothing.
            None if import::is_empty_list(&opened.head) => {
                self.counts.without_traces += 1;
                Ok(())
            }
            None if is_named => {
                let formats: Vec<_> = import::FORMATS.iter().map(Format::name).collect();
                Err(SurveyError::Unrecognised {
                    file: name.into(),
                    kind,
                    formats: formats.join(", "),
                })
            }
            None => {
                self.counts.passed_over += 1;
                remark(Remark::PassedOver { file: name, why: kind });
                Ok(())
            }
        }
    }

    fn read_input(
        &mut self,
        place: usize,
        name: &str,
        mut opened: Opened<'_>,
        format: &'static Format,
        options: &ReadOptions,
        remark: &mut dyn FnMut(Remark<'_>),
    ) -> Result<(), SurveyError> {
        remark(Remark::Format { file: name, format: format.name() });
        let Self { targets, keep, store, collected, counts, seen } = self;
        let targets: &Targets = targets;
        let keep_hops = keep.hops;
        let mut stored = Ok(());
        let (mut repeated, mut used) = (0, 0);
        let read = format.sift(
            &mut *opened.input,
            &|address| targets.block.contains(address),
            |findings| sift(findings, place, targets, keep_hops, options),
            |mut sifted: Sifted| {
                repeated += sifted.drop_repeated(seen);
                used += sifted.counts.used;
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
        if repeated > 0 {
            let what = match (repeated, used) {
                (_, 0) => "all of its traces were read before; they count once".to_owned(),
                (1, _) => "1 of its traces was read before; it counts once".to_owned(),
                _ => format!("{repeated} of its traces were read before; they count once"),
            };
            remark(Remark::ReadBefore { file: name, what });
        }
        stored.map_err(SurveyError::Store)?;
        read.map_err(|source| SurveyError::File { file: name.into(), source })
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
    /// Drops the traces that are in `seen`, to which all others are added. Returns how many.
    fn drop_repeated(&mut self, seen: &mut HashSet<u64>) -> u64 {
        let stays = self.packed.drop_repeated(seen);
        let repeated = stays.iter().filter(|stays| !**stays).count() as u64;
        if repeated > 0 {
            retain(&mut self.observations, &stays);
            self.counts.used -= repeated;
            self.counts.repeated += repeated;
        }
        repeated
    }

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
            self.counts.skip(why, 1);
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
