//! The options about how to ask.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::census::{PingMethod, PingSettings};

use super::super::probe::Sockets;
use super::super::values::{rate, seconds, some, up_to};

#[derive(Debug, Args)]
#[command(next_help_heading = "How to ask")]
pub(super) struct How {
    /// By what, with commas between: who stays silent to one is asked by the next
    #[arg(long, value_enum, value_delimiter = ',', default_value = "icmp")]
    method: Vec<Method>,
    /// Questions to each target that answers
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = up_to(PingSettings::MOST))]
    count: u8,
    /// Questions to each target that stays silent, by each method and to each port; no fewer than
    /// --count
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = up_to(PingSettings::MOST))]
    attempts: u8,
    /// Packets a second in all, retries included; 0 is no limit
    #[arg(long, value_name = "PPS", default_value_t = 200, value_parser = rate)]
    pub(super) rate: u32,
    /// Seconds within which an answer counts; 0.9 at most for a connection
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    timeout: Duration,
    /// Ask so many addresses of each routed prefix, chosen by chance
    #[arg(long, value_name = "N", value_parser = some)]
    pub(super) sample: Option<usize>,
    /// Seconds after which to stop, whatever is found by then
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    deadline: Option<Duration>,
    /// What order and identifiers follow from [default: chance]
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// Which sockets: raw ones need a privilege, the user's none; auto takes raw ones where they are
    /// allowed
    #[arg(long, value_enum, default_value_t = Sockets::Auto)]
    pub(super) wire: Sockets,
    /// The address to send from [default: as the system routes]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) source: Option<Ipv4Addr>,
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

impl How {
    /// The means that were asked for, in the order in which they are used.
    pub(super) fn means(&self) -> Vec<PingMethod> {
        let wanted = |means: &PingMethod| self.method.iter().any(|method| method.means() == *means);
        PingMethod::ALL.into_iter().filter(wanted).collect()
    }

    /// Their names, for the output.
    pub(super) fn names(&self) -> String {
        self.means().iter().map(|means| means.name()).collect::<Vec<_>>().join("+")
    }

    pub(super) fn settings(&self) -> PingSettings {
        PingSettings {
            count: self.count,
            attempts: self.attempts,
            timeout: self.timeout,
            rate: NonZeroU32::new(self.rate),
            deadline: self.deadline,
        }
    }
}

impl Method {
    fn means(self) -> PingMethod {
        match self {
            Self::Icmp => PingMethod::Icmp,
            Self::Tcp => PingMethod::Tcp,
            Self::Udp => PingMethod::Udp,
        }
    }
}
