//! Which sockets a run opens, and what to do where they are not allowed.

use clap::ValueEnum;

use crate::probe::wire::{Choice, WireError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Sockets {
    Auto,
    User,
    Raw,
}

impl Sockets {
    pub(super) fn choice(self) -> Choice {
        match self {
            Self::Auto => Choice::Auto,
            Self::User => Choice::User,
            Self::Raw => Choice::Raw,
        }
    }
}

/// Where permission is missing, names the commands that grant it, or `without`: what needs none.
pub(super) fn explain_permission(error: WireError, without: &str) -> anyhow::Error {
    let program = std::env::current_exe()
        .map_or_else(|_| "lasthop".into(), |path| path.display().to_string());
    let raw = format!("sudo setcap cap_net_raw+ep {program}");
    let what_to_do = match error {
        WireError::NoRaw => {
            format!("raw sockets need the capability CAP_NET_RAW; this grants it:\n  {raw}")
        }
        WireError::NoPing => format!(
            "ICMP without privileges is switched off here; this allows it:\n  \
             sudo sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"\n\
             and so does, for this program alone:\n  {raw}\n\
             {without}"
        ),
        other => return other.into(),
    };
    anyhow::Error::new(error).context(what_to_do)
}
