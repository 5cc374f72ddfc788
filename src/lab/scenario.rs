//! A simulated internet as it is written: routes to the block, routers with their habits, and the
//! truth that a measurement should find.

use std::collections::{BTreeMap, HashSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv4Net;
use serde::Deserialize;

/// The longest round trip there may be.
const LONGEST: Duration = Duration::from_hours(1);

/// A scenario, read from TOML.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What it shows, in a sentence.
    pub about: String,
    /// The address from which probes leave.
    pub vantage: Ipv4Addr,
    /// The share of probes that get no answer by chance, from 0 to 1.
    pub loss: f64,
    /// Whether the vantage's system lets its users send ICMP (`net.ipv4.ping_group_range`).
    pub ping_sockets: bool,
    /// What a box at the vantage that translates addresses changes in all quotes.
    pub nat: Option<Changes>,
    /// The routes; a packet takes the one with the longest prefix.
    pub routes: Vec<Route>,
    /// The routers that have habits of their own, by address.
    pub routers: BTreeMap<Ipv4Addr, Habits>,
    /// The hosts that have manners of their own, by address.
    pub hosts: BTreeMap<Ipv4Addr, Manners>,
}

/// Where packets to a prefix go.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The destinations.
    pub to: Ipv4Net,
    /// The addresses that answer; all others are silent.
    pub hosts: HashSet<Ipv4Addr>,
    /// A box on the way that answers for all of them.
    pub middlebox: Option<Middlebox>,
    /// What is spread over the paths.
    pub balance: Balance,
    /// The paths, over which flows or packets are spread by their shares. At least one.
    pub paths: Vec<Path>,
}

/// What a route spreads over its paths by their shares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Balance {
    /// Flows: all packets of one take the same path.
    #[default]
    Flow,
    /// Packets, whatever their flow.
    Packet,
}

/// One way to a prefix.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Its weight among the route's paths.
    pub share: u32,
    /// The hops, nearest first.
    pub hops: Vec<Hop>,
    /// What is behind the last hop.
    pub end: End,
    /// The address from which hosts answer echo requests, when it is not their own.
    pub echo_replies_from: Option<Ipv4Addr>,
    /// What a measurement should find.
    pub truth: Truth,
    /// The AS that announces the block here, for a story's route collector.
    pub upstream: Option<u32>,
}

/// A hop, and the time to it and back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hop {
    /// Who answers.
    pub who: Who,
    /// The round trip to this hop.
    pub rtt: Duration,
}

/// Who answers at a hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Nobody.
    Nobody,
    /// A router.
    Router(Ipv4Addr),
    /// A router that answers for the target, from its address, if the target answers at all.
    Target,
}

/// What is behind the last hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The hosts, after this round trip.
    Hosts(Duration),
    /// Nothing.
    Blackhole,
    /// The hop before the last: packets go to and fro between the two.
    Loop,
    /// The last hop refuses to pass packets on, with this code of ICMP type 3.
    Refusal(u8),
}

/// What a measurement should find on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// The name of the class.
    pub class: String,
    /// The last foreign hop; nothing where none can be attributed.
    pub last_hop: Option<Ipv4Addr>,
}

/// What a router does otherwise than others.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Habits {
    /// It sends at most so many ICMP errors a second.
    pub limit: Option<f64>,
    /// So many may follow each other at once, under the limit. 5 when not given.
    pub burst: Option<f64>,
    /// It answers from this address.
    pub answers_from: Option<Ipv4Addr>,
    /// It quotes these MPLS labels.
    pub mpls: Vec<u32>,
    /// What is changed in its quotes.
    pub changes: Option<Changes>,
    /// It quotes all of the packet that an error of 576 bytes has room for, rather than 28 bytes.
    pub quotes_all: bool,
}

/// What routers, or a box at the vantage that translates addresses, change in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Changes {
    /// The checksum is 0.
    Zeroes,
    /// The checksum is that of the translated packet.
    Checksum,
    /// So is the identifier of an echo request, with its checksum.
    Identifier,
    /// And the IP identification is another too.
    Everything,
}

/// What a host answers. Hosts answer echo requests, datagrams, and connections, which they refuse.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Manners {
    /// It answers echo requests.
    pub echo: bool,
    /// It says that nobody listens on a UDP port.
    pub udp: bool,
    /// It accepts connections to these ports.
    pub open: Vec<u16>,
    /// It keeps silent about connections to these ports.
    pub filtered: Vec<u16>,
    /// It answers a connection that it does not want by ICMP instead of TCP's own means.
    pub rejects: bool,
    /// The TTL with which its answers begin.
    pub ttl: u8,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            echo: true,
            udp: true,
            open: Vec::new(),
            filtered: Vec::new(),
            rejects: false,
            ttl: u8::MAX,
        }
    }
}

/// A box that answers for every address of a route, before its packets get there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Middlebox {
    /// Behind so many hops, and after the round trip to the last of them.
    pub behind: usize,
    /// It answers echo requests.
    #[serde(default)]
    pub echo: bool,
    /// It accepts connections to these ports.
    #[serde(default)]
    pub open: Vec<u16>,
}

