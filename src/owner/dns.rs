//! Queries name servers for router names (PTR), and for Team Cymru's origin AS and their registrations (TXT).
//!
//! This is the only file of the room that sends anything, and it sends only to name servers. One deadline holds
//! for all queries together; answers that are late do not count.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::targets::Specials;

use super::cymru;
use super::dns_records::DnsRecords;

/// The most queries in flight.
const MOST_IN_FLIGHT: usize = 32;

/// The timeout of one attempt; there are [`RETRIES`] more.
const TIMEOUT: Duration = Duration::from_secs(2);
const RETRIES: usize = 1;

/// The longest deadline.
const LONGEST: Duration = Duration::from_hours(24);

/// What to query: each thing once, and nothing about special addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queries {
    router_names: BTreeSet<Ipv4Addr>,
    origins: BTreeSet<Ipv4Addr>,
}

impl Queries {
    /// Queries for the names of `router_names` and the origin AS of `origins`. Special addresses are left out,
    /// because a query for one can only leak what somebody's own network looks like.
    #[must_use]
    pub fn new(
        specials: &Specials,
        router_names: impl IntoIterator<Item = Ipv4Addr>,
        origins: impl IntoIterator<Item = Ipv4Addr>,
    ) -> Self {
        let is_public = |address: &Ipv4Addr| specials.of(*address).is_none();
        Self {
            router_names: router_names.into_iter().filter(is_public).collect(),
            origins: origins.into_iter().filter(is_public).collect(),
        }
    }

    /// Whether there is nothing to query.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.router_names.is_empty() && self.origins.is_empty()
    }
}

/// The results of queries.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// The records that were found.
    pub records: DnsRecords,
    /// The number of queries, with one more for each AS that was found.
    pub queried: usize,
    /// The number of queries that got no answer in time, or only a failure. That a name does not exist is an
    /// answer.
    pub unanswered: usize,
}

/// Queries `server`, or the system's name servers, until everything is answered or the deadline has passed.
/// Blocks; not to be called inside an asynchronous runtime.
///
/// # Errors
/// When it cannot begin: the system names no server, or there is no socket. A server that does not answer is no
/// error: see [`Answers::unanswered`].
pub fn look_up(
    queries: &Queries,
    server: Option<SocketAddr>,
    deadline: Duration,
) -> Result<Answers, DnsError> {
    let end = Instant::now() + deadline.min(LONGEST);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(DnsError::Runtime)?;
    runtime.block_on(async { Ok(answers(&resolver(server)?, queries, end).await) })
}

