use std::net::Ipv4Addr;

use pnet::packet::Packet as _;
use pnet::packet::icmp::echo_request::EchoRequestPacket;
use pnet::packet::icmp::{self, IcmpPacket};
use pnet::packet::ipv4::{self, Ipv4Packet};
use pnet::packet::tcp::{self, MutableTcpPacket, TcpFlags, TcpPacket};
use pnet::packet::udp::{self, UdpPacket};
use pnet::packet::util;
use proptest::prelude::*;

use crate::trace::{MplsLabel, ReplyKind};

use super::super::exchange::{Attempt, Flow, Probe, ProbeMethod, ProbeTtl, TraceKey};
use super::super::timing::Moment;
use super::codec::HEADER;
use super::{Codec, Ignored, Secret};

const SOURCE: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 77);
const ROUTER: Ipv4Addr = Ipv4Addr::new(103, 35, 255, 254);

fn codec() -> Codec {
    Codec::new(Secret::new(*b"known to one run"))
}

fn any_probe() -> impl Strategy<Value = Probe> {
    let target = any::<u32>().prop_map(Ipv4Addr::from);
    let method = prop_oneof![
        Just(ProbeMethod::Icmp),
        Just(ProbeMethod::Udp),
        any::<u16>().prop_map(ProbeMethod::Tcp)
    ];
    (target, method, 0..Flow::MOST, 1..=ProbeTtl::MOST, 0..Attempt::MOST).prop_map(
        |(target, method, flow, ttl, attempt)| Probe {
            key: TraceKey { target, method, flow: Flow::new(flow).expect("flow") },
            ttl: ProbeTtl::new(ttl).expect("ttl"),
            attempt: Attempt::new(attempt).expect("attempt"),
        },
    )
}

/// A probe like it, by TCP.
fn by_tcp(probe: Probe, port: u16) -> Probe {
    Probe { key: TraceKey { method: ProbeMethod::Tcp(port), ..probe.key }, ..probe }
}

/// The target's segment with these flags that acknowledges the SYN in `packet`, and so many bytes more.
fn segment(packet: &[u8], flags: u8, more: u32) -> Vec<u8> {
    let syn = TcpPacket::new(&packet[HEADER..]).expect("a SYN");
    let mut bytes = vec![0; 20];
    let mut tcp = MutableTcpPacket::new(&mut bytes).expect("long enough");
    tcp.set_source(syn.get_destination());
    tcp.set_destination(syn.get_source());
    tcp.set_acknowledgement(syn.get_sequence().wrapping_add(1).wrapping_add(more));
    tcp.set_data_offset(5);
    tcp.set_flags(flags);
    let mut header = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 243, 6, 0, 0];
    header.extend(&packet[16..20]);
    header.extend(SOURCE.octets());
    [header, bytes].concat()
}

/// An IP packet from a router that carries `message`.
fn from_router(message: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 243, 1, 0, 0];
    packet.extend(ROUTER.octets());
    packet.extend(SOURCE.octets());
    let mut message = message.to_vec();
    if message.len() >= 4 {
        message[2..4].copy_from_slice(&[0, 0]);
        let sum = util::checksum(&message, 1);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    packet.extend(message);
    packet
}

/// A time exceeded that quotes `quote`.
fn time_exceeded(quote: &[u8]) -> Vec<u8> {
    from_router(&[&[11, 0, 0, 0, 0, 0, 0, 0], quote].concat())
}

fn echo_reply_to(packet: &[u8]) -> Vec<u8> {
    let mut message = packet[HEADER..].to_vec();
    message[0] = 0;
    message[2..4].copy_from_slice(&[0, 0]);
    let sum = icmp::checksum(&IcmpPacket::new(&message).expect("long enough"));
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    from_router(&message)
}

fn decode(packet: &[u8]) -> Result<(Probe, ReplyKind), Ignored> {
    codec().decode(packet, Moment::START).map(|reply| (reply.probe, reply.kind))
}

