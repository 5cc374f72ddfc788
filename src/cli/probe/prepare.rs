//! Everything that can fail before the first packet leaves.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use rand::rngs::{StdRng, SysRng};
use rand::{SeedableRng, TryRng};

use crate::output::{Appender, LockFile, summary_header};
use crate::owner::Owners;
use crate::targets::{Targets, sample, select};

use super::super::common::Common;
use super::super::distinct::distinct;
use super::super::sheet::Sheet;
use super::super::sheet::history;
use super::Probe;

/// What a run needs.
pub(super) struct Prepared<'t> {
    pub(super) targets: &'t Targets,
    pub(super) owners: Owners<'t>,
    pub(super) addresses: Vec<Ipv4Addr>,
    pub(super) random: StdRng,
    pub(super) append: Option<Appender>,
    pub(super) traces: Option<Sheet>,
    pub(super) hops: Option<Sheet>,
    pub(super) lock: Option<LockFile>,
}

impl Probe {
    pub(super) fn prepare<'t>(
        &self,
        targets: &'t Targets,
        common: &Common,
    ) -> anyhow::Result<Prepared<'t>> {
        let mut random = self.random()?;
        let addresses = self.addresses(targets, &mut random)?;
        distinct(&[
            ("--lock", self.lock.as_deref()),
            ("--append", self.files.append.as_deref()),
            ("--traces", self.files.traces.as_deref()),
            ("--hops", self.files.hops.as_deref()),
            ("stdout", Some(Path::new("/dev/stdout"))),
        ])?;
        let header = summary_header(&targets.classes);
        let sheet = |path: &Option<PathBuf>| path.as_deref().map(Sheet::open).transpose();
        let append = self.files.append.as_deref();
        Ok(Prepared {
            lock: self.lock.as_deref().map(LockFile::take).transpose()?,
            append: append.map(|path| history(path, header, Duration::ZERO, common)).transpose()?,
            traces: sheet(&self.files.traces)?,
            hops: sheet(&self.files.hops)?,
            owners: self.sources.owners(targets, common)?,
            targets,
            addresses,
            random,
        })
    }

    pub(super) fn random(&self) -> anyhow::Result<StdRng> {
        Ok(StdRng::seed_from_u64(self.how.seed.map_or_else(chance, Ok)?))
    }

    pub(super) fn addresses(
        &self,
        targets: &Targets,
        random: &mut StdRng,
    ) -> anyhow::Result<Vec<Ipv4Addr>> {
        let block = &targets.block;
        let addresses = select(block, &self.wanted, random)?;
        Ok(match self.how.sample {
            Some(most) => sample(block, &addresses, most),
            None => addresses,
        })
    }
}

/// A number that nothing predicts.
pub(in super::super) fn chance() -> anyhow::Result<u64> {
    SysRng.try_next_u64().context("no chance to be had")
}
