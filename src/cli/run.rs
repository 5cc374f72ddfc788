//! What `probe` and `ping` have in common: which targets, how fast, over which sockets, and what a
//! run is called.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use rand::rngs::{StdRng, SysRng};
use rand::{RngExt, SeedableRng, TryRng};

use crate::output::{LAB, Run};
use crate::probe::packet::Secret;
use crate::sandbox::{PrivilegeError, User};
use crate::targets::{Block, TargetSpec, sample, select};

use super::sockets::{Sockets, TooMuch};
use super::values::{rate, seconds, some};

/// Packets per second, unless the user says otherwise: little enough for everybody on the way.
const RATE: u32 = 200;
/// A larger block than of this length is hardly one's own mind.
const SMALL: u8 = 16;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Addresses or prefixes inside the block [default: all of it]
    #[arg(value_name = "TARGET")]
    targets: Vec<TargetSpec>,
    /// The vantage in the output: where the probes leave from [default: the host's name, in
    /// the lab lab:SCENARIO]
    #[arg(long, value_name = "LABEL")]
    pub(super) vantage: Option<String>,
    /// Run only while no other run holds this lock
    #[arg(long, value_name = "FILE")]
    pub(super) lock: Option<PathBuf>,
    /// The file of the lab's scenario, if there is one.
    #[arg(skip)]
    pub(super) scenario: Option<PathBuf>,
    /// Probe a block that is larger than a /16
    #[arg(long)]
    yes: bool,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Sending")]
pub(super) struct SendArgs {
    /// Packets per second in all, retries included; 0 is no limit [default: 200, in the lab 2000]
    #[arg(long, value_name = "PPS", value_parser = rate)]
    pub(super) rate: Option<u32>,
    /// Probe only this many addresses of each routed prefix, chosen at random
    #[arg(long, value_name = "N", value_parser = some)]
    sample: Option<usize>,
    /// Stop after this many seconds, with what was measured by then [default: three times what such a
    /// run takes, at least 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) deadline: Option<Duration>,
    /// Random seed: fixes the targets, their order and their flows [default: random]
    #[arg(long)]
    seed: Option<u64>,
    /// Sockets: raw needs a privilege, user needs none, auto takes raw where it is allowed; portable is what every
    /// Unix has, for ping by ICMP alone
    #[arg(long, value_enum, default_value_t = Sockets::Auto)]
    pub(super) wire: Sockets,
    /// As root, go on as this user once the sockets and files are open; root keeps root, without
    /// capabilities [default: nobody]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The address to send from [default: as the system routes]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) source: Option<Ipv4Addr>,
}

/// The variable by which the lab tells a command inside it that it is there, and in which scenario.
pub(super) const IN_LAB: &str = "LASTHOP_LAB";

impl RunArgs {
    /// The addresses and prefixes that were given.
    pub(super) fn targets(&self) -> &[TargetSpec] {
        &self.targets
    }

    /// The vantage of the rows: what was given, else the lab, else the host's name.
    pub(super) fn label(&self) -> String {
        let host = || nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned());
        let lab = || std::env::var(IN_LAB).ok().map(|scenario| format!("{LAB}{scenario}"));
        let label = self.vantage.clone().or_else(lab);
        label.unwrap_or_else(|| host().unwrap_or_default())
    }

    /// What all rows of a run that began at `began` have in common.
    pub(super) fn run(
        &self,
        began: Timestamp,
        took: Duration,
        method: String,
        complete: bool,
    ) -> anyhow::Result<Run> {
        Ok(Run {
            // Never from the seed: runs that repeat each other are still different runs.
            id: format!("{}-{:08x}", began.strftime("%Y%m%dT%H%M%SZ"), random_number()? >> 32),
            started: Some(began),
            ended: Some(began.saturating_add(took).context("the end of time")?),
            vantage: self.label(),
            method,
            complete,
            doubts: Vec::new(),
        })
    }
}

impl SendArgs {
    /// The source of all random choices of a run.
    pub(super) fn random(&self) -> anyhow::Result<StdRng> {
        Ok(StdRng::seed_from_u64(self.seed.map_or_else(random_number, Ok)?))
    }

