//! What the sockets allow: one thread that sends echo requests that were made beforehand and counts
//! ICMP messages that come back, and does nothing else. The engine is measured against this.
//!
//! It sends what a complete trace of every address of the block would, packet for packet: as long as
//! the program's own, with one checksum for all TTLs of a target. It keeps to no rate and asks
//! nobody's leave, so it runs in the chain of `benches/chain.sh` alone:
//!
//!     benches/chain.sh up all
//!     benches/chain.sh exec target/release/examples/bare_loop [rounds]

mod inside;

use std::env;
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::time::{ClockId, clock_gettime};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

const BLOCK: Ipv4Addr = Ipv4Addr::new(175, 45, 176, 0);
const TARGETS: u32 = 1024;
/// The length of the chain: where every address answers, the last TTL is the target's own.
const TTLS: u8 = 13;
const IN_FLIGHT: u64 = 2048;
/// As large as the engine asks for.
const RECEIVE_BUFFER: usize = 4 << 20;
/// What is not back after this long is lost.
const PATIENCE: u16 = 1000;
/// An IP header, an ICMP header and 14 bytes, as in the engine.
const LENGTH: usize = 20 + 8 + 14;
const IDENTIFIER: u16 = 0x6c68;
/// Over type and identifier alone, since the other words add up to nothing.
const CHECKSUM: u16 = !(0x0800 + IDENTIFIER);

fn main() -> Result<()> {
    inside::nothing_leads_out()?;
    // `cargo bench` has arguments of its own.
    let rounds = env::args().nth(1).map_or(Ok(1), |rounds| rounds.parse());
    let rounds: u64 = rounds.context("how often to trace the block must be a number")?;
    let packets = packets();
    let socket = socket()?;
    let mut counts = Counts::default();
    let (began, cpu) = (Instant::now(), cpu_time()?);
    for _ in 0..rounds {
        for (packet, to) in &packets {
            counts.send(&socket, packet, to)?;
        }
    }
    counts.wait_for_the_rest(&socket)?;
    counts.tell(began.elapsed(), cpu_time()?.saturating_sub(cpu));
    Ok(())
}

/// Every target with every TTL, in the order in which one trace after the other would ask.
fn packets() -> Vec<([u8; LENGTH], SockAddr)> {
    let targets = (0..TARGETS).map(|n| Ipv4Addr::from(u32::from(BLOCK) + n));
    let asked = targets.flat_map(|target| (1..=TTLS).map(move |ttl| (target, ttl)));
    asked.map(|(target, ttl)| (packet(target, ttl), SocketAddrV4::new(target, 0).into())).collect()
}

/// An IP packet with an echo request. Its sequence number is the TTL, and the word behind it is the
/// complement, which takes the TTL out of the checksum again. The kernel fills in the source and the IP checksum.
fn packet(target: Ipv4Addr, ttl: u8) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    bytes[0] = 0x45;
    bytes[8] = ttl;
    bytes[9] = 1;
    bytes[16..20].copy_from_slice(&target.octets());
    bytes[20] = 8;
    bytes[22..24].copy_from_slice(&CHECKSUM.to_be_bytes());
    bytes[24..26].copy_from_slice(&IDENTIFIER.to_be_bytes());
    bytes[26..28].copy_from_slice(&u16::from(ttl).to_be_bytes());
    bytes[28..30].copy_from_slice(&(!u16::from(ttl)).to_be_bytes());
    bytes
}

/// One raw socket, for both directions.
fn socket() -> Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))?;
    socket.set_header_included_v4(true)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Of this process, in user and kernel mode.
fn cpu_time() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

#[derive(Default)]
struct Counts {
    sent: u64,
    answered: u64,
    lost: u64,
}

impl Counts {
    fn in_flight(&self) -> u64 {
        self.sent.saturating_sub(self.answered + self.lost)
    }

    fn send(&mut self, socket: &Socket, packet: &[u8], to: &SockAddr) -> Result<()> {
        self.receive(socket)?;
        while self.in_flight() >= IN_FLIGHT {
            self.wait(socket)?;
        }
        loop {
            match socket.send_to(packet, to) {
                Ok(_) => break,
                Err(error) => match error.raw_os_error().map(Errno::from_raw) {
                    // A queue is full; it empties while answers come.
                    Some(Errno::EAGAIN | Errno::ENOBUFS) => self.wait(socket)?,
                    _ => return Err(error).context("sending"),
                },
            }
        }
        self.sent += 1;
        Ok(())
    }

    fn receive(&mut self, socket: &Socket) -> Result<()> {
        let mut buffer = [MaybeUninit::uninit(); 2048];
        loop {
            match socket.recv_from(&mut buffer) {
                Ok(_) => self.answered += 1,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("receiving"),
            }
        }
    }

    fn wait(&mut self, socket: &Socket) -> Result<()> {
        let mut waiting = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
        if poll(&mut waiting, PollTimeout::from(PATIENCE))? == 0 {
            self.lost += self.in_flight();
        }
        self.receive(socket)
    }

    fn wait_for_the_rest(&mut self, socket: &Socket) -> Result<()> {
        while self.in_flight() > 0 {
            self.wait(socket)?;
        }
        ensure!(self.answered > 0, "nothing answered");
        Ok(())
    }

    fn tell(&self, took: Duration, cpu: Duration) {
        let Self { sent, answered, .. } = self;
        let seconds = took.as_secs_f64();
        let per_packet = cpu.as_nanos() / u128::from(*sent).max(1);
        let rate = u128::from(*answered) * 1_000_000 / took.as_micros().max(1);
        println!(
            "sent {sent} answered {answered} seconds {seconds:.3} answers_per_s {rate} \
             cpu_ns_per_packet {per_packet}"
        );
    }
}
