//! The first pass: reads the files, refuses what is not ours, hears the rest.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::import::{self, Finding, Findings, Format, Targetless};
use crate::targets::Targets;
use crate::trace::{Method, Trace};

use super::super::common::Common;
use super::counts::Counts;
use super::ear::{Ear, Said};
use super::spool::{Packed, Place, Spool, Spooled};

const NO_DESTINATION: &str = "no header names the destination (--target ADDRESS does)";

/// All traces to the block, heard.
pub(super) struct Heard {
    pub(super) traces: Spooled,
    pub(super) digest: u64,
    pub(super) all: Ear,
    pub(super) files: Vec<String>,
    counts: Counts,
}

/// Reads files one after the other.
pub(super) struct Reading<'a> {
    targets: &'a Targets,
    common: &'a Common,
    /// The destination where a file does not say it.
    target: Option<Ipv4Addr>,
    /// Whether traces are kept with their hops, for rows and explanations.
    whole: bool,
    spool: Spool,
    spooled: io::Result<()>,
    ear: Ear,
    counts: Counts,
}

impl<'a> Reading<'a> {
    /// Remembers the addresses it comes upon, where `asks`.
    pub(super) fn new(
        targets: &'a Targets,
        common: &'a Common,
        target: Option<Ipv4Addr>,
        asks: bool,
    ) -> Self {
        Self {
            targets,
            common,
            target,
            whole: false,
            spool: Spool::new(),
            spooled: Ok(()),
            ear: Ear::new(asks),
            counts: Counts::default(),
        }
    }

    /// Keeps the hops of traces too, where `whole`.
    pub(super) fn keeping(self, whole: bool) -> Self {
        Self { whole, ..self }
    }

    /// Reads all files, or stdin without any. A file that cannot be read keeps no other from being
    /// read; only when nothing at all was found is that an error.
    pub(super) fn all(
        mut self,
        files: &[PathBuf],
        from: Option<&'static dyn Format>,
    ) -> anyhow::Result<Heard> {
        let stdin = [PathBuf::from("-")];
        let files = if files.is_empty() { &stdin[..] } else { files };
        let mut failure = None;
        for (place, file) in files.iter().enumerate() {
            if let Err(error) = self.one(place, file, from) {
                self.counts.failed += 1;
                if let Some(before) = failure.replace(error) {
                    self.common.warn(&format!("{before:#}"));
                }
            }
        }
        std::mem::replace(&mut self.spooled, Ok(()))
            .context("keeping traces in a temporary file")?;
        let nothing = self.counts.is_nothing();
        match failure {
            Some(error) if nothing => return Err(error),
            Some(error) => self.common.warn(&format!("{error:#}")),
            None if nothing => anyhow::bail!("{}", self.no_traceroute(files)),
            None => {}
        }
        self.heard(files)
    }

    fn no_traceroute(&self, files: &[PathBuf]) -> String {
        let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let broken = match self.counts.broken {
            0 => String::new(),
            count => format!(" ({count} broken records, -v lists them)"),
        };
        format!("{}: no traceroute in it{broken}", names.join(", "))
    }

    fn heard(self, files: &[PathBuf]) -> anyhow::Result<Heard> {
        let (traces, digest) = self.spool.taken().context("reading back a temporary file")?;
        Ok(Heard {
            traces,
            digest,
            all: self.ear,
            files: files.iter().map(|file| file.display().to_string()).collect(),
            counts: self.counts,
        })
    }

    fn one(
        &mut self,
        place: usize,
        file: &Path,
        from: Option<&'static dyn Format>,
    ) -> anyhow::Result<()> {
        let name = file.display().to_string();
        let path = Some(file).filter(|file| *file != Path::new("-"));
        let mut opened = import::open(path).with_context(|| name.clone())?;
        let format = from.or_else(|| import::recognise(&opened.head)).with_context(|| {
            let names: Vec<_> = import::FORMATS.iter().map(|format| format.name()).collect();
            format!("{name}: not recognised; --from may be one of {}", names.join(", "))
        })?;
        self.common.say(|| format!("{name}: {}", format.name()));
        let Self { targets, common, target, whole, ear, spool, spooled, counts } = self;
        let sieve =
            Sieve { targets, common, target: *target, whole: *whole, file: place, name: &name };
        let wanted = |address: Ipv4Addr| targets.block.contains(address);
        let work = |findings: &mut Findings<'_>| sieve.sift(findings);
        let take = |notes: Notes| {
            notes.heard.into_iter().for_each(|said| ear.hear(said, targets));
            notes.told.iter().for_each(|told| common.warn(told));
            counts.add(notes.counts);
            if spooled.is_ok() {
                *spooled = notes.packed.and_then(|packed| spool.push(&packed));
            }
        };
        import::read(format, &mut *opened.input, &wanted, work, take).with_context(|| name.clone())
    }
}

