//! What all sockets share: the clock, reading one message with what the kernel says about it, and
//! waiting for the next.

use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, RecvMsg, SockaddrIn, recvmsg};
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::time::{ClockId, clock_gettime};

use crate::trace::ReplyKind;

use super::super::super::exchange::{Probe, Reply};
use super::super::super::packet::Ignored;
use super::super::super::timing::{Moment, Stamp};
use super::super::seam::{Refusal, TransportCounts, TransportError, Unsent};

/// How large a receive buffer is meant to be: some ten thousand replies.
pub(super) const RECEIVE_BUFFER: usize = 4 << 20;
/// How large a send buffer is meant to be: what the kernel queues for a moment at tens of thousands of
/// packets a second.
pub(super) const SEND_BUFFER: usize = 1 << 20;
/// How many messages are taken from a socket before the caller may send again.
pub(super) const BATCH: usize = 64;
/// No reply that matters is longer.
const LONGEST_MESSAGE: usize = 2048;
/// How much the wall clock may differ from the run's without having been set: what slewing and two looks
/// one after the other make.
const TOLERANCE: Duration = Duration::from_millis(20);

/// How long a wait lasts at most before the clock is looked at again.
const SLICE: Duration = Duration::from_millis(20);
/// How far apart two looks at the clock may be for what lies between them to be known. Where they are
/// further apart, the process or the machine was stopped.
const CLOSE: Duration = Duration::from_millis(10);

/// How often clocks are looked at, at most, until two looks are close to each other.
const LOOKS: usize = 3;

/// The time since the run began: monotonic, going on while the machine sleeps, and able to place the
/// kernel's stamps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// Since the machine was started.
    began: Duration,
    at: Moment,
    /// The wall clock less the time since the machine was started, when the queues were empty last.
    offset: Duration,
    /// When the queues were empty last: what is in them came later.
    empty: Moment,
    /// The time since the machine was started.
    since_boot: fn() -> Duration,
}

impl Clock {
    /// A clock that shows `at` now.
    pub(super) fn start(at: Moment) -> Self {
        Self::of(since_boot, at)
    }

    fn of(since_boot: fn() -> Duration, at: Moment) -> Self {
        Self { began: since_boot(), at, offset: offset(), empty: at, since_boot }
    }

    pub(super) fn now(self) -> Moment {
        self.at + (self.since_boot)().saturating_sub(self.began)
    }

    /// When a packet left whose sending began at `before`. The process may be stopped between the look at
    /// the clock and the sending; then it left now at the latest.
    pub(super) fn left(self, before: Moment) -> Stamp {
        let now = self.now();
        let exact = now.since(before) <= CLOSE;
        Stamp { at: if exact { before } else { now }, exact }
    }

    /// When a message came: the moment of the kernel's stamp, however old, since a process may have been
    /// stopped. The kernel stamps by the wall clock. Where that was set since the queues were empty, the
    /// stamp says nothing. Without one, a message came between the last look at the queues and now.
    pub(super) fn came(self, stamp: Option<Duration>) -> Stamp {
        let (now, offset) = (self.now(), offset());
        let was_set = offset.abs_diff(self.offset) > TOLERANCE;
        let since_boot = stamp.filter(|_| !was_set).and_then(|stamp| stamp.checked_sub(offset));
        let stamped = since_boot.map(|stamp| self.at + stamp.saturating_sub(self.began));
        match stamped {
            Some(stamped) => Stamp::from(stamped.min(now)),
            None => Stamp { at: now, exact: now.since(self.empty) <= SLICE + CLOSE },
        }
    }

    /// All that had arrived by `at` was read: what comes later is stamped by the wall clock as it is now.
    pub(super) fn all_read(&mut self, at: Moment) {
        self.offset = offset();
        self.empty = self.empty.max(at);
    }
}

/// The wall clock less the time since the machine was started. A process may be stopped between two looks
/// at clocks, so the looks must be close to each other.
fn offset() -> Duration {
    let mut offset = Duration::ZERO;
    for _ in 0..LOOKS {
        let before = since_boot();
        let wall_clock =
            clock_gettime(ClockId::CLOCK_REALTIME).map_or(Duration::ZERO, Duration::from);
        offset = wall_clock.saturating_sub(before);
        if since_boot().saturating_sub(before) < TOLERANCE / 4 {
            break;
        }
    }
    offset
}

fn since_boot() -> Duration {
    let boot = clock_gettime(ClockId::CLOCK_BOOTTIME);
    boot.or_else(|_| clock_gettime(ClockId::CLOCK_MONOTONIC)).map_or(Duration::ZERO, Duration::from)
}

