//! By what a target is asked, and what its answer is.

use std::fmt;

/// By what a target is asked whether it lives, in the order in which it is.
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
    /// The ports that are tried, one after the other.
    pub const PORTS: [u16; 2] = [80, 443];
    /// All of them, in their order.
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

/// What shows that a target lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liveness {
    /// An echo reply from its own address.
    Echo,
    /// It accepts a connection to this port.
    Open(u16),
    /// It refuses one.
    Refused(u16),
    /// It says itself that nobody listens on a UDP port.
    NoListener,
}

impl Liveness {
    /// By which means it was found.
    #[must_use]
    pub const fn means(self) -> PingMethod {
        match self {
            Self::Echo => PingMethod::Icmp,
            Self::Open(_) | Self::Refused(_) => PingMethod::Tcp,
            Self::NoListener => PingMethod::Udp,
        }
    }

    /// The TCP port.
    #[must_use]
    pub const fn port(self) -> Option<u16> {
        match self {
            Self::Open(port) | Self::Refused(port) => Some(port),
            Self::Echo | Self::NoListener => None,
        }
    }
}

impl fmt::Display for Liveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Echo => f.write_str("icmp"),
            Self::Open(port) => write!(f, "tcp-{port}-open"),
            Self::Refused(port) => write!(f, "tcp-{port}-refused"),
            Self::NoListener => f.write_str("udp"),
        }
    }
}
