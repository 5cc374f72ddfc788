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

/// The most packets per second of a run that has raw sockets by the file's capabilities, and the most flows of each target:
/// every user of the machine may begin such a run.
const MOST_LENT: (u32, u8) = (1000, 8);

/// More than somebody may send who has raw sockets by the capabilities of the program's file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooMuch {
    #[error(
        "{asked} is more than may be sent over raw sockets that every user has by the capabilities of the program's file: at most --rate \
         {most}; --wire user sends more without them, and root may"
    )]
    Rate { asked: String, most: u32 },
    #[error(
        "--flows {asked} is more than may be sent over raw sockets that every user has by the capabilities of the program's file: at most \
         --flows {most}; --wire user sends more without them, and root may"
    )]
    Flows { asked: u8, most: u8 },
}

impl Sockets {
    /// Refuses what is too much for raw sockets that are lent. A `rate` of 0 is no limit.
    pub(super) fn check_lent(self, is_lent: bool, rate: u32, flows: u8) -> Result<(), TooMuch> {
        let (most_rate, most_flows) = MOST_LENT;
        if !is_lent || self == Self::User {
            return Ok(());
        }
        if rate == 0 || rate > most_rate {
            let asked =
                if rate == 0 { "no limit (--rate 0)".into() } else { format!("--rate {rate}") };
            return Err(TooMuch::Rate { asked, most: most_rate });
        }
        if flows > most_flows {
            return Err(TooMuch::Flows { asked: flows, most: most_flows });
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_sockets_that_are_lent_send_little() {
        let check =
            |wire: Sockets, is_lent, rate, flows| wire.check_lent(is_lent, rate, flows).is_ok();
        for wire in [Sockets::Auto, Sockets::Raw] {
            assert!(check(wire, true, 200, 1) && check(wire, true, 1000, 8));
            assert!(!check(wire, true, 1001, 1) && !check(wire, true, u32::MAX, 1));
            assert!(!check(wire, true, 0, 1), "0 is no limit");
            assert!(!check(wire, true, 200, 9));
            assert!(check(wire, false, 0, 32), "those of one's own");
        }
        assert!(check(Sockets::User, true, 0, 32), "what anybody may do");
    }

    #[test]
    fn a_refusal_names_what_is_allowed() {
        let refused = |rate, flows| match Sockets::Auto.check_lent(true, rate, flows) {
            Err(why) => why.to_string(),
            Ok(()) => String::new(),
        };
        assert!(refused(5000, 1).starts_with("--rate 5000 is more"), "{}", refused(5000, 1));
        assert!(refused(0, 1).starts_with("no limit (--rate 0) is more"));
        assert!(refused(200, 32).contains("at most --flows 8"), "{}", refused(200, 32));
    }
}
