//! All files of all collectors, each record in the order of time.
//!
//! Files are opened one by one. What a file has of the block is kept until the next one begins, so that files may overlap
//! and be out of order a little; what is there twice counts once.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::input::{self, Found, Opened, Visit, Walk};

use super::files::{Listed, is_update, listed};
use super::record::{Record, Wanted, What};
use super::sink::{Learning, ReadCounts, Sink};
use super::{mrt, ripestat, ris_live, text};

/// A format.
#[derive(Debug)]
pub struct BgpFormat {
    name: &'static str,
    recognise: fn(&[u8]) -> bool,
    read: fn(&mut dyn BufRead, &mut Sink<'_>) -> io::Result<()>,
    /// Whether places are lines, and not bytes.
    has_lines: bool,
}

impl BgpFormat {
    /// Its name on the command line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// All formats, in the order in which they are tried.
pub static FORMATS: [BgpFormat; 6] = [
    BgpFormat { name: "mrt", recognise: mrt::is_mrt, read: mrt::read, has_lines: false },
    BgpFormat {
        name: "bgpdump",
        recognise: text::is_bgpdump,
        read: text::read_bgpdump,
        has_lines: true,
    },
    BgpFormat {
        name: "bgpreader",
        recognise: text::is_bgpreader,
        read: text::read_bgpreader,
        has_lines: true,
    },
    BgpFormat {
        name: "bgpkit",
        recognise: text::is_bgpkit,
        read: text::read_bgpkit,
        has_lines: true,
    },
    BgpFormat {
        name: "ris-live",
        recognise: ris_live::is_ris_live,
        read: ris_live::read,
        has_lines: true,
    },
    BgpFormat {
        name: "ripestat",
        recognise: ripestat::is_ripestat,
        read: ripestat::read,
        has_lines: true,
    },
];

/// The format called `name`.
#[must_use]
pub fn named(name: &str) -> Option<&'static BgpFormat> {
    FORMATS.iter().find(|format| format.name == name)
}

/// The format of what begins with `head`.
#[must_use]
pub fn recognise(head: &[u8]) -> Option<&'static BgpFormat> {
    FORMATS.iter().find(|format| (format.recognise)(head))
}

/// How files are read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// The format of all files; nothing recognises each by its content.
    pub from: Option<&'static BgpFormat>,
    /// The collector of files whose records do not name it; nothing takes it from their names.
    pub collector: Option<Arc<str>>,
    /// Which prefixes are kept.
    pub wanted: Wanted,
}

/// What is to be reported while files are read.
#[derive(Debug)]
pub enum Remark<'a> {
    /// A file is of this format, and of this collector.
    Format {
        /// The file's name.
        file: &'a str,
        /// The format's name.
        format: &'static str,
        /// The collector that its records are of where they do not name one.
        collector: &'a str,
    },
    /// Something in a file cannot be used, and why.
    Wrong {
        /// The place: file and line, or file and byte.
        place: String,
        /// Why.
        why: &'a str,
    },
    /// A file is not looked into, and why.
    PassedOver {
        /// The file's name.
        file: &'a str,
        /// Why.
        why: &'a str,
    },
    /// A file could not be read, or not to its end, while others could.
    Failed(&'a BgpError),
    /// Between the files of a collector others are missing, by their names.
    Gaps {
        /// The collector.
        collector: &'a str,
        /// How many times.
        count: usize,
        /// The longest: behind the end of the file before, until the next one.
        longest: (Timestamp, Timestamp),
    },
    /// Records were there twice, in files that overlap.
    Repeated {
        /// The collector.
        collector: &'a str,
        /// How many.
        count: u64,
    },
}

/// Why files of collectors cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BgpError {
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
    /// No file has a record.
    #[error("{files}: no route, update or session of BGP in it")]
    Nothing {
        /// The files' names.
        files: String,
    },
}

/// What came of reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What was read.
    pub counts: ReadCounts,
    /// Files that were read.
    pub files: u64,
    /// Files that could not be read, or not to their end.
    pub failed: u64,
}

