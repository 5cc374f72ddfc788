//! The options of `probe`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::probe::{Attempt, Flow, ProbeMethod, ProbeTtl, TraceSettings};
use crate::trace::Strategy;

use super::super::run::{RunArgs, SendArgs};
use super::super::sources::Sources;
use super::super::values::{Ports, ports, seconds, up_to};
use super::evidence::EvidenceArgs;

/// Trace the block (or the given addresses), name the transit, write the split
///
/// Sends small ICMP echo requests, UDP datagrams or TCP SYNs with rising TTL to every address of the block, at
/// most --rate per second in all and in random order, and stops each trace as soon as home answers.
/// The summary goes to stdout: one row for the block, one for each routed prefix.
#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(in super::super) struct Probe {
    #[command(flatten)]
    pub(in super::super) run: RunArgs,
    /// Then also ping all targets by ICMP, for the summary's columns from pinged on
    #[arg(long)]
    pub(super) ping: bool,
    /// Explain each trace instead of the summary: its hops with their owners, what decided, and what
    /// would have changed the answer (with --format csv or json a row for each trace). On a terminal, up to 16
    /// targets that were named are explained above the summary
    #[arg(long)]
    pub(super) explain: bool,
    #[command(flatten)]
    pub(super) trace: TraceArgs,
    #[command(flatten)]
    pub(super) evidence: EvidenceArgs,
    #[command(flatten)]
    pub(in super::super) send: SendArgs,
    #[command(flatten)]
    pub(in super::super) files: FileArgs,
    #[command(flatten)]
    pub(super) sources: Sources,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
pub(in super::super) struct FileArgs {
    /// Append the summary's rows to a CSV file, under a lock
    #[arg(long, value_name = "SUMMARY.csv")]
    pub(super) append: Option<PathBuf>,
    /// Write a row for each trace: class, evidence, reason (CSV; JSON lines if named .jsonl)
    #[arg(long, value_name = "FILE")]
    pub(super) traces: Option<PathBuf>,
    /// Write a row for each packet (CSV; JSON lines if named .jsonl)
    #[arg(long, value_name = "FILE")]
    pub(super) hops: Option<PathBuf>,
}

impl FileArgs {
    /// Whether no file is named.
    pub(in super::super) fn is_empty(&self) -> bool {
        [&self.append, &self.traces, &self.hops].into_iter().all(Option::is_none)
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Tracing")]
pub(super) struct TraceArgs {
    /// Probe packets; both is icmp and udp, all is these and tcp, with a trace of each target by each
    /// [default: icmp, or udp where only that is allowed]
    #[arg(long, value_enum)]
    pub(super) method: Option<Methods>,
    /// TCP ports: a complete trace to which the target stays silent is made again by the next port
    /// [default: 80,443]
    #[arg(long = "port", value_name = "N[,N]", value_parser = ports)]
    ports: Option<Ports>,
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
    #[arg(long, value_name = "TTL", default_value_t = 30, value_parser = up_to(ProbeTtl::MOST))]
    pub(super) max_ttl: u8,
    /// Stop a trace after this many silent TTLs in a row
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = up_to(ProbeTtl::MOST))]
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
    Tcp,
    Both,
    All,
}

impl Methods {
    fn list(self, port: u16) -> Vec<ProbeMethod> {
        let all = [ProbeMethod::Icmp, ProbeMethod::Udp, ProbeMethod::Tcp(port)];
        let [icmp, udp, tcp] = all;
        match self {
            Self::Icmp => vec![icmp],
            Self::Udp => vec![udp],
            Self::Tcp => vec![tcp],
            Self::Both => vec![icmp, udp],
            Self::All => all.to_vec(),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Icmp => "icmp",
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Both => "both",
            Self::All => "all",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StrategyArg {
    Border,
    Full,
}

impl TraceArgs {
    /// The kinds of packet of `methods`.
    pub(super) fn packets(&self, methods: Methods) -> anyhow::Result<Vec<ProbeMethod>> {
        let by_tcp = matches!(methods, Methods::Tcp | Methods::All);
        anyhow::ensure!(
            by_tcp || self.ports.is_none(),
            "--port is for TCP; add --method tcp or --method all"
        );
        let packets = methods.list(self.ports.clone().unwrap_or_default().first);
        let (flows, most) = (usize::from(self.flows) * packets.len(), usize::from(Flow::MOST));
        anyhow::ensure!(
            flows <= most,
            "--flows {} by {} methods makes {flows} traces of each target; the most are {most}",
            self.flows,
            packets.len()
        );
        Ok(packets)
    }

    pub(super) fn settings(&self, send: &SendArgs) -> TraceSettings {
        let usual = TraceSettings::default();
        TraceSettings {
            strategy: match self.strategy {
                StrategyArg::Full => Strategy::Full,
                StrategyArg::Border => Strategy::Border,
            },
            attempts: self.attempts,
            timeout: self.timeout,
            max_ttl: ProbeTtl::new(self.max_ttl).unwrap_or(usual.max_ttl),
            gap_limit: self.gap_limit,
            rate: send.rate(),
            // Who waits longer for an answer waits longer in all.
            waiting: usual.waiting.mul_f64(self.timeout.as_secs_f64().max(1.0)),
            deadline: send.deadline,
            other_ports: self.ports.clone().unwrap_or_default().others,
            ..usual
        }
    }
}