proptest! {
    #[test]
    fn eight_quoted_bytes_identify_every_probe(probe in any_probe()) {
        let packet = codec().encode(SOURCE, &probe);
        prop_assert_eq!(decode(&time_exceeded(&packet[..28])), Ok((probe, ReplyKind::TimeExceeded)));
        prop_assert_eq!(decode(&time_exceeded(&packet)), Ok((probe, ReplyKind::TimeExceeded)));
        prop_assert_eq!(decode(&time_exceeded(&packet[..27])), Err(Ignored::Malformed));
    }

    #[test]
    fn the_checksums_are_right(probe in any_probe()) {
        let packet = codec().encode(SOURCE, &probe);
        let ip = Ipv4Packet::new(&packet).expect("a packet");
        prop_assert_eq!(ip.get_checksum(), ipv4::checksum(&ip));
        match probe.key.method {
            ProbeMethod::Icmp => {
                let message = IcmpPacket::new(&packet[HEADER..]).expect("a message");
                prop_assert_eq!(message.get_checksum(), icmp::checksum(&message));
            }
            ProbeMethod::Udp => {
                let datagram = UdpPacket::new(&packet[HEADER..]).expect("a datagram");
                let right = udp::ipv4_checksum(&datagram, &SOURCE, &probe.key.target);
                prop_assert_eq!(datagram.get_checksum(), right);
            }
            ProbeMethod::Tcp(port) => {
                let syn = TcpPacket::new(&packet[HEADER..]).expect("a segment");
                let right = tcp::ipv4_checksum(&syn, &SOURCE, &probe.key.target);
                prop_assert_eq!(syn.get_checksum(), right);
                prop_assert_eq!((syn.get_destination(), syn.get_flags()), (port, TcpFlags::SYN));
                prop_assert_eq!(usize::from(ip.get_total_length()), packet.len());
                prop_assert!(syn.payload().is_empty());
            }
        }
    }

    #[test]
    fn the_flow_is_constant_within_a_trace(one in any_probe(), ttl in 1..=ProbeTtl::MOST) {
        let other = Probe { ttl: ProbeTtl::new(ttl).expect("ttl"), ..one };
        let (one, other) = (codec().encode(SOURCE, &one), codec().encode(SOURCE, &other));
        // ICMP type, code, checksum and identifier; or UDP ports and length; or TCP ports.
        let fields = |packet: &[u8]| packet[HEADER..HEADER + 6].to_vec();
        prop_assert_eq!(fields(&one), fields(&other));
    }

    #[test]
    fn a_flipped_bit_is_noticed(probe in any_probe(), bit in 0..64_usize) {
        let mut packet = codec().encode(SOURCE, &probe);
        packet[HEADER + bit / 8] ^= 1 << (bit % 8);
        if let Ok((found, _)) = decode(&time_exceeded(&packet[..28])) {
            // One in 256 survives in the probe's number, never in another trace. What only the checksum has lost,
            // the IP identification still proves, and it names that very probe.
            let in_checksum = match probe.key.method {
                ProbeMethod::Icmp => (16..32).contains(&bit),
                ProbeMethod::Udp => bit >= 48,
                ProbeMethod::Tcp(_) => false,
            };
            prop_assert!(bit >= 48 && found.key == probe.key || in_checksum && found == probe);
        }
    }

    /// As they are quoted behind boxes that translate addresses.
    #[test]
    fn either_number_proves_a_probe(probe in any_probe(), id in any::<u16>(), wrong in 1..u16::MAX) {
        let packet = codec().encode(SOURCE, &probe);
        let word = |packet: &[u8], at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
        let with = |packet: &[u8], at: usize, value: u16| {
            let mut packet = packet.to_vec();
            packet[at..at + 2].copy_from_slice(&value.to_be_bytes());
            packet
        };
        let found = |quote: &[u8]| decode(&time_exceeded(&quote[..28])).map(|(found, _)| found);
        // The IP identification alone may be another.
        prop_assert_eq!(found(&with(&packet, 4, id)), Ok(probe));
        let at = match probe.key.method {
            ProbeMethod::Icmp => HEADER + 2,
            ProbeMethod::Udp => HEADER + 6,
            ProbeMethod::Tcp(_) => return Ok(()),
        };
        let checksum = word(&packet, at);
        let changed = with(&packet, at, checksum ^ wrong);
        // One in 256 is the number of another probe of the trace.
        prop_assert_eq!(found(&changed).map(|other| other.key), Ok(probe.key));
        // Both together prove nothing.
        let neither = with(&changed, 4, word(&packet, 4) ^ 0x00ff);
        if let Ok(other) = found(&neither) {
            prop_assert!(other.key == probe.key && other != probe);
        }
        if probe.key.method == ProbeMethod::Icmp {
            // A new identifier, and the checksum that goes with it.
            let own = word(&packet, HEADER + 4);
            let sum = (u32::from(checksum) + u32::from(own) + 0xffff - u32::from(id)) % 0xffff;
            let sum = u16::try_from(sum).expect("two bytes");
            let translated = with(&with(&packet, HEADER + 4, id), HEADER + 2, sum);
            prop_assert_eq!(found(&translated), Ok(probe));
        }
    }

    #[test]
    fn a_message_whose_own_checksum_is_wrong_is_ignored(probe in any_probe(), wrong in 1..u16::MAX) {
        let mut packet = time_exceeded(&codec().encode(SOURCE, &probe));
        let sum = u16::from_be_bytes([packet[HEADER + 2], packet[HEADER + 3]]) ^ wrong;
        packet[HEADER + 2..HEADER + 4].copy_from_slice(&sum.to_be_bytes());
        prop_assert_eq!(decode(&packet), Err(Ignored::Malformed));
    }

    #[test]
    fn probes_of_another_run_are_not_ours(probe in any_probe()) {
        let other = Codec::new(Secret::new(*b"another run's...")).encode(SOURCE, &probe);
        if let Ok((found, _)) = decode(&time_exceeded(&other)) {
            prop_assert!(false, "{found:?} taken for ours");
        }
    }

    #[test]
    fn an_echo_reply_is_matched_whoever_sends_it(probe in any_probe()) {
        let key = TraceKey { method: ProbeMethod::Icmp, ..probe.key };
        let probe = Probe { key, ..probe };
        let packet = codec().encode(SOURCE, &probe);
        prop_assert_eq!(decode(&echo_reply_to(&packet)), Ok((probe, ReplyKind::EchoReply)));
    }

    #[test]
    fn both_answers_to_a_syn_identify_it(probe in any_probe(), port in any::<u16>()) {
        let probe = by_tcp(probe, port);
        let packet = codec().encode(SOURCE, &probe);
        for flags in [TcpFlags::SYN | TcpFlags::ACK, TcpFlags::RST | TcpFlags::ACK] {
            let found = decode(&segment(&packet, flags, 0));
            prop_assert_eq!(found, Ok((probe, ReplyKind::EchoReply)));
        }
    }

    #[test]
    fn forged_answers_to_a_syn_are_ignored(probe in any_probe(), port in any::<u16>(), more in 1_u32.., flags in any::<u8>()) {
        let packet = codec().encode(SOURCE, &by_tcp(probe, port));
        // One in 256 of those near it has another number of the same trace.
        if let Ok((found, _)) = decode(&segment(&packet, TcpFlags::SYN | TcpFlags::ACK, more)) {
            prop_assert!(found.key.target == probe.key.target && more.min(more.wrapping_neg()) < 1 << 16);
        }
        let answers = flags & TcpFlags::ACK != 0 && flags & (TcpFlags::SYN | TcpFlags::RST) != 0;
        prop_assert_eq!(decode(&segment(&packet, flags, 0)).is_ok(), answers);
        let another = Codec::new(Secret::new(*b"another run's...")).encode(SOURCE, &by_tcp(probe, port));
        prop_assert!(decode(&segment(&another, TcpFlags::RST | TcpFlags::ACK, 0)).is_err());
    }

    #[test]
    fn the_syns_of_a_trace_follow_each_other(probe in any_probe(), ttl in 1..=ProbeTtl::MOST) {
        let (one, ttl) = (by_tcp(probe, 80), ProbeTtl::new(ttl).expect("ttl"));
        let sequence = |probe: &Probe| {
            let packet = codec().encode(SOURCE, probe);
            TcpPacket::new(&packet[HEADER..]).expect("a SYN").get_sequence()
        };
        let (first, other) = (sequence(&one), sequence(&Probe { ttl, ..one }));
        prop_assert_eq!(first.cmp(&other), one.ttl.cmp(&ttl));
        prop_assert!(first.abs_diff(other) < 1 << 16);
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = decode(&bytes);
        let _ = decode(&from_router(&bytes));
        let _ = decode(&time_exceeded(&bytes));
        let _ = decode(&[&segment(&[0; 60], TcpFlags::ACK, 0)[..HEADER], &bytes].concat());
    }

    #[test]
    fn hostile_quotes_never_panic(probe in any_probe(), changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8), cut in 0..200_usize) {
        let mut packet = time_exceeded(&codec().encode(SOURCE, &probe));
        packet.resize(packet.len() + 120, 0x20);
        for (at, byte) in changes {
            let length = packet.len();
            packet[at % length] = byte;
        }
        packet.truncate(cut);
        let _ = decode(&packet);
    }
}

