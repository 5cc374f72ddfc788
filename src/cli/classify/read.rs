//! The first pass: reads the files, refuses what is not ours, hears the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;

use crate::border;
use crate::import::{self, Finding, Format, Targetless};
use crate::targets::Targets;
use crate::trace::{Method, Trace};
use crate::transit::Evidence;

use super::super::common::Common;
use super::spool::{Place, Spool, Spooled};

/// What was read.
#[derive(Debug, Default)]
struct Counts {
    used: u64,
    refused: u64,
    left: u64,
    broken: u64,
    /// Files that could not be read, or not to their end.
    failed: u64,
    /// Why things were left out, and how often.
    why: BTreeMap<String, u64>,
}

/// All traces to the block, heard.
pub(super) struct Heard {
    pub(super) traces: Spooled,
    pub(super) digest: u64,
    pub(super) evidence: Evidence,
    pub(super) files: Vec<String>,
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
    methods: BTreeSet<Method>,
    foreign: BTreeSet<Ipv4Addr>,
    counts: Counts,
}

/// Reads files one after the other.
pub(super) struct Reading<'a> {
    targets: &'a Targets,
    common: &'a Common,
    /// The destination where a file does not say it.
    target: Option<Ipv4Addr>,
    spool: Spool,
    spooled: io::Result<()>,
    evidence: Evidence,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    methods: BTreeSet<Method>,
    foreign: BTreeSet<Ipv4Addr>,
    counts: Counts,
}

impl<'a> Reading<'a> {
    pub(super) fn new(targets: &'a Targets, common: &'a Common, target: Option<Ipv4Addr>) -> Self {
        Self {
            targets,
            common,
            target,
            spool: Spool::new(),
            spooled: Ok(()),
            evidence: Evidence::default(),
            first: None,
            last: None,
            methods: BTreeSet::new(),
            foreign: BTreeSet::new(),
            counts: Counts::default(),
        }
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
            let name = file.display().to_string();
            if let Err(error) = self.one(place, &name, file, from) {
                self.counts.failed += 1;
                if let Some(before) = failure.replace(error) {
                    self.common.warn(&format!("{before:#}"));
                }
            }
        }
        std::mem::replace(&mut self.spooled, Ok(()))
            .context("keeping traces in a temporary file")?;
        let counts = &self.counts;
        let nothing = counts.used + counts.refused + counts.left == 0;
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
            evidence: self.evidence,
            files: files.iter().map(|file| file.display().to_string()).collect(),
            first: self.first,
            last: self.last,
            methods: self.methods,
            foreign: self.foreign,
            counts: self.counts,
        })
    }

    fn one(
        &mut self,
        place: usize,
        name: &str,
        file: &Path,
        from: Option<&'static dyn Format>,
    ) -> anyhow::Result<()> {
        let path = Some(file).filter(|file| *file != Path::new("-"));
        let mut opened = import::open(path).with_context(|| name.to_owned())?;
        let format = from.or_else(|| import::recognise(&opened.head)).with_context(|| {
            let names: Vec<_> = import::FORMATS.iter().map(|format| format.name()).collect();
            format!("{name}: not recognised; --from may be one of {}", names.join(", "))
        })?;
        self.common.say(|| format!("{name}: {}", format.name()));
        let mut sink = |line, finding| self.take(Place { file: place, line }, name, finding);
        format.read(&mut *opened.input, &mut sink).with_context(|| name.to_owned())
    }

    fn take(&mut self, place: Place, name: &str, finding: Finding) {
        let at = || format!("{name}:{}", place.line);
        match finding {
            Finding::Trace(trace) if self.targets.block.contains(trace.target) => {
                self.hear(place, &trace);
            }
            Finding::Trace(trace) => {
                self.counts.refused += 1;
                self.common.say(|| format!("{}: {} is outside the block", at(), trace.target));
            }
            Finding::Targetless(found) => {
                self.aimed(*found).into_iter().for_each(|one| self.take(place, name, one));
            }
            Finding::Left(why) => {
                self.counts.left += 1;
                self.common.say(|| format!("{}: left out: {why}", at()));
                *self.counts.why.entry(why).or_default() += 1;
            }
            Finding::Broken(why) => {
                self.counts.broken += 1;
                self.common.say(|| format!("{}: broken: {why}", at()));
            }
        }
    }

    /// A trace that does not say where it went: its last answer does, where that came from the block.
    fn aimed(&self, found: Targetless) -> Vec<Finding> {
        let home = || found.answered_last().filter(|last| self.targets.block.contains(*last));
        match self.target.or_else(home) {
            Some(target) => found.to(target),
            None => vec![Finding::Left(
                "no header names the destination (--target ADDRESS does)".into(),
            )],
        }
    }

    fn hear(&mut self, place: Place, trace: &Trace) {
        self.counts.used += 1;
        let border = border::find(trace, &self.targets.block, &self.targets.specials);
        self.evidence.hear(trace, &border, &self.targets.block);
        if let Some(started) = trace.started {
            self.first = Some(self.first.map_or(started, |first| first.min(started)));
            self.last = Some(self.last.map_or(started, |last| last.max(started)));
        }
        self.methods.extend(trace.method);
        self.foreign.extend(border.path);
        if self.spooled.is_ok() {
            self.spooled = self.spool.push(place, trace);
        }
    }
}

impl Heard {
    /// The foreign addresses that can be attributed.
    pub(super) fn foreign(&self) -> Vec<Ipv4Addr> {
        self.foreign.iter().copied().collect()
    }

    /// Whether everything could be read.
    pub(super) fn complete(&self) -> bool {
        self.counts.failed == 0 && self.counts.broken == 0
    }

    pub(super) fn method(&self) -> String {
        match self.methods.iter().collect::<Vec<_>>()[..] {
            [Method::Icmp, Method::Udp] => "both".into(),
            ref methods => methods.iter().map(ToString::to_string).collect::<Vec<_>>().join("+"),
        }
    }

    /// Says on one line what was read, and why things were left out.
    pub(super) fn closing(&self, targets: &Targets, common: &Common) {
        let Counts { used, refused, left, broken, failed, why } = &self.counts;
        let read = used + refused + left + broken;
        let mut text = format!(
            "{read} read, {used} used, {refused} refused (destination outside {}), {left} left out, \
             {broken} broken",
            targets.block.prefix
        );
        if *failed > 0 {
            let _ = write!(text, ", {failed} files not read to their end");
        }
        let mut why: Vec<_> = why.iter().map(|(why, count)| (*count, why)).collect();
        why.sort_unstable_by(|one, other| other.cmp(one));
        for (count, why) in why.iter().take(MOST_REASONS) {
            let _ = write!(text, "; {count} {why}");
        }
        common.warn(&text);
    }
}

/// How many reasons the closing line has.
const MOST_REASONS: usize = 3;
