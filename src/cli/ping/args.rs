//! The options of `ping` about how to probe.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::census::{Means, Settings};

use super::super::run::SendArgs;
use super::super::values::{seconds, up_to};

#[derive(Debug, Args)]
#[command(next_help_heading = "Pinging")]
pub(super) struct PingArgs {
    /// Probe packets, separated by commas; targets that stay silent are probed by the next method
    #[arg(long, value_enum, value_delimiter = ',', default_value = "icmp")]
    method: Vec<Method>,
    /// Probes to each target that answers
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = up_to(Settings::MOST))]
    count: u8,
    /// Probes to each target that stays silent, by each method and to each port; at least --count
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = up_to(Settings::MOST))]
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
    pub(super) fn means(&self) -> Vec<Means> {
        let wanted = |means: &Means| self.method.iter().any(|method| method.means() == *means);
        Means::ALL.into_iter().filter(wanted).collect()
    }

    /// Their names, for the output.
    pub(super) fn names(&self) -> String {
        self.means().iter().map(|means| means.name()).collect::<Vec<_>>().join("+")
    }

    pub(super) fn settings(&self, send: &SendArgs) -> Settings {
        Settings {
            count: self.count,
            attempts: self.attempts,
            timeout: self.timeout,
            rate: send.rate(),
            deadline: send.deadline,
        }
    }
}

impl Method {
    fn means(self) -> Means {
        match self {
            Self::Icmp => Means::Icmp,
            Self::Tcp => Means::Tcp,
            Self::Udp => Means::Udp,
        }
    }
}