#[test]
fn unreachables_keep_their_code() {
    let probe = Probe {
        key: TraceKey { target: ROUTER, method: ProbeMethod::Udp, flow: Flow::default() },
        ttl: ProbeTtl::FIRST,
        attempt: Attempt::default(),
    };
    let quote = codec().encode(SOURCE, &probe);
    let unreachable = from_router(&[&[3, 13, 0, 0, 0, 0, 0, 0][..], &quote].concat());
    assert_eq!(decode(&unreachable), Ok((probe, ReplyKind::Unreachable(13))));
}

#[test]
fn requests_redirects_and_reassembly_are_no_replies() {
    for (kind, code) in [(8, 0), (5, 0), (9, 0), (11, 1), (13, 0)] {
        let packet = from_router(&[kind, code, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 0]);
        assert_eq!(decode(&packet), Err(Ignored::NotAReply), "{kind}/{code}");
    }
}

#[test]
fn foreign_echo_replies_are_not_ours() {
    let reply = from_router(&[0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    assert_eq!(decode(&reply), Err(Ignored::NotOurs));
}

#[test]
fn mpls_labels_are_read_with_and_without_a_length() {
    let probe = Probe {
        key: TraceKey { target: ROUTER, method: ProbeMethod::Icmp, flow: Flow::default() },
        ttl: ProbeTtl::FIRST,
        attempt: Attempt::default(),
    };
    let mut quote = codec().encode(SOURCE, &probe);
    quote.resize(128, 0);
    let entry = (24_005_u32 << 12 | 1 << 8 | 7).to_be_bytes();
    let extension = [&[0x20, 0, 0, 0, 0, 8, 1, 1][..], &entry].concat();
    for words in [0, 32] {
        let message = [&[11, 0, 0, 0, 0, words, 0, 0][..], &quote, &extension].concat();
        let reply = codec().decode(&from_router(&message), Moment::START).expect("ours");
        assert_eq!(*reply.labels, [MplsLabel { label: 24_005, ttl: 7 }]);
    }
}

#[test]
fn a_probe_carries_the_programs_name() {
    let key = TraceKey { target: ROUTER, method: ProbeMethod::Icmp, flow: Flow::default() };
    let probe = Probe { key, ttl: ProbeTtl::FIRST, attempt: Attempt::default() };
    let packet = codec().encode(SOURCE, &probe);
    let echo = EchoRequestPacket::new(&packet[HEADER..]).expect("echo request");
    assert!(echo.payload().starts_with(b"lasthop"));
}

#[test]
fn an_echo_reply_of_another_size_is_ignored() {
    let key = TraceKey { target: ROUTER, method: ProbeMethod::Icmp, flow: Flow::default() };
    let probe = Probe { key, ttl: ProbeTtl::LAST, attempt: Attempt::default() };
    let reply = echo_reply_to(&codec().encode(SOURCE, &probe));
    assert_eq!(decode(&reply), Ok((probe, ReplyKind::EchoReply)));
    for other in [[&reply[..], &[0, 0]].concat(), reply[..reply.len() - 2].to_vec()] {
        assert_eq!(decode(&other), Err(Ignored::OtherSize));
    }
}
