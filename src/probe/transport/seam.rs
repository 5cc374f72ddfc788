//! The seam: what every transport does, and how it fails.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;
use std::{fmt, io};

use nix::errno::Errno;

use super::super::exchange::{Flow, Probe, ProbeMethod, Reply};
use super::super::packet::Ignored;
use super::super::timing::{Moment, Stamp};

/// Sends probes of type `P`, and receives the replies `R` to them.
pub trait Transport<P = Probe, R = Reply> {
    /// The present moment.
    fn now(&self) -> Moment;

    /// Sends one probe.
    ///
    /// # Errors
    /// When nothing can be sent any more.
    fn send(&mut self, probe: &P) -> Result<SendResult, TransportError>;

    /// Adds what has arrived to `replies`; when nothing has, waits for it until `until`. Returns early
    /// when a signal arrives.
    ///
    /// # Errors
    /// When nothing can be received any more.
    fn recv(&mut self, until: Moment, replies: &mut Vec<R>) -> Result<(), TransportError>;

    /// Takes the probes of which it turned out, since the last call, that they never left this machine
    /// although the system had taken them.
    fn take_unsent(&mut self) -> Vec<Unsent<P>> {
        Vec::new()
    }

    /// Takes what was counted beside the replies since the last call.
    fn take_counts(&mut self) -> TransportCounts;

    /// Whether a trace may have several probes under way. It may not where a reply does not say which
    /// of them it is for, or where the system allows one connection of a flow at a time.
    fn takes_several(&self, _method: ProbeMethod) -> bool {
        true
    }
}

/// Which sockets a user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransportKind {
    /// The best that is allowed.
    #[default]
    Auto,
    /// Datagram sockets of Linux.
    User,
    /// Raw sockets of Linux.
    Raw,
    /// What every Unix has: for pings by ICMP only.
    Portable,
}

/// A transport with its sockets.
pub(super) struct Opened {
    pub(super) transport: Box<dyn Transport>,
    /// Which sockets it uses, and why.
    pub(super) why: &'static str,
    /// Whether it opens sockets while it is used.
    pub(super) opens_sockets: bool,
}

/// What became of a probe that was handed to a transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendResult {
    /// It left at this moment.
    Sent(Stamp),
    /// As many are under way as this transport can have: try again a little later.
    Busy,
    /// The machine refused it, as a full queue does, a local firewall at random, or a link that is down. It
    /// is no attempt, and worth some tries.
    Refused(Moment, Refusal),
}

/// A probe that the system had taken, and that never left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsent<P = Probe> {
    /// The probe.
    pub probe: P,
    /// What the system reported.
    pub refusal: Refusal,
}

/// What the system reported when it did not send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal(pub(super) Errno);

impl Refusal {
    /// The refusal that `errno` is.
    #[must_use]
    pub const fn new(errno: Errno) -> Self {
        Self(errno)
    }

    /// [`Self::result`] for an error of `call`.
    ///
    /// # Errors
    /// The error itself, where there is no result.
    pub fn of_io(
        error: io::Error,
        call: &'static str,
        at: Moment,
    ) -> Result<SendResult, TransportError> {
        let errno = error.raw_os_error().map(Errno::from_raw);
        let refused = errno.and_then(|errno| Self::result(errno, at));
        refused.ok_or_else(|| TransportError::system(call)(error))
    }

    /// What becomes of a probe that the system refused to send, at `at`, in one way on every transport.
    /// Nothing where the error is about the program and not about the network.
    #[must_use]
    pub fn result(errno: Errno, at: Moment) -> Option<SendResult> {
        match errno {
            Errno::EBADF | Errno::EFAULT | Errno::ENOTSOCK | Errno::EDESTADDRREQ => None,
            Errno::EAGAIN | Errno::EINTR => Some(SendResult::Busy),
            _ => Some(SendResult::Refused(at, Self(errno))),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            // The system's words for it speak of a route, and there is one.
            Errno::EHOSTUNREACH => f.write_str("host unreachable"),
            errno => io::Error::from(errno).fmt(f),
        }
    }
}

/// Packets that are no replies, and probes that did not leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransportCounts {
    /// Packets that arrived and were ignored, by reason.
    pub ignored: BTreeMap<Ignored, u64>,
    /// Probes that the machine refused to send, however often they were tried.
    pub unsent: u64,
    /// The last reason that it gave.
    pub unsent_reason: Option<String>,
    /// Sends that were repeated: the error of an earlier probe had stopped them, or the machine refused them
    /// for a while.
    pub resent: u64,
    /// The last such error.
    pub resent_reason: Option<String>,
}

impl TransportCounts {
    /// Adds what was counted later.
    pub(in super::super) fn add(&mut self, later: Self) {
        for (why, count) in later.ignored {
            *self.ignored.entry(why).or_default() += count;
        }
        self.unsent += later.unsent;
        self.unsent_reason = later.unsent_reason.or(self.unsent_reason.take());
        self.resent += later.resent;
        self.resent_reason = later.resent_reason.or(self.resent_reason.take());
    }

