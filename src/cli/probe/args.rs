//! The options of `probe` about how to trace.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::probe::{Attempt, Flow, Method, Settings, Ttl};
use crate::trace::Strategy;

use super::super::run::SendArgs;
use super::super::values::{seconds, up_to};

#[derive(Debug, Args)]
#[command(next_help_heading = "Tracing")]
pub(super) struct TraceArgs {
    /// Probe packets; both makes two traces for each target [default: icmp, or udp where only that is
    /// allowed]
    #[arg(long, value_enum)]
    pub(super) method: Option<Methods>,
    /// full traces every target from the first hop on; border does that for a few, and probes the
    /// others where those found the border, with a seventh of the packets
    #[arg(long, value_enum, default_value_t = StrategyArg::Border)]
    strategy: StrategyArg,
    /// Probes to each silent TTL; behind what may be the border there are more, up to 8 in all
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = up_to(Attempt::MOST))]
    attempts: u8,
    /// Seconds to wait before a silent TTL is probed again
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    timeout: Duration,
    /// The highest TTL
    #[arg(long, value_name = "TTL", default_value_t = 30, value_parser = up_to(Ttl::MOST))]
    pub(super) max_ttl: u8,
    /// Stop a trace after this many silent TTLs in a row
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = up_to(Ttl::MOST))]
    gap_limit: u8,
    /// Traces for each target and method, each of another flow: shows load balancing
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = up_to(Flow::MOST / 2))]
    pub(super) flows: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Methods {
    #[default]
    Icmp,
    Udp,
    Both,
}

impl Methods {
    pub(super) fn list(self) -> &'static [Method] {
        match self {
            Self::Icmp => &[Method::Icmp],
            Self::Udp => &[Method::Udp],
            Self::Both => &[Method::Icmp, Method::Udp],
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
enum StrategyArg {
    Border,
    Full,
}

impl TraceArgs {
    pub(super) fn settings(&self, send: &SendArgs) -> Settings {
        let usual = Settings::default();
        Settings {
            strategy: match self.strategy {
                StrategyArg::Full => Strategy::Full,
                StrategyArg::Border => Strategy::Border,
            },
            attempts: self.attempts,
            timeout: self.timeout,
            max_ttl: Ttl::new(self.max_ttl).unwrap_or(usual.max_ttl),
            gap_limit: self.gap_limit,
            rate: send.rate(),
            deadline: send.deadline,
            ..usual
        }
    }
}
