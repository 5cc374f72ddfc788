//! How a target is asked whether it is alive, and what shows that it is.

use std::fmt;

/// How a target is asked, in the order in which the methods are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PingMethod {
    /// Echo requests.
    Icmp,
    /// Connections to [`PingMethod::PORTS`].
    Tcp,
    /// Datagrams to ports on which nobody listens.
    Udp,
}

impl PingMethod {
    /// The TCP ports, which take turns.
    pub const PORTS: [u16; 2] = [80, 443];
    /// All methods, in their order.
    pub const ALL: [Self; 3] = [Self::Icmp, Self::Tcp, Self::Udp];

    /// Its name in the output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Icmp => "icmp",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// What shows that a target is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liveness {
    /// An echo reply from its own address.
    Echo,
    /// It accepts a connection to this port.
    Open(u16),
    /// It refuses a connection to this port.
    Refused(u16),
    /// It reports itself that nobody listens on a UDP port.
    PortUnreachable,
}

impl Liveness {
    /// The method that found it.
    #[must_use]
    pub const fn method(self) -> PingMethod {
        match self {
            Self::Echo => PingMethod::Icmp,
            Self::Open(_) | Self::Refused(_) => PingMethod::Tcp,
            Self::PortUnreachable => PingMethod::Udp,
        }
    }

    /// The TCP port.
    #[must_use]
    pub const fn port(self) -> Option<u16> {
        match self {
            Self::Open(port) | Self::Refused(port) => Some(port),
            Self::Echo | Self::PortUnreachable => None,
        }
    }
}

impl fmt::Display for Liveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Echo => f.write_str("icmp"),
            Self::Open(port) => write!(f, "tcp-{port}-open"),
            Self::Refused(port) => write!(f, "tcp-{port}-refused"),
            Self::PortUnreachable => f.write_str("udp"),
        }
    }
}
