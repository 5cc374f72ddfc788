//! What else than the traces of this run may speak for a border: hosts that are asked first (`--arrive`), what earlier
//! runs have shown (`--history`), and what BGP shows (`--bgp`).

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::history;
use crate::output::is_simulated;
use crate::targets::{KnownBorder, KnownHost, Targets};

use super::super::announced::AnnouncedArgs;
use super::super::common::Common;

/// How many known hosts are asked at most.
pub(super) const MOST_KNOWN: usize = 20;

#[derive(Debug, Args)]
#[command(next_help_heading = "Evidence")]
pub(in super::super) struct EvidenceArgs {
    /// First ask known hosts whether they live, by ICMP and by connections to ports 80 and 443, and trace those that do
    /// by what they answer to: proof that packets arrive. known: the hosts of targets.toml and --history, at
    /// most 20, each with up to three packets; census: all targets, with up to three packets each [default: off;
    /// --arrive alone means known]
    #[arg(long, value_enum, value_name = "WHOM", num_args = 0..=1, default_missing_value = "known")]
    pub(super) arrive: Option<Whom>,
    /// What earlier runs have shown: borders with home behind them, and hosts that live. A file of probe
    /// --traces or ping --census; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(super) history: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) announced: AnnouncedArgs,
}

/// Whom to ask whether they live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Whom {
    /// Known hosts.
    Known,
    /// All targets.
    Census,
}

impl EvidenceArgs {
    /// Adds what earlier runs and BGP have shown to what is known.
    pub(super) fn add_earlier(
        &self,
        targets: &mut Targets,
        vantage: &str,
        common: &Common,
    ) -> anyhow::Result<()> {
        for path in &self.history {
            let source = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            let earlier = history::earlier(path, is_simulated(vantage))?;
            if earlier.malformed > 0 {
                let count = earlier.malformed;
                common.warn(&format!("{}: {count} rows left out", path.display()));
            }
            common.info(|| {
                let (borders, hosts) = (earlier.borders.len(), earlier.hosts.len());
                format!("{}: {borders} borders, {hosts} hosts", path.display())
            });
            for (address, border) in earlier.borders {
                let seen = if border.first == border.last {
                    border.last
                } else {
                    format!("{} to {}", border.first, border.last)
                };
                let source = source.clone().into_owned();
                let known = KnownBorder { carrier: border.holder, seen, source };
                if !targets.block.contains(address) {
                    let border = targets.borders.entry(address).or_insert_with(|| known.clone());
                    if last_day(&border.seen) < last_day(&known.seen) {
                        *border = known;
                    }
                }
            }
            for (address, seen) in earlier.hosts {
                if targets.block.contains(address) {
                    let known = KnownHost { seen, source: source.clone().into_owned() };
                    let host = targets.hosts.entry(address).or_insert_with(|| known.clone());
                    if host.seen < known.seen {
                        *host = known;
                    }
                }
            }
        }
        self.announced.add(targets, vantage, None, common)
    }
}

/// The last day of when something was seen: "2025-12-05 to 2026-07-26", or the day alone.
fn last_day(seen: &str) -> &str {
    seen.rsplit_once(" to ").map_or(seen, |(_, last)| last)
}
