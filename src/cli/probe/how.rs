//! The options about how to ask.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::probe::transport::TransportKind;
use crate::probe::{Attempt, Flow, ProbeMethod, ProbeTtl, TraceSettings};
use crate::trace::Strategy;

use super::super::values::{rate, seconds, some, up_to};

#[derive(Debug, Args)]
#[command(next_help_heading = "How to ask")]
pub(super) struct How {
    /// What to send; both makes two traces for each target [default: icmp, or udp where only that
    /// is allowed]
    #[arg(long, value_enum)]
    pub(super) method: Option<Methods>,
    /// border traces a few targets, and asks the others where those found the border and right behind
    /// it; full makes a complete trace for each, with seven times the packets
    #[arg(long, value_enum, default_value_t = Spending::Border)]
    pub(super) strategy: Spending,
    /// Packets a second in all, retries included; 0 is no limit
    #[arg(long, value_name = "PPS", default_value_t = 200, value_parser = rate)]
    pub(super) rate: u32,
    /// Tries at a silent TTL; behind what may be the border there are more, up to 8 in all
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = up_to(Attempt::MOST))]
    pub(super) attempts: u8,
    /// Seconds until a silent TTL is tried again
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub(super) timeout: Duration,
    /// The furthest TTL
    #[arg(long, value_name = "TTL", default_value_t = 30, value_parser = up_to(ProbeTtl::MOST))]
    pub(super) max_ttl: u8,
    /// Silent TTLs in a row that end a trace
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = up_to(ProbeTtl::MOST))]
    pub(super) gap_limit: u8,
    /// Traces for each target and method, each of another flow: shows balancing
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = up_to(Flow::MOST / 2))]
    pub(super) flows: u8,
    /// Trace so many addresses of each routed prefix, chosen by chance
    #[arg(long, value_name = "N", value_parser = some)]
    pub(super) sample: Option<usize>,
    /// Seconds after which to stop, whatever is measured by then
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) deadline: Option<Duration>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Methods {
    #[default]
    Icmp,
    Udp,
    Both,
}

impl Methods {
    pub(super) fn list(self) -> &'static [ProbeMethod] {
        match self {
            Self::Icmp => &[ProbeMethod::Icmp],
            Self::Udp => &[ProbeMethod::Udp],
            Self::Both => &[ProbeMethod::Icmp, ProbeMethod::Udp],
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Icmp => "icmp",
            Self::Udp => "udp",
            Self::Both => "both",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum Sockets {
    Auto,
    User,
    Raw,
}

impl Sockets {
    pub(in super::super) fn choice(self) -> TransportKind {
        match self {
            Self::Auto => TransportKind::Auto,
            Self::User => TransportKind::User,
            Self::Raw => TransportKind::Raw,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Spending {
    Border,
    Full,
}

impl How {
    pub(super) fn settings(&self) -> TraceSettings {
        let usual = TraceSettings::default();
        TraceSettings {
            strategy: match self.strategy {
                Spending::Full => Strategy::Full,
                Spending::Border => Strategy::Border,
            },
            attempts: self.attempts,
            timeout: self.timeout,
            max_ttl: ProbeTtl::new(self.max_ttl).unwrap_or(usual.max_ttl),
            gap_limit: self.gap_limit,
            rate: NonZeroU32::new(self.rate),
            deadline: self.deadline,
            ..usual
        }
    }
}
