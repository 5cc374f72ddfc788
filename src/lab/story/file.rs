//! A story as it is written.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use toml::Spanned;

use super::super::scenario::{Path, PathFile, ScenarioError};
use super::{Peer, Planned, Scene, Story, Watch};

/// More runs than this are a mistake.
const MOST_RUNS: i64 = 1_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    published: String,
    assumed: String,
    vantage: Ipv4Addr,
    sample: usize,
    runs: Vec<Spanned<RunsFile>>,
    hosts: BTreeMap<Ipv4Net, Vec<Ipv4Addr>>,
    way: BTreeMap<String, Spanned<PathFile>>,
    moment: Vec<Spanned<MomentFile>>,
    #[serde(default)]
    spell: Vec<Spanned<SpellFile>>,
    #[serde(default)]
    event: Vec<EventFile>,
    #[serde(default)]
    peer: Vec<Spanned<PeerFile>>,
}

/// A peer of a route collector.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeerFile {
    asn: u32,
    address: Ipv4Addr,
    #[serde(default)]
    through: Vec<u32>,
    prefers: Vec<u32>,
}

/// Runs from a time to another, every so many minutes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunsFile {
    from: Timestamp,
    to: Timestamp,
    minutes: u32,
}

/// Which ways lead to a prefix, with their shares.
type Ways = BTreeMap<Ipv4Net, BTreeMap<String, u16>>;

/// From then on these ways lead to these prefixes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MomentFile {
    at: Timestamp,
    #[serde(rename = "what")]
    _what: String,
    ways: Ways,
}

/// Meanwhile these ways lead there, or packets are lost.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpellFile {
    from: Timestamp,
    to: Timestamp,
    #[serde(rename = "what")]
    _what: String,
    #[serde(default)]
    ways: Ways,
    #[serde(default)]
    loss: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventFile {
    at: Timestamp,
    kind: String,
    subject: Option<String>,
    scopes: Vec<Ipv4Net>,
}

/// What lasts from one time to another, or to the end.
struct Lasting {
    from: Timestamp,
    to: Timestamp,
    loss: f64,
    ways: BTreeMap<Ipv4Net, Vec<Path>>,
}

impl Story {
    /// Reads a story; `name` is how messages call it.
    ///
    /// # Errors
    /// With the line, what is wrong there and what was expected.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        parse(name, text)
    }
}

fn parse(name: &str, text: &str) -> Result<Story, ScenarioError> {
    let file: File =
        toml::from_str(text).map_err(|wrong| ScenarioError::toml(name, text, &wrong))?;
    let error = |at: usize, message| ScenarioError::at(name, text, at, message);
    let mut known = BTreeMap::new();
    for (way, written) in &file.way {
        let path = written.get_ref().path();
        let path = path.map_err(|message| error(written.span().start, message))?;
        known.insert(way.as_str(), path);
    }
    let prefixes: Vec<Ipv4Net> = file.hosts.keys().copied().collect();
    let mut lasting = Vec::new();
    for written in &file.moment {
        let last = written.get_ref().lasting(&prefixes, &known);
        lasting.push(last.map_err(|message| error(written.span().start, message))?);
    }
    lasting.sort_by_key(|moment: &Lasting| moment.from);
    for written in &file.spell {
        let last = written.get_ref().lasting(&prefixes, &known);
        lasting.push(last.map_err(|message| error(written.span().start, message))?);
    }
    let watch = |written: &Spanned<RunsFile>| {
        written.get_ref().watch().map_err(|message| error(written.span().start, message))
    };
    let upstreams: Vec<u32> = known.values().filter_map(|way: &Path| way.upstream).collect();
    let peer = |written: &Spanned<PeerFile>| {
        let peer = written.get_ref().peer(&upstreams);
        peer.map_err(|message| error(written.span().start, message))
    };
    let planned = |event: EventFile| {
        let EventFile { at, kind, subject, scopes } = event;
        Planned { at, kind, subject, scopes }
    };
    Ok(Story {
        watches: file.runs.iter().map(watch).collect::<Result<_, _>>()?,
        scenes: scenes(&lasting),
        events: file.event.into_iter().map(planned).collect(),
        about: file.about,
        published: file.published,
        assumed: file.assumed,
        sample: file.sample.max(1),
        vantage: file.vantage,
        hosts: file.hosts,
        peers: file.peer.iter().map(peer).collect::<Result<_, _>>()?,
    })
}