/// What came with a message.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MessageInfo {
    /// Who sent it. From the error queue: where the packet went that the error is about.
    pub(super) address: Option<SocketAddrV4>,
    /// When the kernel got it, in wall-clock time.
    pub(super) stamp: Option<Duration>,
    /// The TTL with which it arrived.
    pub(super) ttl: Option<u8>,
    /// From the error queue: the ICMP error.
    pub(super) error: Option<IcmpError>,
}

/// An ICMP error as the kernel queues it (`ip(7)`, `IP_RECVERR`).
#[derive(Debug, Clone, Copy)]
pub(super) struct IcmpError {
    pub(super) from: Ipv4Addr,
    pub(super) kind: u8,
    pub(super) code: u8,
}

/// Reads messages one by one into one buffer.
#[derive(Debug)]
pub(super) struct MessageReader {
    bytes: Box<[u8; LONGEST_MESSAGE]>,
    control: Vec<u8>,
}

impl MessageReader {
    pub(super) fn new() -> Self {
        let control =
            nix::cmsg_space!(TimeSpec, i32, (nix::libc::sock_extended_err, nix::libc::sockaddr_in));
        Self { bytes: Box::new([0; LONGEST_MESSAGE]), control }
    }

    /// Reads one message; nothing when none is waiting.
    pub(super) fn read(
        &mut self,
        socket: &impl AsRawFd,
        flags: MsgFlags,
    ) -> Result<Option<(MessageInfo, &[u8])>, TransportError> {
        let mut parts = [IoSliceMut::new(&mut self.bytes[..])];
        let flags = flags | MsgFlags::MSG_DONTWAIT;
        let control = Some(&mut self.control[..]);
        let (info, length) =
            match recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut parts, control, flags) {
                Ok(message) => (MessageInfo::of(&message), message.bytes),
                Err(errno) if is_no_failure(errno) => return Ok(None),
                Err(errno) => return Err(TransportError::system("recvmsg")(errno)),
            };
        Ok(Some((info, &self.bytes[..length])))
    }
}

/// All but the first two are errors that an earlier packet met: the error queue has them in full, or
/// they are about a link that was down for a while.
fn is_no_failure(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::EAGAIN
            | Errno::EINTR
            | Errno::ENETDOWN
            | Errno::EHOSTUNREACH
            | Errno::ENETUNREACH
            | Errno::ECONNREFUSED
            | Errno::EHOSTDOWN
            | Errno::EACCES
            | Errno::EPROTO
            | Errno::ENOPROTOOPT
            | Errno::EOPNOTSUPP
            | Errno::EMSGSIZE
    )
}

impl MessageInfo {
    fn of(message: &RecvMsg<'_, '_, SockaddrIn>) -> Self {
        let address = message.address.map(|at| SocketAddrV4::new(at.ip(), at.port()));
        let mut info = Self { address, ..Self::default() };
        // Of a message whose control part was cut short, what is left of it is used.
        for part in message.cmsgs().into_iter().flatten() {
            match part {
                ControlMessageOwned::ScmTimestampns(stamp) => info.stamp = Some(stamp.into()),
                ControlMessageOwned::Ipv4Ttl(ttl) => info.ttl = u8::try_from(ttl).ok(),
                // Local errors, such as a full queue, come without an ICMP message.
                ControlMessageOwned::Ipv4RecvErr(error, Some(from))
                    if error.ee_origin == nix::libc::SO_EE_ORIGIN_ICMP =>
                {
                    let from = Ipv4Addr::from(u32::from_be(from.sin_addr.s_addr));
                    let (kind, code) = (error.ee_type, error.ee_code);
                    info.error = Some(IcmpError { from, kind, code });
                }
                _ => {}
            }
        }
        info
    }
}

/// What has come beside replies.
#[derive(Debug, Default)]
pub(super) struct Aside {
    pub(super) counts: TransportCounts,
    /// Probes that never left.
    pub(super) unsent: Vec<Unsent>,
}

impl Aside {
    /// Adds what was decoded to `replies`, or counts why it is no reply.
    ///
    /// When the gateway does not answer, this machine itself, at `source`, sends a destination unreachable.
    /// Such a probe met no router at all: it did not leave.
    pub(super) fn sort(
        &mut self,
        decoded: Result<Reply, Ignored>,
        source: Ipv4Addr,
        replies: &mut Vec<Reply>,
    ) {
        match decoded {
            Ok(Reply { kind: ReplyKind::Unreachable(_), from, probe, .. })
                if from == source && probe.key.target != source =>
            {
                self.not_sent(probe, Errno::EHOSTUNREACH);
            }
            Ok(reply) => replies.push(reply),
            Err(why) => self.counts.count_ignored(why),
        }
    }

