//! Results of RIPE Atlas that nobody measured, the same every time: some thousand probes, each with a
//! path of its own that it keeps, as today's firmware sends them.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::Ipv4Addr;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const PROBES: u32 = 12_000;
const SEED: u64 = 7;

/// What is written.
pub(crate) struct Plan {
    /// At least this many bytes.
    pub(crate) bytes: u64,
    /// How many of 100 results are of traceroutes to the block; the rest goes all over the world.
    pub(crate) home: u32,
    /// What stands before all results, between them, and behind them.
    pub(crate) around: [&'static str; 3],
}

/// Results, one to a line.
pub(crate) const LINES: [&str; 3] = ["", "\n", "\n"];
/// One array of results.
pub(crate) const ARRAY: [&str; 3] = ["[", ",", "]\n"];

/// Writes results; tells how many.
pub(crate) fn write(plan: &Plan, to: &mut impl Write) -> io::Result<u64> {
    let mut random = StdRng::seed_from_u64(SEED);
    let [before, between, behind] = plan.around;
    let (mut written, mut results) = (0, 0);
    let mut text = before.to_owned();
    while written < plan.bytes {
        let is_home = random.random_range(0..100) < plan.home;
        put_result(&mut text, &mut random, is_home);
        written += text.len() as u64;
        text += if written < plan.bytes { between } else { behind };
        to.write_all(text.as_bytes())?;
        text.clear();
        results += 1;
    }
    to.flush()?;
    Ok(results)
}

fn put_result(text: &mut String, random: &mut StdRng, is_home: bool) {
    let probe = random.random_range(1..=PROBES);
    let target = if is_home {
        Ipv4Addr::new(175, 45, random.random_range(176..180), random.random())
    } else {
        Ipv4Addr::new(random.random_range(64..100), random.random(), random.random(), 1)
    };
    let began: u32 = random.random_range(1_700_000_000..1_760_000_000);
    let _ = write!(
        text,
        "{{\"fw\":5080,\"mver\":\"2.6.2\",\"lts\":{},\"endtime\":{},\"dst_name\":\"{target}\",\
         \"dst_addr\":\"{target}\",\"src_addr\":\"192.168.1.{}\",\"proto\":\"ICMP\",\"af\":4,\
         \"size\":48,\"paris_id\":{},\"result\":[",
        random.random_range(1..300),
        began + 40,
        2 + probe % 250,
        random.random_range(1..17),
    );
    put_hops(text, random, &path(probe, target));
    let [_, second, third, fourth] = probe.to_be_bytes();
    let _ = write!(
        text,
        "],\"msm_id\":{},\"prb_id\":{probe},\"timestamp\":{began},\"msm_name\":\"Traceroute\",\
         \"from\":\"{}.{second}.{third}.{fourth}\",\"type\":\"traceroute\",\"group_id\":1,\
         \"stored_timestamp\":{}}}",
        random.random_range(1_000_000..90_000_000),
        20 + probe % 40,
        began + 60,
    );
}

/// The routers between a probe and the target's network: the same for the same two.
fn path(probe: u32, target: Ipv4Addr) -> Vec<Ipv4Addr> {
    let [first, second, third, _] = target.octets();
    let pair = u64::from(probe) << 32 | u64::from(u32::from_be_bytes([0, first, second, third]));
    let mut random = StdRng::seed_from_u64(pair);
    let mut path = vec![Ipv4Addr::new(192, 168, 1, 1)];
    // The way out of its own network is a probe's own, the way through the world is shared.
    path.extend((0..3).map(|hop| Ipv4Addr::from(0x1400_0000 + (probe << 8) + hop)));
    let shared =
        |random: &mut StdRng| Ipv4Addr::new(62, 115, random.random_range(0..16), random.random());
    path.extend((0..random.random_range(3..8)).map(|_| shared(&mut random)));
    let near: [[u8; 4]; 3] = match (first, probe % 3) {
        (175, 0) => [[188, 43, 225, 153], [188, 43, 225, 154], [175, 45, third, 1]],
        (175, _) => [[219, 158, 3, 30], [219, 158, 39, 42], [103, 35, 255, 254]],
        _ => [[first, second, 0, 1], [first, second, 1, 1], [first, second, third, 254]],
    };
    path.extend(near.map(Ipv4Addr::from));
    path
}

/// The hops of a path, silence behind them, and a last probe.
fn put_hops(text: &mut String, random: &mut StdRng, path: &[Ipv4Addr]) {
    let mut rtt = 0.4;
    for (hop, router) in (1..).zip(path) {
        rtt += random.random_range(0.1..30.0);
        put_hop(text, random, hop, *router, rtt);
    }
    let silent = path.len() + 1..=path.len() + 5;
    for hop in silent.chain([255]) {
        let _ = write!(
            text,
            "{{\"hop\":{hop},\"result\":[{{\"x\":\"*\"}},{{\"x\":\"*\"}},{{\"x\":\"*\"}}]}},"
        );
    }
    text.pop();
}

/// One hop of three replies, with a comma behind it.
fn put_hop(text: &mut String, random: &mut StdRng, hop: u8, router: Ipv4Addr, rtt: f64) {
    let labels = if random.random_bool(0.15) {
        let label = random.random_range(16..1_048_576);
        format!(
            ",\"icmpext\":{{\"version\":2,\"rfc4884\":1,\"obj\":[{{\"class\":1,\"type\":1,\
             \"mpls\":[{{\"exp\":0,\"label\":{label},\"s\":1,\"ttl\":1}}]}}]}}"
        )
    } else {
        String::new()
    };
    let _ = write!(text, "{{\"hop\":{hop},\"result\":[");
    for _ in 0..3 {
        if random.random_bool(0.1) {
            text.push_str("{\"x\":\"*\"},");
            continue;
        }
        let rtt = rtt + random.random_range(0.0..3.0);
        let _ = write!(
            text,
            "{{\"from\":\"{router}\",\"ttl\":{},\"size\":76,\"rtt\":{rtt:.3}{labels}}},",
            255 - hop
        );
    }
    text.pop();
    text.push_str("]},");
}