impl RunsFile {
    fn watch(&self) -> Result<Watch, String> {
        let every = SignedDuration::from_mins(self.minutes.into());
        let lasts = self.to.duration_since(self.from).as_mins();
        if every.is_zero() || lasts / i64::from(self.minutes) > MOST_RUNS {
            return Err(format!("runs: expected at most {MOST_RUNS}, minutes apart"));
        }
        Ok(Watch { from: self.from, to: self.to, every })
    }
}

impl PeerFile {
    fn peer(&self, upstreams: &[u32]) -> Result<Peer, String> {
        if let Some(other) = self.prefers.iter().find(|asn| !upstreams.contains(asn)) {
            return Err(format!("prefers AS{other}: expected the upstream of a way"));
        }
        if self.through.len() > 32 {
            return Err("through: expected at most 32 AS".into());
        }
        Ok(Peer {
            asn: self.asn,
            address: self.address,
            through: self.through.clone(),
            prefers: self.prefers.clone(),
        })
    }
}

impl MomentFile {
    fn lasting(&self, prefixes: &[Ipv4Net], known: &Known<'_>) -> Result<Lasting, String> {
        let ways = ways(&self.ways, prefixes, known)?;
        Ok(Lasting { from: self.at, to: Timestamp::MAX, loss: 0.0, ways })
    }
}

impl SpellFile {
    fn lasting(&self, prefixes: &[Ipv4Net], known: &Known<'_>) -> Result<Lasting, String> {
        if !(0.0..=1.0).contains(&self.loss) {
            return Err("loss: expected 0 to 1".into());
        }
        let ways = ways(&self.ways, prefixes, known)?;
        Ok(Lasting { from: self.from, to: self.to, loss: self.loss, ways })
    }
}

/// The ways by their names.
type Known<'w> = BTreeMap<&'w str, Path>;

/// The paths to each prefix that has hosts. What is said of a wider one is said of all in it.
fn ways(
    written: &Ways,
    prefixes: &[Ipv4Net],
    known: &Known<'_>,
) -> Result<BTreeMap<Ipv4Net, Vec<Path>>, String> {
    let mut ways = BTreeMap::new();
    for (to, shares) in written {
        let path = |(name, share): (&String, &u16)| {
            let path = known.get(name.as_str()).ok_or_else(|| format!("no way `{name}`"))?;
            Ok(Path { share: (*share).into(), ..path.clone() })
        };
        let paths = shares.iter().map(path).collect::<Result<Vec<Path>, String>>()?;
        let inside: Vec<_> = prefixes.iter().filter(|prefix| to.contains(*prefix)).collect();
        if inside.is_empty() || paths.is_empty() {
            return Err(format!("{to}: expected ways to a prefix that has hosts"));
        }
        ways.extend(inside.into_iter().map(|prefix| (*prefix, paths.clone())));
    }
    Ok(ways)
}

/// How things are between the times at which something begins or ends: of all that lasts, the last
/// one says which way leads to a prefix.
fn scenes(lasting: &[Lasting]) -> Vec<Scene> {
    let mut times: Vec<Timestamp> = lasting
        .iter()
        .flat_map(|one| [one.from, one.to])
        .filter(|at| *at < Timestamp::MAX)
        .collect();
    times.sort_unstable();
    times.dedup();
    let scene = |from: Timestamp| {
        let mut scene = Scene { from, loss: 0.0, ways: BTreeMap::new() };
        for one in lasting.iter().filter(|one| one.from <= from && from < one.to) {
            scene.loss = one.loss.max(scene.loss);
            scene.ways.extend(one.ways.clone());
        }
        scene
    };
    times.into_iter().map(scene).collect()
}