    /// A probe never left.
    pub(super) fn not_sent(&mut self, probe: Probe, errno: Errno) {
        self.unsent.push(Unsent { probe, refusal: Refusal::new(errno) });
    }
}

impl Refusal {
    /// Whether this may be the error of an earlier packet, which the system reports at the next send. It is
    /// not where a firewall drops packets (EPERM), or queues and memory are full.
    pub(super) const fn may_be_an_earlier_one(self) -> bool {
        !matches!(self.0, Errno::EPERM | Errno::ENOBUFS | Errno::ENOMEM)
    }
}

impl TransportError {
    /// Whether this process or the system has no file left to open.
    pub(super) fn is_out_of_files(&self) -> bool {
        let Self::System { source, .. } = self else { return false };
        let errno = source.raw_os_error().map(Errno::from_raw);
        matches!(errno, Some(Errno::EMFILE | Errno::ENFILE))
    }

    /// Whether this process or the system has nothing left for another socket.
    pub(super) fn is_out_of_resources(&self) -> bool {
        let Self::System { source, .. } = self else { return false };
        let errno = source.raw_os_error().map(Errno::from_raw);
        self.is_out_of_files() || matches!(errno, Some(Errno::ENOMEM | Errno::ENOBUFS))
    }
}

/// A socket to wait for until it is ready for `event` or has an error.
pub(super) fn ready_for(socket: &impl AsFd, event: PollFlags) -> PollFd<'_> {
    PollFd::new(socket.as_fd(), event)
}

/// Waits until one of the sockets is ready, a signal arrives, or it is `until`. Returns which are ready; none
/// after a signal. It waits in slices, so that the clock knows how long nothing had come.
pub(super) fn wait<'a>(
    sockets: impl Iterator<Item = PollFd<'a>>,
    clock: &mut Clock,
    until: Moment,
) -> Result<Vec<bool>, TransportError> {
    let mut waiting: Vec<PollFd<'_>> = sockets.collect();
    loop {
        let now = clock.now();
        let left = until.since(now);
        let nanos = i64::try_from(left.min(SLICE).as_nanos()).unwrap_or(i64::MAX);
        match ppoll(&mut waiting, Some(TimeSpec::nanoseconds(nanos)), None) {
            // Nothing had come by the end of the slice.
            Ok(0) if left > SLICE => clock.all_read(now + SLICE),
            Ok(_) => return Ok(waiting.iter().map(|it| it.any().unwrap_or_default()).collect()),
            Err(Errno::EINTR) => return Ok(Vec::new()),
            Err(errno) => return Err(TransportError::system("ppoll")(errno)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// The clock of a test, in milliseconds.
        static MILLIS: Cell<u64> = const { Cell::new(0) };
    }

    fn since_boot_in_test() -> Duration {
        Duration::from_millis(MILLIS.get())
    }

    fn pass(millis: u64) {
        MILLIS.set(MILLIS.get() + millis);
    }

    fn clock() -> Clock {
        Clock::of(since_boot_in_test, Moment::START)
    }

    /// Stopped between the look at the clock and the sending, or between the sending and the next look: when the
    /// packet left is not known, but that it did not leave later than now.
    #[test]
    fn a_process_that_is_stopped_while_it_sends_does_not_know_when() {
        let clock = clock();
        let before = clock.now();
        pass(1);
        assert_eq!(clock.left(before), Stamp::from(before));
        pass(2_000);
        assert_eq!(clock.left(before), Stamp { at: clock.now(), exact: false });
    }

    /// What has no stamp of the kernel came between two looks.
    #[test]
    fn a_process_that_is_stopped_while_it_waits_does_not_know_when_something_came() {
        let mut clock = clock();
        clock.all_read(clock.now());
        pass(15);
        assert_eq!(clock.came(None), Stamp::from(clock.now()));
        pass(2_000);
        let reply = clock.came(None);
        assert!(!reply.exact && reply.at == clock.now());
        assert_eq!(reply.since(Stamp::from(Moment::START)), None);
        clock.all_read(clock.now());
        assert!(clock.came(None).exact);
    }

    /// A limit on files is about this process, not about the network, and no other socket would open.
    #[test]
    fn no_file_left_to_open_is_no_missing_route() {
        for errno in [Errno::EMFILE, Errno::ENFILE] {
            let error = TransportError::unopened(errno.into(), "socket", TransportError::NoRaw);
            assert!(error.is_out_of_files(), "{errno}");
            assert!(matches!(error, TransportError::System { .. }), "{errno}");
        }
        let error = TransportError::system("socket")(Errno::ENOMEM);
        assert!(!error.is_out_of_files());
    }
}