fn resolver(server: Option<SocketAddr>) -> Result<TokioResolver, DnsError> {
    let unusable = |source: NetError| match server {
        Some(server) => DnsError::Server { server, source: Box::new(source) },
        None => DnsError::System(Box::new(source)),
    };
    let mut builder = match server {
        None => TokioResolver::builder_tokio().map_err(unusable)?,
        Some(server) => {
            let mut name_server = NameServerConfig::udp_and_tcp(server.ip());
            for connection in &mut name_server.connections {
                connection.port = server.port();
            }
            let config = ResolverConfig::from_parts(None, vec![], vec![name_server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let options = builder.options_mut();
    options.timeout = TIMEOUT;
    options.attempts = RETRIES;
    options.use_hosts_file = ResolveHosts::Never;
    builder.build().map_err(unusable)
}

#[derive(Debug, Clone, Copy)]
enum Query {
    Origin(Ipv4Addr),
    Registration(u32),
    RouterName(Ipv4Addr),
}

/// Origins first: they weigh more than router names, and the registrations of their AS are queried meanwhile.
async fn answers(resolver: &TokioResolver, queries: &Queries, end: Instant) -> Answers {
    let origins = queries.origins.iter().copied().map(Query::Origin);
    let router_names = queries.router_names.iter().copied().map(Query::RouterName);
    let mut waiting: VecDeque<Query> = origins.chain(router_names).collect();
    let mut registrations = HashSet::new();
    let mut in_flight = JoinSet::new();
    let mut answers = Answers { queried: waiting.len(), ..Answers::default() };
    loop {
        while in_flight.len() < MOST_IN_FLIGHT
            && let Some(query) = waiting.pop_front()
        {
            let resolver = resolver.clone();
            in_flight.spawn(async move { (query, query.texts(&resolver).await) });
        }
        let (query, texts) = match tokio::time::timeout_at(end, in_flight.join_next()).await {
            Ok(Some(Ok((query, Some(texts))))) => (query, texts),
            Ok(Some(_)) => {
                answers.unanswered += 1;
                continue;
            }
            Ok(None) => break,
            Err(_) => {
                answers.unanswered += in_flight.len() + waiting.len();
                break;
            }
        };
        let found = query.record(&texts, &mut answers.records);
        if let Some(asn) = found.filter(|asn| registrations.insert(*asn)) {
            answers.queried += 1;
            waiting.push_front(Query::Registration(asn));
        }
    }
    answers
}

impl Query {
    /// The texts of the answer, which may be none; `None` where there is no answer.
    async fn texts(self, resolver: &TokioResolver) -> Option<Vec<String>> {
        let answer = match self {
            Self::Origin(address) => resolver.txt_lookup(cymru::origin_name(address)).await,
            Self::Registration(asn) => resolver.txt_lookup(cymru::registration_name(asn)).await,
            Self::RouterName(address) => resolver.reverse_lookup(IpAddr::V4(address)).await,
        };
        match answer {
            Ok(lookup) => Some(texts(&lookup)),
            Err(error) => error.is_no_records_found().then(Vec::new),
        }
    }

    /// Adds the answer to `records`; returns the AS whose registration can be queried next.
    fn record(self, texts: &[String], records: &mut DnsRecords) -> Option<u32> {
        match self {
            Self::Origin(address) => {
                let announcement = cymru::announcement(address, texts)?;
                records.add_announcement(address, announcement);
                Some(announcement.asn)
            }
            Self::Registration(asn) => {
                records.add_registration(asn, cymru::registration(asn, texts)?);
                None
            }
            Self::RouterName(address) => {
                // Servers rotate the order of several names; the least is always the same one.
                records.add_router_name(address, texts.iter().min()?);
                None
            }
        }
    }
}

fn texts(lookup: &Lookup) -> Vec<String> {
    let text = |data: &RData| match data {
        RData::PTR(name) => host_name(name),
        RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
        _ => None,
    };
    lookup.answers().iter().filter_map(|record| text(&record.data)).collect()
}

/// The name, unless a label has characters that no host name has: a dot inside a label would look like the
/// boundary at which carriers' domains are matched.
fn host_name(name: &Name) -> Option<String> {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte);
    let label = |label| std::str::from_utf8(label).ok().filter(|text| text.bytes().all(is_usual));
    let labels: Option<Vec<&str>> = name.iter().map(label).collect();
    Some(labels?.join("."))
}

/// Why name servers cannot be queried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DnsError {
    /// The system's configuration names no usable server.
    #[error(
        "/etc/resolv.conf: {0}: expected a line such as `nameserver 192.0.2.53`; fix it or leave \
         out --dns"
    )]
    System(Box<NetError>),
    /// The given server cannot be used.
    #[error("name server {server}: {source}: give another one, or leave out --dns")]
    Server {
        /// The server.
        server: SocketAddr,
        /// Why.
        source: Box<NetError>,
    },
    /// The asynchronous runtime cannot be set up.
    #[error("cannot query name servers: {0}: leave out --dns")]
    Runtime(std::io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Targets;

    #[test]
    fn special_addresses_are_never_queried() {
        let targets = Targets::built_in().expect("the built-in file is right");
        let addresses = ["10.0.0.1", "100.64.0.1", "80.81.192.1", "127.0.0.1", "8.8.8.8"]
            .map(|text| text.parse::<Ipv4Addr>().expect("address"));
        let queries = Queries::new(&targets.specials, addresses, addresses);
        let only = BTreeSet::from([Ipv4Addr::new(8, 8, 8, 8)]);
        assert_eq!(queries, Queries { router_names: only.clone(), origins: only });
    }

    #[test]
    fn a_name_with_a_dot_inside_a_label_is_dropped() {
        let name = |labels: &[&[u8]]| {
            host_name(&Name::from_labels(labels.iter().copied()).expect("labels"))
        };
        assert_eq!(
            name(&[b"mskn01", b"transtelecom", b"net"]).as_deref(),
            Some("mskn01.transtelecom.net")
        );
        assert_eq!(name(&[b"0/25", b"a_b", b"net"]).as_deref(), Some("0/25.a_b.net"));
        assert_eq!(name(&[b"x.transtelecom", b"net"]), None);
        assert_eq!(name(&[b"\x1b[31m", b"net"]), None);
    }
}
