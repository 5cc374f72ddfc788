//! Which sockets a run opens, and what to do where they are not allowed.

use clap::ValueEnum;

use crate::probe::transport::{TransportError, TransportKind};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Sockets {
    Auto,
    User,
    Raw,
    Portable,
}

impl Sockets {
    pub(super) fn choice(self) -> TransportKind {
        match self {
            Self::Auto => TransportKind::Auto,
            Self::User => TransportKind::User,
            Self::Raw => TransportKind::Raw,
            Self::Portable => TransportKind::Portable,
        }
    }
}

/// Where permission is missing, names the commands that grant it, or `without`: what needs none. Where the system has
/// no such sockets, names what works.
pub(super) fn explain_permission(error: TransportError, without: &str) -> anyhow::Error {
    let program = std::env::current_exe()
        .map_or_else(|_| "lasthop".into(), |path| path.display().to_string());
    let raw = format!("sudo setcap cap_net_raw+ep {program}");
    let what_to_do = match error {
        TransportError::NoRaw => {
            format!("raw sockets need the capability CAP_NET_RAW; this grants it:\n  {raw}")
        }
        TransportError::NoPing => format!(
            "ICMP without privileges is switched off here; this allows it:\n  \
             sudo sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"\n\
             and so does, for this program alone:\n  {raw}\n\
             {without}"
        ),
        TransportError::NeedsRoot => "run it as root; it goes on as nobody once the socket is open".into(),
        TransportError::NeedsLinux { .. } | TransportError::OnlyPings => {
            "`lasthop ping --method icmp` works over portable sockets, `lasthop lab --virtual` without any".into()
        }
        other => return other.into(),
    };
    anyhow::Error::new(error).context(what_to_do)
}