/// What is wrong with a scenario or a story.
#[derive(Debug, thiserror::Error)]
#[error("{name}:{line}: {message}")]
pub struct ScenarioError {
    name: String,
    line: usize,
    message: String,
}

impl ScenarioError {
    /// What is wrong at byte `at` of `text`.
    pub(super) fn at(name: &str, text: &str, at: usize, message: String) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        Self { name: name.into(), line, message }
    }

    /// Why `text` is not the TOML that was expected.
    pub(super) fn toml(name: &str, text: &str, wrong: &toml::de::Error) -> Self {
        let at = wrong.span().map_or(0, |span| span.start);
        Self::at(name, text, at, wrong.message().trim().replace('\n', ", "))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    vantage: Ipv4Addr,
    loss: Option<toml::Spanned<f64>>,
    ping_sockets: Option<bool>,
    nat: Option<Changes>,
    route: Vec<RouteFile>,
    #[serde(default)]
    router: BTreeMap<Ipv4Addr, Habits>,
    #[serde(default)]
    host: BTreeMap<Ipv4Addr, Manners>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteFile {
    to: Ipv4Net,
    #[serde(default)]
    hosts: Vec<Ipv4Addr>,
    middlebox: Option<Middlebox>,
    #[serde(default)]
    balance: Balance,
    path: Vec<toml::Spanned<PathFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PathFile {
    #[serde(default = "one")]
    share: u16,
    hops: Vec<String>,
    end: String,
    echo_replies_from: Option<Ipv4Addr>,
    class: String,
    last_hop: Option<Ipv4Addr>,
    upstream: Option<u32>,
}

fn one() -> u16 {
    1
}

impl Scenario {
    /// Reads a scenario; `name` is how messages call it.
    ///
    /// # Errors
    /// With the line, what is wrong there and what was expected.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        let error = |at: usize, message| ScenarioError::at(name, text, at, message);
        let file: File =
            toml::from_str(text).map_err(|wrong| ScenarioError::toml(name, text, &wrong))?;
        let path = |written: &toml::Spanned<PathFile>| {
            written.get_ref().path().map_err(|message| error(written.span().start, message))
        };
        let route = |written: &RouteFile| {
            let paths = written.path.iter().map(path).collect::<Result<Vec<Path>, _>>()?;
            let hosts = written.hosts.iter().copied().collect();
            let (middlebox, balance) = (written.middlebox.clone(), written.balance);
            Ok(Route { to: written.to, hosts, middlebox, balance, paths })
        };
        let loss = file.loss.map_or(Ok(0.0), |loss| {
            let wrong = || error(loss.span().start, "loss: expected 0 to 1".into());
            Some(*loss.get_ref()).filter(|loss| (0.0..=1.0).contains(loss)).ok_or_else(wrong)
        })?;
        Ok(Self {
            routes: file.route.iter().map(route).collect::<Result<_, ScenarioError>>()?,
            about: file.about,
            vantage: file.vantage,
            loss,
            ping_sockets: file.ping_sockets.unwrap_or(true),
            nat: file.nat,
            routers: file.router,
            hosts: file.host,
        })
    }
}

impl PathFile {
    /// The path that is written here, or what is wrong with it.
    pub(super) fn path(&self) -> Result<Path, String> {
        Ok(Path {
            share: self.share.into(),
            hops: self.hops.iter().map(|text| hop(text)).collect::<Result<_, _>>()?,
            end: end(&self.end)?,
            echo_replies_from: self.echo_replies_from,
            truth: Truth { class: self.class.clone(), last_hop: self.last_hop },
            upstream: self.upstream,
        })
    }
}

/// `103.35.255.254 234` is a router 234 ms away, `* 234` a silent one, `target 234` one that
/// answers from the target's address.
fn hop(text: &str) -> Result<Hop, String> {
    let wrong = || format!("hop `{text}`: expected an address, * or target, and milliseconds");
    let (who, rtt) = text.split_once(' ').ok_or_else(wrong)?;
    let who = match who {
        "*" => Who::Nobody,
        "target" => Who::Target,
        address => Who::Router(address.parse().map_err(|_| wrong())?),
    };
    Ok(Hop { who, rtt: millis(rtt).ok_or_else(wrong)? })
}

fn end(text: &str) -> Result<End, String> {
    let wrong = || {
        format!(
            "end `{text}`: expected hosts and milliseconds, blackhole, loop, or refusal and a code"
        )
    };
    match text.split_once(' ') {
        None if text == "blackhole" => Ok(End::Blackhole),
        None if text == "loop" => Ok(End::Loop),
        Some(("hosts", rtt)) => millis(rtt).map(End::Hosts).ok_or_else(wrong),
        Some(("refusal", code)) => code.parse().map(End::Refusal).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

fn millis(text: &str) -> Option<Duration> {
    let millis: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(millis / 1000.0).ok().filter(|time| *time <= LONGEST)
}
