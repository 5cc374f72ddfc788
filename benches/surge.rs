//! A census by the `surge-ping` crate, to compare `lasthop ping` with: every address of the block is
//! asked once, at an even rate, by one client, many at a time.
//!
//!     surge RATE [IN FLIGHT]
//!
//! Runs only in the chain of `chain.sh`.
#![expect(clippy::expect_used, reason = "a benchmark that cannot begin has failed")]
#![expect(clippy::print_stdout, reason = "that is what it is for")]

mod inside;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use surge_ping::{Client, Config, PingIdentifier, PingSequence};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

const TIMEOUT: Duration = Duration::from_secs(1);
const PAYLOAD: [u8; 14] = [0; 14];

fn main() {
    inside::nothing_leads_out().expect("the chain");
    let numbers: Vec<u32> =
        std::env::args().skip(1).map(|text| text.parse().expect("a number")).collect();
    let rate = *numbers.first().expect("packets a second");
    let in_flight = *numbers.get(1).unwrap_or(&1024);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let mut rtts = runtime.expect("a runtime").block_on(census(rate, in_flight));
    rtts.sort_unstable();
    let median = rtts.get(rtts.len() / 2).copied().unwrap_or_default();
    println!("{} alive, median {:.3} ms", rtts.len(), median.as_secs_f64() * 1e3);
}

async fn census(rate: u32, in_flight: u32) -> Vec<Duration> {
    let client = Client::new(&Config::default()).expect("a socket");
    let permits = Arc::new(Semaphore::new(usize::try_from(in_flight).expect("a small number")));
    let began = Instant::now();
    let mut asked = JoinSet::new();
    for number in 0..1024 {
        sleep_until(began + Duration::from_secs(1) * number / rate).await;
        let permit = Arc::clone(&permits).acquire_owned().await.expect("open");
        let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(175, 45, 176, 0)) + number);
        let mut pinger = client.pinger(IpAddr::V4(address), PingIdentifier(7)).await;
        pinger.timeout(TIMEOUT);
        asked.spawn(async move {
            let _permit = permit;
            pinger.ping(PingSequence(0), &PAYLOAD).await.ok().map(|(_, rtt)| rtt)
        });
    }
    asked.join_all().await.into_iter().flatten().collect()
}
