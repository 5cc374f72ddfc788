//! The options of `ping`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::census::{PingMethod, PingSettings};

use super::super::run::{RunArgs, SendArgs};
use super::super::values::{seconds, up_to};

/// Find out which targets answer, and how fast
///
/// Sends echo requests to every address of the block, at most --rate per second in all and in random
/// order. With --method it also opens connections to ports 80 and 443 of targets that stay silent, and
/// closes them at once, or sends datagrams to ports on which nobody listens. The counts go to stdout:
/// one row for the block, one for each routed prefix.
#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(in super::super) struct Ping {
    #[command(flatten)]
    pub(in super::super) run: RunArgs,
    #[command(flatten)]
    pub(super) args: PingArgs,
    #[command(flatten)]
    pub(in super::super) send: SendArgs,
    #[command(flatten)]
    pub(super) files: FileArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
pub(super) struct FileArgs {
    /// Append the rows of stdout to a CSV file, under a lock
    #[arg(long, value_name = "COUNTS.csv")]
    pub(super) append: Option<PathBuf>,
    /// Write a row for each target: whether it is alive, by which method, how fast (CSV; JSON lines if
    /// named .jsonl)
    #[arg(long, value_name = "FILE")]
    pub(super) census: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Pinging")]
pub(super) struct PingArgs {
    /// Probe packets, separated by commas; targets that stay silent are probed by the next method
    #[arg(long, value_enum, value_delimiter = ',', default_value = "icmp")]
    method: Vec<Method>,
    /// Probes to each target that answers
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = up_to(PingSettings::MOST))]
    count: u8,
    /// Probes to each target that stays silent, by each method and to each port; at least --count
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = up_to(PingSettings::MOST))]
    attempts: u8,
    /// Seconds within which an answer counts; at most 0.9 for a connection
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Echo requests
    Icmp,
    /// Connections to ports 80 and 443, closed at once
    Tcp,
    /// Datagrams to ports on which nobody listens
    Udp,
}

impl PingArgs {
    /// The methods that were asked for, in the order in which they are used.
    pub(super) fn methods(&self) -> Vec<PingMethod> {
        let wanted = |method: &PingMethod| self.method.iter().any(|it| it.method() == *method);
        PingMethod::ALL.into_iter().filter(wanted).collect()
    }

    /// Their names, for the output.
    pub(super) fn names(&self) -> String {
        self.methods().iter().map(|method| method.name()).collect::<Vec<_>>().join("+")
    }

    /// The most packets to each target.
    pub(super) fn most_packets(&self) -> usize {
        let each = usize::from(self.attempts.max(self.count));
        let tries = self.methods().into_iter().map(|method| match method {
            PingMethod::Tcp => PingMethod::PORTS.len() * each,
            PingMethod::Icmp | PingMethod::Udp => each,
        });
        tries.sum()
    }

    /// The settings for so many targets.
    pub(super) fn settings(&self, send: &SendArgs, targets: usize) -> PingSettings {
        let deadline = send.deadline_for(targets * self.most_packets(), self.timeout);
        PingSettings {
            count: self.count,
            attempts: self.attempts,
            timeout: self.timeout,
            rate: send.rate(),
            deadline: Some(deadline),
        }
    }
}

impl Method {
    fn method(self) -> PingMethod {
        match self {
            Self::Icmp => PingMethod::Icmp,
            Self::Tcp => PingMethod::Tcp,
            Self::Udp => PingMethod::Udp,
        }
    }
}