    /// Counts a packet that is no reply.
    pub fn count_ignored(&mut self, why: Ignored) {
        *self.ignored.entry(why).or_default() += 1;
    }

    /// Counts probes that could not be sent.
    pub(in super::super) fn count_unsent(&mut self, count: u64, why: Refusal) {
        if count > 0 {
            self.unsent += count;
            self.unsent_reason = Some(why.to_string());
        }
    }

    /// Counts probes that are sent again.
    pub(in super::super) fn count_resent(&mut self, count: u64, why: Refusal) {
        if count > 0 {
            self.resent += count;
            self.resent_reason = Some(why.to_string());
        }
    }
}

/// Why probing cannot begin, or cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// Raw sockets are not allowed.
    #[error("raw sockets need the capability CAP_NET_RAW")]
    NoRaw,
    /// Ping sockets are not allowed.
    #[error("ICMP without privileges needs net.ipv4.ping_group_range to cover a group of yours")]
    NoPing,
    /// This system lets only root send echo requests.
    #[error("this system lets only root send echo requests")]
    NeedsRoot,
    /// Other systems have nothing like it.
    #[error("{what} need Linux")]
    NeedsLinux {
        /// What was asked for.
        what: &'static str,
    },
    /// Portable sockets were asked for more than they can do.
    #[error(
        "portable sockets send the echo requests of pings only; traces, and pings by UDP or TCP, need Linux's own"
    )]
    OnlyPings,
    /// The library was built without them.
    #[error("portable sockets are not built in; build with the feature portable-ping")]
    NotBuilt,
    /// The system has no such sockets.
    #[error("{call}: {source}")]
    NotOffered {
        /// The call.
        call: &'static str,
        /// What the system reported.
        source: io::Error,
    },
    /// For so long the machine has sent nothing.
    #[error("nothing could be sent for {} s: {refusal}", .lasted.as_secs())]
    CannotSend {
        /// How long.
        lasted: Duration,
        /// What the system reported last.
        refusal: Refusal,
    },
    /// There is no route to the targets.
    #[error("no route to {target}: {source}")]
    NoRoute {
        /// The address that was tried.
        target: Ipv4Addr,
        /// What the system reported.
        source: io::Error,
    },
    /// The address to send from is not this machine's.
    #[error("cannot send from {address}: {source}")]
    NotOurAddress {
        /// The address.
        address: Ipv4Addr,
        /// What the system reported.
        source: io::Error,
    },
    /// The transport was opened for other flows.
    #[error("no socket was opened for flow {} by {method}", .flow.get())]
    NoSocket {
        /// The flow of the probe.
        flow: Flow,
        /// Its method.
        method: ProbeMethod,
    },
    /// A system call failed.
    #[error("{call}: {source}")]
    System {
        /// The call.
        call: &'static str,
        /// What the system reported.
        source: io::Error,
    },
}

impl TransportError {
    /// Makes the error of a socket that was not opened: `forbidden` where that takes a privilege. Sandboxes
    /// and small kernels have no such sockets at all.
    #[must_use]
    pub fn unopened(error: io::Error, call: &'static str, forbidden: Self) -> Self {
        match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::EPERM | Errno::EACCES) => forbidden,
            Some(
                Errno::EPROTONOSUPPORT
                | Errno::ESOCKTNOSUPPORT
                | Errno::EAFNOSUPPORT
                | Errno::EPROTOTYPE
                | Errno::EOPNOTSUPP
                | Errno::ENOPROTOOPT
                | Errno::EINVAL
                | Errno::ENODEV
                | Errno::ENOSYS,
            ) => Self::NotOffered { call, source: error },
            _ => Self::System { call, source: error },
        }
    }

    /// Makes the error of a system call that failed.
    pub(super) fn system<E: Into<io::Error>>(call: &'static str) -> impl Fn(E) -> Self {
        move |source| Self::System { call, source: source.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unopened(errno: Errno) -> TransportError {
        TransportError::unopened(io::Error::from(errno), "socket", TransportError::NoRaw)
    }

    /// What sandboxes, containers and small kernels say of sockets that they do not have: the next kind is tried.
    #[test]
    fn sockets_that_are_refused_are_passed_over() {
        for errno in [Errno::EPERM, Errno::EACCES] {
            assert!(matches!(unopened(errno), TransportError::NoRaw), "{errno}");
        }
        for errno in [
            Errno::EPROTONOSUPPORT,
            Errno::ESOCKTNOSUPPORT,
            Errno::EAFNOSUPPORT,
            Errno::ENOPROTOOPT,
        ] {
            assert!(matches!(unopened(errno), TransportError::NotOffered { .. }), "{errno}");
        }
    }
}