type Take<'a> = &'a mut dyn FnMut(&Arc<str>, Record);
type Report<'a> = &'a mut dyn FnMut(Remark<'_>);

/// Reads files; `-` is stdin. `take` gets all records of one collector after the other, with the collector's name, each
/// in the order of time.
///
/// # Errors
/// When nothing could be read.
pub fn read_files(
    files: &[PathBuf],
    options: &ReadOptions,
    take: Take<'_>,
    remark: Report<'_>,
) -> Result<Outcome, BgpError> {
    let mut files_listed = listed(files);
    if let Some(collector) = &options.collector {
        for file in &mut files_listed {
            file.collector = Arc::clone(collector);
        }
    }
    for file in files_listed.iter_mut().filter(|file| file.from.is_none()) {
        file.from = first_time(&file.path, options);
    }
    files_listed.sort_by(Listed::order);
    let mut all = All {
        options,
        take,
        remark,
        walk: Walk::default(),
        outcome: Outcome::default(),
        failure: None,
    };
    for group in files_listed.chunk_by(|one, other| one.collector == other.collector) {
        all.collector(group);
    }
    let All { outcome, failure, remark, .. } = all;
    match failure {
        Some(error) if outcome.counts.records == 0 => return Err(error),
        Some(error) => remark(Remark::Failed(&error)),
        None if outcome.counts.records == 0 => {
            let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
            return Err(BgpError::Nothing { files: files.join(", ") });
        }
        None => {}
    }
    Ok(outcome)
}

/// When the first record of a file is from, whose name does not say it. What cannot be read at any place is read when
/// its turn comes.
fn first_time(path: &Path, options: &ReadOptions) -> Option<Timestamp> {
    if !path.metadata().is_ok_and(|about| about.is_file()) {
        return None;
    }
    let head = input::open(Some(path)).ok()?.head;
    let format = options.from.or_else(|| recognise(&head))?;
    let mut first: Option<Timestamp> = None;
    let mut sink = Sink {
        wanted: Wanted::everything(),
        counts: ReadCounts::default(),
        learning: &mut Learning::default(),
        take: &mut |record: Record| {
            first = Some(first.map_or(record.at, |first| first.min(record.at)));
        },
        wrong: &mut |_, _| {},
    };
    // The head ends anywhere.
    let _ = (format.read)(&mut head.as_slice(), &mut sink);
    first
}

struct All<'a> {
    options: &'a ReadOptions,
    take: Take<'a>,
    remark: Report<'a>,
    walk: Walk,
    outcome: Outcome,
    failure: Option<BgpError>,
}

/// So many files in a row on each side of those that are missing make a series; else somebody chose some files.
const SERIES: usize = 3;

/// Between two files of updates others are missing.
struct Hole {
    from: Timestamp,
    to: Timestamp,
    is_in_series: bool,
}

/// The records of a collector that wait for those of files that may have older ones.
#[derive(Default)]
struct Waiting {
    /// With the number of the file.
    records: Vec<(usize, Record)>,
    learning: Learning,
    repeated: u64,
}

impl All<'_> {
    fn collector(&mut self, files: &[Listed]) {
        let collector = &files[0].collector;
        let missing = self.gaps(collector, files);
        let mut waiting = Waiting::default();
        for (number, file) in files.iter().enumerate() {
            let hole =
                missing.iter().find(|hole| is_update(&file.path) && file.from == Some(hole.to));
            if let Some(hole) = hole {
                waiting.learning.interrupt();
                if hole.is_in_series {
                    let what = What::Silence { since: hole.from };
                    waiting.records.push((number, Record { at: hole.to, collector: None, what }));
                }
            }
            self.file(file, number, &mut waiting);
            let until = files.get(number + 1).map(|next| next.from);
            waiting.release(collector, until.flatten(), until.is_none(), self.take);
        }
        if waiting.repeated > 0 {
            (self.remark)(Remark::Repeated { collector, count: waiting.repeated });
        }
    }

    /// Reports files that are missing, as far as the names show how long each file is.
    fn gaps(&mut self, collector: &str, files: &[Listed]) -> Vec<Hole> {
        let updates = files.iter().filter(|file| is_update(&file.path));
        let times: Vec<Timestamp> = updates.filter_map(|file| file.from).collect();
        let steps: Vec<i64> =
            times.windows(2).map(|two| two[1].duration_since(two[0]).as_secs()).collect();
        let Some(step) = steps.iter().copied().filter(|step| *step > 0).min() else {
            return Vec::new();
        };
        let is_row = |places: std::ops::Range<usize>| {
            steps.get(places).is_some_and(|row| row.iter().all(|found| *found == step))
        };
        let hole = |place: usize| {
            let (last, to) = (times[place], times[place + 1]);
            let from = last.saturating_add(SignedDuration::from_secs(step)).unwrap_or(last);
            let before = place.checked_sub(SERIES - 1);
            let is_in_series = before.is_some_and(|before| is_row(before..place))
                && is_row(place + 1..place + SERIES);
            Hole { from, to, is_in_series }
        };
        let holes: Vec<Hole> =
            (0..steps.len()).filter(|place| steps[*place] > step).map(hole).collect();
        if let Some(longest) = holes.iter().max_by_key(|hole| hole.to.duration_since(hole.from)) {
            let longest = (longest.from, longest.to);
            (self.remark)(Remark::Gaps { collector, count: holes.len(), longest });
        }
        holes
    }

    fn file(&mut self, file: &Listed, number: usize, waiting: &mut Waiting) {
        let Self { options, remark, walk, outcome, failure, .. } = self;
        let mut fail = |error: BgpError, remark: Report<'_>, outcome: &mut Outcome| {
            outcome.failed += 1;
            if let Some(before) = failure.replace(error) {
                remark(Remark::Failed(&before));
            }
        };
        walk.through(&file.path, &mut |Visit { name, is_named, found }| match found {
            Found::Input(opened) => {
                let read =
                    read_one(name, opened, (file, is_named), options, number, waiting, remark);
                match read {
                    Ok(None) => {}
                    Ok(Some(counts)) => {
                        outcome.files += 1;
                        outcome.counts.add(counts);
                        outcome.failed += u64::from(counts.cut);
                    }
                    Err(error) => fail(error, remark, outcome),
                }
            }
            Found::Failed(source) => {
                fail(BgpError::File { file: name.into(), source }, remark, outcome);
            }
            Found::ReadBefore(before) => {
                let why = format!("it is the same file as {before}");
                remark(Remark::PassedOver { file: name, why: &why });
            }
            Found::PassedOver(why) => remark(Remark::PassedOver { file: name, why }),
        });
    }
}