    /// The user that root goes on as, where one was named.
    pub(super) fn user(&self) -> Result<Option<User>, PrivilegeError> {
        let user = self.user.as_deref().map(User::named).transpose()?;
        user.as_ref().map_or(Ok(()), User::check)?;
        Ok(user)
    }

    /// The targets of a run, in random order.
    pub(super) fn addresses(
        &self,
        run: &RunArgs,
        block: &Block,
        random: &mut StdRng,
    ) -> anyhow::Result<Vec<Ipv4Addr>> {
        let length = block.prefix.prefix_len();
        anyhow::ensure!(
            length >= SMALL || run.yes || run.dry_run,
            "{} has {} addresses, which is more than a /{SMALL}: is it the right block? Give --yes to probe it, or \
             --dry-run to see what would be sent",
            block.prefix,
            1_u64 << (32 - length)
        );
        let addresses = select(block, &run.targets, random)?;
        Ok(match self.sample {
            Some(most) => sample(block, &addresses, most),
            None => addresses,
        })
    }

    /// Packets per second; nothing means no limit.
    pub(super) fn rate(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.rate.unwrap_or(RATE))
    }

    /// Refuses what is too much for raw sockets, where they are lent.
    pub(super) fn check_lent(&self, is_lent: bool, flows: u8) -> Result<(), TooMuch> {
        self.wire.check_lent(is_lent, self.rate.unwrap_or(RATE), flows)
    }

    /// When a run of some `packets` ends: as the user says, else after three times what it takes, and at least a minute.
    pub(super) fn deadline_for(&self, packets: usize, timeout: Duration) -> Duration {
        const SHORTEST: Duration = Duration::from_mins(1);
        /// Silence that no neighbour confirms is asked again for so many timeouts.
        const ASKED_AGAIN: u32 = 20;
        let rate = self.rate().map_or(u32::MAX, NonZeroU32::get);
        let sending =
            Duration::from_secs(u64::try_from(packets).unwrap_or(u64::MAX) / u64::from(rate));
        let waiting = timeout.max(Duration::from_secs(1)).saturating_mul(ASKED_AGAIN);
        let usual = sending.saturating_add(waiting);
        self.deadline.unwrap_or_else(|| usual.saturating_mul(3).max(SHORTEST))
    }

    /// The rate in words, for `--dry-run`.
    pub(super) fn rate_in_words(&self) -> String {
        match self.rate.unwrap_or(RATE) {
            0 => "without a limit".into(),
            rate => format!("at most {rate} packets/s"),
        }
    }
}

/// A secret of the system's chance, whatever the seed: two runs with one seed must not take each other's
/// replies. The flows follow from `random`.
pub(super) fn secret(random: &mut StdRng) -> anyhow::Result<Secret> {
    let mut key = [0; 16];
    SysRng.try_fill_bytes(&mut key).context("the system's random numbers")?;
    Ok(Secret::new(key).with_flows(random.random()))
}

/// A number that nobody can predict.
fn random_number() -> anyhow::Result<u64> {
    SysRng.try_next_u64().context("the system's random numbers")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        send: SendArgs,
    }

    fn seconds(arguments: &[&str], packets: usize, timeout: u64) -> u64 {
        let all = std::iter::once(&"probe").chain(arguments);
        let Ok(program) = Program::try_parse_from(all) else { return 0 };
        program.send.deadline_for(packets, Duration::from_secs(timeout)).as_secs()
    }

    #[test]
    fn a_run_ends_after_three_times_what_it_takes() {
        assert_eq!(seconds(&[], 0, 1), 60);
        assert_eq!(seconds(&["--rate", "10"], 1000, 1), 3 * (100 + 20));
        assert_eq!(seconds(&["--rate", "0"], 1_000_000, 1), 60, "without a limit");
        assert_eq!(seconds(&[], 200, 5), 3 * (1 + 100), "who waits longer takes longer");
        assert_eq!(seconds(&["--deadline", "7"], 1_000_000, 1), 7, "as the user says");
    }
}
