//! The simulated internet in real time, behind the pair of devices.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::{TimeSpec, TimeValLike};

use crate::probe::Moment;

use super::super::error::LabError;
use super::super::network::{Delivery, Network};
use super::link::Link;

/// How long the simulation sleeps when nothing is on its way.
const IDLE: Duration = Duration::from_secs(1);
/// How long the devices may take until they pass packets.
const START_TIMEOUT: Duration = Duration::from_secs(5);
/// Where the packet goes that shows that they do: nowhere (RFC 5737), discard.
const NOWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// Runs `network` behind `link` in a thread of its own, from when the devices pass packets until
/// the process ends.
///
/// # Errors
/// When the devices stay silent.
pub(super) fn start(network: Network, link: Link) -> Result<(), LabError> {
    let step = |what: &str| {
        let what = what.to_owned();
        move |source| LabError::System { what, source }
    };
    await_first_packet(&link).map_err(step("waiting for the virtual devices"))?;
    thread::Builder::new()
        .name("lab".into())
        .spawn(move || Simulation::new(network, link).run())
        .map(drop)
        .map_err(step("starting the simulation"))
}

/// The first packets after switching a pair of devices on can be lost: sends until one arrives.
fn await_first_packet(link: &Link) -> io::Result<()> {
    let knock = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let began = Instant::now();
    while began.elapsed() < START_TIMEOUT {
        knock.send_to(&[], NOWHERE)?;
        if wait(link, Duration::from_millis(10))? && link.receive(&mut [0; 2048])?.is_some() {
            return Ok(());
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

struct Simulation {
    network: Network,
    link: Link,
    began: Instant,
    on_the_way: BinaryHeap<Reverse<Delivery>>,
}

impl Simulation {
    fn new(network: Network, link: Link) -> Self {
        Self { network, link, began: Instant::now(), on_the_way: BinaryHeap::new() }
    }

    /// Until the device fails, which it does when the namespace ends.
    fn run(mut self) {
        while self.turn().is_ok() {}
    }

    fn turn(&mut self) -> io::Result<()> {
        let mut buffer = [0; 2048];
        for _ in 0..64 {
            let now = self.now();
            let Some(packet) = self.link.receive(&mut buffer)? else { break };
            self.on_the_way.extend(self.network.carry(packet, now).map(Reverse));
        }
        let next = self.deliver_what_is_due()?;
        let until = next.map_or(IDLE, |next| next.since(self.now()));
        wait(&self.link, until).map(drop)
    }

    /// Delivers what has arrived by now; returns when the next packet will.
    fn deliver_what_is_due(&mut self) -> io::Result<Option<Moment>> {
        while let Some(Reverse(next)) = self.on_the_way.peek() {
            if next.at > self.now() {
                return Ok(Some(next.at));
            }
            match self.link.deliver(&next.packet) {
                Ok(()) => {}
                // A full queue, or more than a frame holds: lost, as packets are.
                Err(error) if is_loss(&error) => {}
                Err(error) => return Err(error),
            }
            self.on_the_way.pop();
        }
        Ok(None)
    }

    fn now(&self) -> Moment {
        Moment::START + self.began.elapsed()
    }
}

fn is_loss(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::ENOBUFS | Errno::EMSGSIZE))
}

/// Waits until a packet is there, and says whether one is.
fn wait(link: &Link, longest: Duration) -> io::Result<bool> {
    let nanos = i64::try_from(longest.as_nanos()).unwrap_or(i64::MAX);
    let mut waiting = [PollFd::new(link.as_fd(), PollFlags::POLLIN)];
    match ppoll(&mut waiting, Some(TimeSpec::nanoseconds(nanos)), None) {
        Ok(count) => Ok(count > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}