/// Reads one file; nothing where it is passed over.
fn read_one(
    name: &str,
    mut opened: Opened<'_>,
    (file, is_named): (&Listed, bool),
    options: &ReadOptions,
    number: usize,
    waiting: &mut Waiting,
    remark: Report<'_>,
) -> Result<Option<ReadCounts>, BgpError> {
    let Some(format) = options.from.or_else(|| recognise(&opened.head)) else {
        let kind = input::kind(&opened.head);
        if !(is_named && file.is_named) {
            remark(Remark::PassedOver { file: name, why: kind });
            return Ok(None);
        }
        let formats: Vec<_> = FORMATS.iter().map(BgpFormat::name).collect();
        return Err(BgpError::Unrecognised {
            file: name.into(),
            kind,
            formats: formats.join(", "),
        });
    };
    remark(Remark::Format { file: name, format: format.name, collector: &file.collector });
    let Waiting { records, learning, .. } = waiting;
    let mut sink = Sink {
        wanted: options.wanted,
        counts: ReadCounts::default(),
        learning,
        take: &mut |record| records.push((number, record)),
        wrong: &mut |place, why| {
            let place = if format.has_lines {
                format!("{name}:{place}")
            } else {
                format!("{name}: byte {place}")
            };
            remark(Remark::Wrong { place, why });
        },
    };
    let read = (format.read)(&mut *opened.input, &mut sink);
    let counts = sink.counts;
    if counts.old > 0 {
        let why = format!(
            "{} records are of MRT's type 5, which went out of use in 2001, and are skipped",
            counts.old
        );
        remark(Remark::Wrong { place: name.to_owned(), why: &why });
    }
    read.map_err(|source| BgpError::File { file: name.into(), source })?;
    Ok(Some(counts))
}

impl Waiting {
    /// Hands on what is older than the records of the next file, or everything.
    fn release(
        &mut self,
        collector: &Arc<str>,
        until: Option<Timestamp>,
        everything: bool,
        take: Take<'_>,
    ) {
        if everything {
            let Self { records, learning, .. } = self;
            let number = records.last().map_or(0, |(number, _)| *number);
            let mut sink = Sink {
                wanted: Wanted::everything(),
                counts: ReadCounts::default(),
                learning,
                take: &mut |record| records.push((number, record)),
                wrong: &mut |_, _| {},
            };
            sink.end();
        }
        // A table shows what was before the updates of the same time.
        self.records.sort_by_key(|(_, record)| (record.at, !matches!(record.what, What::Table(_))));
        let ready = match until {
            Some(until) if !everything => {
                self.records.partition_point(|(_, record)| record.at < until)
            }
            None if !everything => 0,
            _ => self.records.len(),
        };
        let rest = self.records.split_off(ready);
        let ready = std::mem::replace(&mut self.records, rest);
        for together in ready.chunk_by(|one, other| one.1.at == other.1.at) {
            let several = together.iter().any(|(file, _)| *file != together[0].0);
            for (place, (file, record)) in together.iter().enumerate() {
                let is_repeated = several
                    && together[..place]
                        .iter()
                        .any(|(other, before)| other != file && before == record);
                if is_repeated {
                    self.repeated += 1;
                    continue;
                }
                let collector = record.collector.as_ref().unwrap_or(collector);
                take(collector, record.clone());
            }
        }
    }
}
