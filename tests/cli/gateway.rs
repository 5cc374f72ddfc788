//! A gateway that does not answer: what this machine then says of itself is no hop.

use super::lab::Lab;
use super::sheet::Sheet;
use super::skip::has;

/// The vantage has a public address, which names somebody; nobody answers for the gateway's.
const DEAD: &str = "ip link add dead0 type veth peer name dead1 &&
    ip addr add 8.8.8.77/24 dev dead0 && ip link set dead0 up && ip link set dead1 up &&
    ip route replace default via 8.8.8.1";

fn dead_by(how: &str) {
    let Some(lab) = Lab::near().filter(|_| has("ip")) else { return };
    let probe = format!("$LASTHOP probe 175.45.177.10/31 --rate 2000 --gap-limit 1 {how}");
    let run = lab.shell(&format!("{DEAD} && {probe}")).ended(8);
    let summary = Sheet::read(&run.out);
    assert_eq!(summary.column("verdict"), ["unknown", "unknown"]);
    assert_eq!(summary.column("way_out"), ["false", "false"]);
    assert_eq!(summary.column("complete"), ["false", "false"]);
    assert_eq!(summary.numbers("last_hops"), [0, 0]);
    assert!(run.err.contains("could not be sent: host unreachable"), "{}", run.err);
}

#[test]
fn by_raw_sockets() {
    dead_by("--wire raw --method icmp");
}

#[test]
fn by_datagram_sockets() {
    dead_by("--wire user --method udp");
}
