//! Asks name servers: router names (PTR), and Team Cymru's origins and holders of AS (TXT).
//!
//! The only place of this room that sends anything, and only to a name server. One deadline holds
//! for all questions together; what has been answered by then counts.

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

use super::{Names, cymru};
use crate::targets::Specials;

/// How many questions are on their way at a time.
const AT_ONCE: usize = 32;

/// How long one attempt waits; there are [`RETRIES`] more.
const ATTEMPT: Duration = Duration::from_secs(2);
const RETRIES: usize = 1;

/// A deadline further away than this is no deadline.
const LONGEST: Duration = Duration::from_hours(24);

/// What is to be asked: each thing once, and nothing about special addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    router_names: BTreeSet<Ipv4Addr>,
    origins: BTreeSet<Ipv4Addr>,
}

impl Questions {
    /// The names of `router_names`, and who announces `origins`; special addresses are left out,
    /// because a question about them can only leak what somebody's own network looks like.
    #[must_use]
    pub fn new(
        specials: &Specials,
        router_names: impl IntoIterator<Item = Ipv4Addr>,
        origins: impl IntoIterator<Item = Ipv4Addr>,
    ) -> Self {
        let public = |address: &Ipv4Addr| specials.of(*address).is_none();
        Self {
            router_names: router_names.into_iter().filter(public).collect(),
            origins: origins.into_iter().filter(public).collect(),
        }
    }

    /// Whether there is nothing to ask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.router_names.is_empty() && self.origins.is_empty()
    }
}

/// What came of the questions.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// What was said.
    pub names: Names,
    /// How many questions there were. Each AS that was found is one more.
    pub asked: usize,
    /// How many of them nobody answered in time, or only with a failure. That a name does not
    /// exist is an answer.
    pub unanswered: usize,
}

/// Asks `server`, or the system's name servers, until everything is answered or the deadline has
/// passed. Blocks; not to be called inside an asynchronous runtime.
///
/// # Errors
/// When it cannot even begin: the system names no server, or no socket can be had. A server that
/// does not answer is no error: see [`Answers::unanswered`].
pub fn look_up(
    questions: &Questions,
    server: Option<SocketAddr>,
    deadline: Duration,
) -> Result<Answers, DnsError> {
    let end = Instant::now() + deadline.min(LONGEST);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(DnsError::Runtime)?;
    runtime.block_on(async {
        let resolver = resolver(server)?;
        Ok(ask(&resolver, questions, end).await)
    })
}

fn resolver(server: Option<SocketAddr>) -> Result<TokioResolver, DnsError> {
    let refused = |source: NetError| match server {
        Some(server) => DnsError::Server { server, source: Box::new(source) },
        None => DnsError::System(Box::new(source)),
    };
    let mut builder = match server {
        None => TokioResolver::builder_tokio().map_err(refused)?,
        Some(server) => {
            let config = ResolverConfig::from_parts(None, vec![], vec![name_server(server)]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let options = builder.options_mut();
    options.timeout = ATTEMPT;
    options.attempts = RETRIES;
    options.use_hosts_file = ResolveHosts::Never;
    builder.build().map_err(refused)
}

fn name_server(server: SocketAddr) -> NameServerConfig {
    let mut config = NameServerConfig::udp_and_tcp(server.ip());
    for connection in &mut config.connections {
        connection.port = server.port();
    }
    config
}

#[derive(Debug, Clone, Copy)]
enum Question {
    Origin(Ipv4Addr),
    Holder(u32),
    RouterName(Ipv4Addr),
}

/// Origins first: they weigh more than router names, and their holders are asked in the same time.
async fn ask(resolver: &TokioResolver, questions: &Questions, end: Instant) -> Answers {
    let origins = questions.origins.iter().copied().map(Question::Origin);
    let router_names = questions.router_names.iter().copied().map(Question::RouterName);
    let mut waiting: VecDeque<Question> = origins.chain(router_names).collect();
    let mut holders = HashSet::new();
    let mut underway = JoinSet::new();
    let mut answers = Answers { asked: waiting.len(), ..Answers::default() };
    loop {
        while underway.len() < AT_ONCE
            && let Some(question) = waiting.pop_front()
        {
            let resolver = resolver.clone();
            underway.spawn(async move { (question, question.ask(&resolver).await) });
        }
        let next = tokio::time::timeout_at(end, underway.join_next()).await;
        let (question, texts) = match next {
            Ok(Some(Ok((question, Some(texts))))) => (question, texts),
            Ok(Some(_)) => {
                answers.unanswered += 1;
                continue;
            }
            Ok(None) => break,
            Err(_) => {
                answers.unanswered += underway.len() + waiting.len();
                break;
            }
        };
        let found = question.keep(&texts, &mut answers.names);
        if let Some(asn) = found.filter(|asn| holders.insert(*asn)) {
            answers.asked += 1;
            waiting.push_front(Question::Holder(asn));
        }
    }
    answers
}

impl Question {
    /// What is said, which may be nothing; or nothing at all, when nobody answers.
    async fn ask(self, resolver: &TokioResolver) -> Option<Vec<String>> {
        let answer = match self {
            Self::Origin(address) => resolver.txt_lookup(cymru::origin_question(address)).await,
            Self::Holder(asn) => resolver.txt_lookup(cymru::holder_question(asn)).await,
            Self::RouterName(address) => resolver.reverse_lookup(IpAddr::V4(address)).await,
        };
        match answer {
            Ok(lookup) => Some(texts(&lookup)),
            Err(error) => error.is_no_records_found().then(Vec::new),
        }
    }

    /// Keeps what was said; returns an AS about which more can be asked.
    fn keep(self, texts: &[String], names: &mut Names) -> Option<u32> {
        match self {
            Self::Origin(address) => {
                let announced = cymru::announced(address, texts)?;
                names.add_announced(address, announced);
                Some(announced.asn)
            }
            Self::Holder(asn) => {
                names.add_registered(asn, cymru::registered(asn, texts)?);
                None
            }
            Self::RouterName(address) => {
                // Of several names always the same one, though servers turn their order.
                names.add_router_name(address, texts.iter().min()?);
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

/// The name, unless it has a label that no host has: a dot inside a label would look like the
/// boundary at which carriers' domains are matched.
fn host_name(name: &Name) -> Option<String> {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte);
    let label = |label| std::str::from_utf8(label).ok().filter(|text| text.bytes().all(usual));
    let labels: Option<Vec<&str>> = name.iter().map(label).collect();
    Some(labels?.join("."))
}

/// Why nothing could be asked.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// The system's configuration names no usable server.
    #[error(
        "/etc/resolv.conf: {0}: expected a line such as `nameserver 192.0.2.53`; mend it or leave \
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
    /// The machinery for asking cannot be set up.
    #[error("cannot ask name servers: {0}: leave out --dns")]
    Runtime(std::io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Targets;

    #[test]
    fn special_addresses_are_never_asked_about() {
        let targets = Targets::built_in().expect("the built-in file is right");
        let addresses = ["10.0.0.1", "100.64.0.1", "80.81.192.1", "127.0.0.1", "8.8.8.8"]
            .map(|text| text.parse::<Ipv4Addr>().expect("address"));
        let questions = Questions::new(&targets.specials, addresses, addresses);
        let only = BTreeSet::from([Ipv4Addr::new(8, 8, 8, 8)]);
        assert_eq!(questions, Questions { router_names: only.clone(), origins: only });
    }

    #[test]
    fn a_dot_inside_a_label_makes_no_name() {
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
