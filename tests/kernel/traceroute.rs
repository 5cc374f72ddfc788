//! Debian's traceroute, as a witness that a network is what its description says.

use std::net::Ipv4Addr;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};

use super::build::Network;
use super::scenario::{Scenario, hosts};
use super::tool::tool;
use super::walk::{Answer, ReplyKind, walk};

/// Far enough to see the end of every road, and a loop go round.
const MAX_TTL: usize = 12;

pub(crate) fn is_installed() -> bool {
    let version = tool("traceroute").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// Traces a few targets in every prefix and compares every hop.
pub(crate) fn agrees(scenario: &Scenario, network: &Network) -> Result<()> {
    let mut targets = Vec::new();
    for prefix in scenario.prefixes() {
        targets.extend(hosts(prefix, &[1, 9, 71, 199]));
    }
    at_once(&targets, |target| check(scenario, network, target))?;
    Ok(())
}

/// The answers to ten UDP probes at one TTL, each probe a flow of its own, for every target.
pub(crate) fn ten_flows(
    network: &Network,
    targets: &[Ipv4Addr],
    ttl: usize,
) -> Result<Vec<Vec<Option<Ipv4Addr>>>> {
    let ttl = ttl.to_string();
    let args = ["-f", &ttl, "-m", &ttl, "-q", "10", "-N", "10", "-w", "1"];
    at_once(targets, |target| {
        let out = traceroute(network, &args, target)?;
        answers(out.lines().nth(1).context("no hop")?)
    })
}

fn at_once<T: Send>(
    targets: &[Ipv4Addr],
    work: impl Fn(Ipv4Addr) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let work = &work;
    thread::scope(|scope| {
        let workers: Vec<_> =
            targets.iter().map(|target| scope.spawn(move || work(*target))).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| anyhow!("a trace panicked"))?)
            .collect()
    })
}

/// Reads a line such as ` 3  192.0.2.1  0.1 ms  0.2 ms * 192.0.2.9  0.1 ms`.
fn answers(line: &str) -> Result<Vec<Option<Ipv4Addr>>> {
    let mut address = None;
    let mut answers = Vec::new();
    for word in line.split_whitespace().skip(1) {
        match word {
            "*" => answers.push(None),
            "ms" => answers.push(address),
            _ => address = word.parse().ok().or(address),
        }
    }
    ensure!(answers.len() == 10, "not ten answers: {line}");
    Ok(answers)
}

fn check(scenario: &Scenario, network: &Network, target: Ipv4Addr) -> Result<()> {
    let max_ttl = MAX_TTL.to_string();
    let args = ["-I", "-q", "1", "-N", "1", "-w", "0.5", "-m", &max_ttl];
    let out = traceroute(network, &args, target)?;
    let seen: Vec<&str> = out.lines().skip(1).collect();
    let fits =
        scenario.roads_to(target).any(|road| same(&walk(scenario, road, target, MAX_TTL), &seen));
    ensure!(fits, "{target} does not go where it should:\n{out}");
    Ok(())
}

fn same(expected: &[Option<Answer>], seen: &[&str]) -> bool {
    let mut pairs = expected.iter().zip(seen);
    expected.len() <= seen.len() && pairs.all(|(answer, line)| shows(line, answer.as_ref()))
}

fn shows(line: &str, answer: Option<&Answer>) -> bool {
    let silent = line.ends_with('*');
    let Some(answer) = answer else {
        return silent;
    };
    let mark = match answer.kind {
        ReplyKind::Expired | ReplyKind::Arrived => "ms",
        ReplyKind::Prohibited => "!X",
        ReplyKind::HostUnreachable => "!H",
    };
    let address = line.split_whitespace().nth(1);
    let answered = address == Some(&answer.address.to_string()) && line.ends_with(mark);
    answered || (silent && !answer.certain)
}

fn traceroute(network: &Network, args: &[&str], target: Ipv4Addr) -> Result<String> {
    network.vantage().enter(|| {
        let output = tool("traceroute").arg("-n").args(args).arg(target.to_string()).output()?;
        Ok(String::from_utf8(output.stdout)?)
    })
}
