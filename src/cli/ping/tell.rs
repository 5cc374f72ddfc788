//! What a census writes, and what it would do.

use crate::census::{Census, HostCounts, PingMethod};
use crate::output::{Appender, LockFile, Run, census as rows, counts, counts_table};
use crate::targets::{Block, Targets};

use super::super::common::Common;
use super::super::exit::Exit;
use super::super::format::Format;
use super::super::sheet::Sheet;
use super::super::stdout;
use super::Ping;
use super::measure::Prepared;

/// What is written to, open since before the first packet.
pub(super) struct Files {
    /// Held until the last row is written.
    pub(super) lock: Option<LockFile>,
    pub(super) append: Option<Appender>,
    pub(super) census: Option<Sheet>,
}

impl Files {
    /// Writes everything, and returns whether anybody lives. What cannot be written keeps nothing else
    /// from being written: it cannot be measured again.
    pub(super) fn tell(
        self,
        run: &Run,
        census: &Census,
        means: &[PingMethod],
        block: &Block,
        common: &Common,
    ) -> anyhow::Result<bool> {
        let Self { lock, append, census: sheet } = self;
        let found = HostCounts::of(&census.hosts, block);
        let scopes = counts(run, &found, means);
        let sheet = sheet.map_or(Ok(()), |mut sheet| {
            sheet.add(&rows(run, &census.hosts, block));
            sheet.end()
        });
        let appended = append.map_or(Ok(()), |mut append| append.append(&scopes));
        let table = || counts_table(run, &found, means, &census.hosts);
        let told = Format::or_suited(common.format).write(&scopes, table);
        drop(lock);
        let failed = [appended, sheet].into_iter().filter_map(Result::err);
        let mut failed = failed.map(anyhow::Error::new).chain(told.err());
        let Some(first) = failed.next() else { return Ok(found.block.alive > 0) };
        for other in failed {
            Exit::of(&other).report(&other);
        }
        Err(first)
    }
}

impl Ping {
    /// What `--dry-run` says.
    pub(super) fn tell_only(&self, targets: &Targets, prepared: &Prepared) -> anyhow::Result<Exit> {
        let settings = self.how.settings();
        let addresses = prepared.addresses.len();
        let each = usize::from(settings.attempts.max(settings.count));
        let tries = self.how.means().into_iter().map(|means| match means {
            PingMethod::Tcp => PingMethod::PORTS.len() * each,
            PingMethod::Icmp | PingMethod::Udp => each,
        });
        let rate = match self.how.rate {
            0 => "without a limit".into(),
            rate => format!("at most {rate} packets/s"),
        };
        let text = format!(
            "would ask {addresses} addresses of {} by {}: {} to {} packets, {rate}\n",
            targets.block.prefix,
            self.how.names(),
            addresses * usize::from(settings.count),
            addresses * tries.sum::<usize>(),
        );
        stdout::write(|out| out.write_all(text.as_bytes()))?;
        Ok(Exit::Measured)
    }
}