/// Sifts the findings of one file.
struct Sieve<'a> {
    targets: &'a Targets,
    common: &'a Common,
    /// The destination where a file does not say it.
    target: Option<Ipv4Addr>,
    /// Whether traces are kept with their hops.
    whole: bool,
    file: usize,
    name: &'a str,
}

/// What some findings come to.
struct Notes {
    packed: io::Result<Packed>,
    counts: Counts,
    /// What the traces say to each other.
    heard: Vec<Said>,
    /// What is told of single ones.
    told: Vec<String>,
}

impl Sieve<'_> {
    fn sift(&self, findings: &mut Findings<'_>) -> Notes {
        let mut notes = Notes {
            packed: Ok(Packed::default()),
            counts: Counts::default(),
            heard: Vec::new(),
            told: Vec::new(),
        };
        for (line, finding) in findings {
            match finding {
                Finding::Targetless(found) => {
                    for finding in self.aimed(*found) {
                        self.take(&mut notes, line, finding);
                    }
                }
                finding => self.take(&mut notes, line, finding),
            }
        }
        notes
    }

    fn take(&self, notes: &mut Notes, line: u64, finding: Finding) {
        match finding {
            Finding::Trace(trace) if self.targets.block.contains(trace.target) => {
                let said = Said::by(&trace, self.targets);
                notes.keep(Place { file: self.file, line }, &said, &trace, self.whole);
                notes.heard.push(said);
            }
            other => self.leave(notes, line, other),
        }
    }

    /// A trace that does not say where it went: its last answer does, where that came from the block.
    fn aimed(&self, found: Targetless) -> Vec<Finding> {
        let home = || found.answered_last().filter(|last| self.targets.block.contains(*last));
        match self.target.or_else(home) {
            Some(target) => found.to(target),
            None => vec![Finding::Left(NO_DESTINATION.into())],
        }
    }

    /// Counts what is not judged, and says why to those who asked for it.
    fn leave(&self, notes: &mut Notes, line: u64, finding: Finding) {
        match finding {
            Finding::Trace(_) | Finding::Elsewhere(_) => notes.counts.refused += 1,
            Finding::Left(_) | Finding::Targetless(_) => notes.counts.left += 1,
            Finding::Broken(_) => notes.counts.broken += 1,
        }
        if self.common.is_verbose() {
            notes.told.push(format!("{}:{line}: {}", self.name, why(&finding)));
        }
        if let Finding::Left(why) = finding {
            *notes.counts.why.entry(why).or_default() += 1;
        }
    }
}

/// Why something is not judged.
fn why(finding: &Finding) -> String {
    let outside = |target: Ipv4Addr| format!("{target} is outside the block");
    match finding {
        Finding::Trace(trace) => outside(trace.target),
        Finding::Elsewhere(target) => outside(*target),
        Finding::Targetless(_) => format!("left out: {NO_DESTINATION}"),
        Finding::Left(why) => format!("left out: {why}"),
        Finding::Broken(why) => format!("broken: {why}"),
    }
}

impl Notes {
    fn keep(&mut self, place: Place, said: &Said, trace: &Trace, whole: bool) {
        self.counts.used += 1;
        if let Ok(packed) = &mut self.packed
            && let Err(error) = packed.push(place, said, Some(trace).filter(|_| whole))
        {
            self.packed = Err(error);
        }
    }
}

impl Heard {
    /// Whether everything could be read.
    pub(super) fn complete(&self) -> bool {
        self.counts.is_complete()
    }

    pub(super) fn method(&self) -> String {
        match self.all.methods.iter().collect::<Vec<_>>()[..] {
            [Method::Icmp, Method::Udp] => "both".into(),
            ref methods => methods.iter().map(ToString::to_string).collect::<Vec<_>>().join("+"),
        }
    }

    /// Says on one line what was read, and why things were left out.
    pub(super) fn closing(&self, targets: &Targets, common: &Common) {
        common.warn(&self.counts.told(targets.block.prefix));
    }
}
