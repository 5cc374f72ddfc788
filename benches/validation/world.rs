//! Draws random networks: a scenario for the lab, with the truth in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use lasthop::lab::Scenario;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt, SeedableRng};

use super::odds::{self, CarrierKind};

const VANTAGE: &str = "192.168.1.77";
const EXCHANGES: [&str; 3] = ["80.81.192.0/21", "195.69.144.0/22", "195.208.208.0/21"];

/// A network, and how it is measured.
pub(crate) struct World {
    /// For the lab; each path says which class is the truth for its flows.
    pub(crate) scenario: Scenario,
    /// How many addresses of each prefix are traced.
    pub(crate) sample: usize,
    /// For each routed prefix, what its flows are.
    pub(crate) flows: Vec<Flows>,
    /// Whether the whole block is cut off.
    pub(crate) outage: bool,
    /// What BGP shows of each routed prefix.
    pub(crate) announced: Vec<Vec<Announced>>,
}

/// What a peer of a collector shows: whose the upstream is, and where its addresses are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announced {
    pub(crate) peer: u32,
    pub(crate) owner: CarrierKind,
    pub(crate) pool: Ipv4Net,
}

/// The truth about the flows of a routed prefix.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flows {
    /// The weight of each class.
    weights: BTreeMap<&'static str, u32>,
    /// Whether some of them take a path on which the last carrier shows nothing of itself, so that
    /// the trace cannot tell.
    pub(crate) hides: bool,
}

impl Flows {
    /// The true share of a class: of the flows that somebody next to the block carries.
    pub(crate) fn share(&self, class: &str) -> Option<f64> {
        let of = |names: &[&str]| -> u32 {
            names.iter().filter_map(|name| self.weights.get(name)).sum()
        };
        let all = of(&["china", "russia", "other"]);
        (all > 0).then(|| f64::from(of(&[class])) / f64::from(all))
    }
}

/// A router that packets pass.
#[derive(Clone)]
struct Router {
    /// Nothing when it is silent.
    shows: Option<Ipv4Addr>,
    owner: CarrierKind,
}

/// One way to the block: the routers outside, and the hops of home.
#[derive(Clone)]
struct Entrance {
    outside: Vec<Router>,
    /// How many of them are the vantage's own network's.
    access: usize,
    inside: Vec<String>,
    last: Part,
}

/// One carrier's part of a path.
#[derive(Clone, Copy)]
struct Part {
    owner: CarrierKind,
    pool: Ipv4Net,
}

struct Draw {
    random: StdRng,
    order: Order,
    used: BTreeSet<Ipv4Addr>,
    labelled: Vec<Ipv4Addr>,
}

/// How the carriers of a path follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// As on the way to a country, or from it.
    Likely,
    /// At random, any behind any.
    Random,
}

/// The network of this number.
pub(crate) fn draw(number: u64, order: Order) -> World {
    let random = StdRng::seed_from_u64(number);
    Draw { random, order, used: BTreeSet::new(), labelled: Vec::new() }.world(number)
}

impl Draw {
    fn world(mut self, number: u64) -> World {
        let access = self.access();
        let first = Part { owner: self.of(&odds::VANTAGE), pool: net("0.0.0.0/0") };
        let first = Part { pool: self.pool(first.owner), ..first };
        let mut start = access.clone();
        self.add_part(&mut start, None, &first, &odds::ROUTERS);
        let entrances: Vec<Entrance> =
            (0..3).map(|_| self.entrance(&start, access.len(), &first)).collect();
        let outage = self.chance(odds::OUTAGE);
        let mut text = format!("about = \"network {number}\"\nvantage = \"{VANTAGE}\"\n");
        let _ = writeln!(text, "loss = {}", self.loss());
        let routes = (176..180).map(|third| self.route(&mut text, third, &entrances, outage));
        let (flows, taken): (Vec<Flows>, Vec<Vec<(usize, bool)>>) = routes.unzip();
        self.habits(&mut text, &entrances);
        let scenario = Scenario::parse("a random network", &text).expect("a scenario");
        let sample = odds::SAMPLES[self.random.random_range(0..odds::SAMPLES.len())];
        let announced = announced(number, &taken, &entrances);
        World { scenario, sample, flows, outage, announced }
    }

    /// The vantage's own network: private addresses.
    fn access(&mut self) -> Vec<Router> {
        let count = self.random.random_range(1..=3_u8);
        (0..count)
            .map(|place| {
                let address = if place == 0 { net("192.168.1.0/30") } else { net("100.64.0.0/10") };
                let shows = (!self.chance(odds::SILENT_ACCESS)).then(|| self.address(address));
                Router { shows, owner: CarrierKind::Nobody }
            })
            .collect()
    }

    fn entrance(&mut self, start: &[Router], access: usize, first: &Part) -> Entrance {
        let last = self.of(&odds::LAST);
        let mut parts: Vec<CarrierKind> = Vec::new();
        for _ in 0..self.one_of(&odds::BETWEEN) {
            parts.push(self.middle(first.owner));
        }
        if self.chance(odds::SAME_CLASS_BEFORE) {
            parts.push(last);
        }
        parts.push(last);
        let mut outside = start.to_vec();
        let mut before = Part { owner: first.owner, pool: first.pool };
        let count = parts.len();
        for (place, owner) in parts.into_iter().enumerate() {
            let part = Part { owner, pool: self.pool(owner) };
            let routers = if place + 1 == count { odds::LAST_ROUTERS } else { odds::ROUTERS };
            self.add_part(&mut outside, Some(&before), &part, &routers);
            before = part;
        }
        if self.chance(odds::LINK_FROM_BLOCK)
            && let Some(router) = outside.last_mut().filter(|router| router.shows.is_some())
        {
            router.shows = Some(self.address(net("175.45.179.240/28")));
        }
        let inside = self.home(&before);
        Entrance { outside, access, inside, last: before }
    }

    /// Whose a carrier between the first and the last is.
    fn middle(&mut self, first: CarrierKind) -> CarrierKind {
        let at_home = first != CarrierKind::Other && self.chance(odds::MIDDLE_AT_HOME);
        match self.order {
            Order::Random => self.of(&odds::MIDDLE_AT_RANDOM),
            Order::Likely if at_home => first,
            Order::Likely => self.of(&odds::MIDDLE),
        }
    }

    /// The routers of one carrier, behind those of another.
    fn add_part(
        &mut self,
        path: &mut Vec<Router>,
        before: Option<&Part>,
        part: &Part,
        routers: &[f64],
    ) {
        let mut count = self.one_of(routers) + 1;
        if count > 2 && self.chance(odds::HIDDEN) {
            count = 2;
        }
        let silent = self.chance(odds::SILENT_CARRIER);
        let labelled = self.chance(odds::LABELS);
        for place in 0..count {
            let edge = place == 0 || place + 1 == count;
            let pool = match before {
                Some(_) if place == 0 && self.chance(odds::EXCHANGE) => {
                    net(EXCHANGES.choose(&mut self.random).expect("three"))
                }
                Some(before) if place == 0 && self.chance(odds::NUMBERED_BY_NEARER) => before.pool,
                _ if edge && self.chance(odds::THIRD_PARTY) => {
                    let third = self.of(&odds::LAST);
                    self.pool(third)
                }
                _ if self.chance(odds::PRIVATE) => net("10.0.0.0/8"),
                _ => part.pool,
            };
            let silent = silent || self.chance(odds::SILENT_ROUTER);
            let shows = (!silent).then(|| self.address(pool));
            if labelled && !edge {
                self.labelled.extend(shows);
            }
            path.push(Router { shows, owner: part.owner });
        }
    }

    /// The hops of home behind the carrier `last`, as the lab writes them.
    fn home(&mut self, last: &Part) -> Vec<String> {
        let count = self.one_of(&odds::HOME_HOPS);
        (0..count)
            .map(|place| {
                if place > 0 && place + 1 == count && self.chance(odds::HOST_TWICE) {
                    return "target".into();
                }
                if self.chance(odds::SILENT_HOME) {
                    return "*".into();
                }
                let pool = match place {
                    0 if self.chance(odds::HOME_THIRD_PARTY) => {
                        let other = self.of(&odds::LAST);
                        self.pool(other)
                    }
                    0 if self.chance(odds::LINK_FROM_CARRIER) => last.pool,
                    _ if self.chance(odds::PRIVATE_HOME) => net("10.0.0.0/8"),
                    _ => net("175.45.179.240/28"),
                };
                self.address(pool).to_string()
            })
            .collect()
    }

    /// The route to a prefix, and what its flows are.
    fn route(
        &mut self,
        text: &mut String,
        third: u8,
        entrances: &[Entrance],
        outage: bool,
    ) -> (Flows, Vec<(usize, bool)>) {
        let _ = writeln!(text, "[[route]]\nto = \"175.45.{third}.0/24\"");
        let answering = match self.one_of(&odds::HOSTS) {
            0 => 0.0,
            1 => 0.08 * self.random.random::<f64>(),
            _ => self.random.random(),
        };
        let hosts: Vec<String> = (0..=255_u8)
            .filter(|_| self.random.random::<f64>() < answering)
            .map(|last| format!("\"175.45.{third}.{last}\""))
            .collect();
        let _ = writeln!(text, "hosts = [{}]", hosts.join(","));
        let mut flows = Flows::default();
        let count = self.one_of(&odds::ENTRANCES) + 1;
        let first = self.random.random_range(0..entrances.len());
        let mut taken = Vec::new();
        for place in 0..count {
            let share = self.random.random_range(1..=1000_u32);
            let number = (first + place) % entrances.len();
            let (truth, shown, dead) = self.path(text, share, &entrances[number], outage);
            taken.push((number, dead));
            *flows.weights.entry(truth).or_default() += share;
            flows.hides |= !shown;
        }
        (flows, taken)
    }

    /// One path; returns the class that is true of it, whether a trace can show it, and whether it is dead.
    fn path(
        &mut self,
        text: &mut String,
        share: u32,
        way: &Entrance,
        outage: bool,
    ) -> (&'static str, bool, bool) {
        let last = way.outside.len() - 1;
        let somewhere = |draw: &mut Self| draw.random.random_range(way.access..=last);
        let dead = outage || self.chance(odds::DEAD);
        let (at, end) = if dead {
            let at = somewhere(self);
            let code = self.random.random_range(0..2_u8);
            let end = match self.one_of(&odds::DEATHS) {
                0 => "blackhole".into(),
                1 => format!("refusal {code}"),
                _ => "loop".into(),
            };
            (at, end)
        } else if self.chance(odds::PROHIBITED) {
            let at = if self.chance(odds::PROHIBITED_AT_LAST) { last } else { somewhere(self) };
            (at, "refusal 13".into())
        } else {
            (last, String::new())
        };
        let owner = way.outside[at].owner;
        let truth = match owner {
            // A router without a route is nobody's border.
            _ if end == "refusal 0" => "unreached",
            // What does not arrive was not carried by anybody next to the block.
            CarrierKind::Other | CarrierKind::Nobody if dead => "unreached",
            CarrierKind::Other if end == "refusal 13" => "unreached",
            owner => owner.class(),
        };
        let last_hop = shown(&way.outside[..=at], owner);
        Self::write_path(text, share, way, at, &end, (truth, last_hop));
        // Somebody else next to the block shows only where home answers or a refusal comes.
        (truth, last_hop.is_some() && truth != "other", dead)
    }

    fn write_path(
        text: &mut String,
        share: u32,
        way: &Entrance,
        at: usize,
        end: &str,
        (truth, shown): (&str, Option<Ipv4Addr>),
    ) {
        let name = |router: &Router| router.shows.map_or("*".into(), |it| it.to_string());
        let mut hops: Vec<String> = way.outside[..=at].iter().map(name).collect();
        if end.is_empty() {
            hops.extend(way.inside.iter().cloned());
        }
        let hops: Vec<String> = hops
            .iter()
            .enumerate()
            .map(|(place, who)| format!("\"{who} {}\"", 3 + 9 * place))
            .collect();
        let hosts = format!("hosts {}", 6 + 9 * hops.len());
        let end = if end.is_empty() { &hosts } else { end };
        let _ = writeln!(
            text,
            "[[route.path]]\nshare = {share}\nhops = [{}]\nend = \"{end}\"\nclass = \"{truth}\"",
            hops.join(",")
        );
        if let Some(shown) = shown {
            let _ = writeln!(text, "last_hop = \"{shown}\"");
        }
    }

    /// What routers do otherwise than others: labels, and limits.
    fn habits(&mut self, text: &mut String, entrances: &[Entrance]) {
        let routers: BTreeSet<Ipv4Addr> = entrances
            .iter()
            .flat_map(|way| &way.outside)
            .filter_map(|router| router.shows)
            .collect();
        for router in routers {
            let labels = self.labelled.contains(&router);
            let limited = self.chance(odds::LIMITED);
            if !labels && !limited {
                continue;
            }
            let _ = writeln!(text, "[router.\"{router}\"]");
            if labels {
                text.push_str("mpls = [24005]\n");
            }
            if limited {
                let (least, most) = odds::LIMIT;
                let limit = least * (most / least).powf(self.random.random());
                let _ = writeln!(text, "limit = {limit:.2}");
            }
        }
    }

    fn loss(&mut self) -> f64 {
        let part: f64 = self.random.random();
        match self.one_of(&odds::LOSS) {
            0 => 0.0,
            1 => 0.03 * part,
            _ => 0.03 + 0.12 * part,
        }
    }

    fn pool(&mut self, owner: CarrierKind) -> Ipv4Net {
        net(owner.pools().choose(&mut self.random).expect("a pool"))
    }

    /// An address of `pool` that no other router has.
    fn address(&mut self, pool: Ipv4Net) -> Ipv4Addr {
        let (first, last) = (u32::from(pool.network()), u32::from(pool.broadcast()));
        loop {
            let address = Ipv4Addr::from(self.random.random_range(first..=last));
            if self.used.insert(address) {
                return address;
            }
        }
    }

    fn chance(&mut self, odds: f64) -> bool {
        self.random.random::<f64>() < odds
    }

    /// A place, by the odds of each.
    fn one_of(&mut self, odds: &[f64]) -> usize {
        let mut left: f64 = self.random.random();
        let hit = |odds: &f64| {
            left -= odds;
            left < 0.0
        };
        odds.iter().position(hit).unwrap_or(odds.len() - 1)
    }

    fn of(&mut self, kinds: &[(f64, CarrierKind)]) -> CarrierKind {
        let odds: Vec<f64> = kinds.iter().map(|(odds, _)| *odds).collect();
        kinds[self.one_of(&odds)].1
    }
}

/// What BGP shows of each routed prefix, by the entrances that its packets take, and whether these are dead. It is drawn
/// by a chance of its own, so that the networks are the same without it.
fn announced(
    number: u64,
    taken: &[Vec<(usize, bool)>],
    entrances: &[Entrance],
) -> Vec<Vec<Announced>> {
    let mut random = StdRng::seed_from_u64(!number);
    let mut chance = |odds: f64| random.random::<f64>() < odds;
    let mut shown = Vec::new();
    for taken in taken {
        let mut ways: Vec<Part> = Vec::new();
        for (place, way) in entrances.iter().enumerate() {
            let dead = taken.iter().find(|(entrance, _)| *entrance == place).map(|(_, dead)| *dead);
            let is_shown = match dead {
                None => chance(odds::UNUSED),
                Some(true) => !chance(odds::WITHDRAWN),
                Some(false) => !chance(odds::UNSEEN),
            };
            ways.extend(is_shown.then_some(way.last));
        }
        shown.push(ways);
    }
    let mut left: f64 = random.random();
    let hit = odds::PEERS.iter().find(|(odds, _)| {
        left -= odds;
        left < 0.0
    });
    let peers = hit.map_or(1, |(_, peers)| *peers);
    let mut peers_of = |ways: Vec<Part>| {
        let one = |peer| {
            let way = ways.choose(&mut random)?;
            Some(Announced { peer, owner: way.owner, pool: way.pool })
        };
        (0..peers).filter_map(one).collect()
    };
    shown.into_iter().map(&mut peers_of).collect()
}

/// The last address that names anybody, if it is of the last carrier's own.
fn shown(path: &[Router], owner: CarrierKind) -> Option<Ipv4Addr> {
    let special = ["10.0.0.0/8", "192.168.0.0/16", "100.64.0.0/10"].into_iter().chain(EXCHANGES);
    let special: Vec<Ipv4Net> = special.chain(["175.45.176.0/22"]).map(net).collect();
    let names = |address: &Ipv4Addr| !special.iter().any(|prefix| prefix.contains(address));
    let last = path.iter().rev().filter_map(|router| router.shows).find(names);
    let own: Vec<Ipv4Net> = owner.pools().iter().map(|pool| net(pool)).collect();
    last.filter(|last| own.iter().any(|pool| pool.contains(last)))
}

fn net(text: &str) -> Ipv4Net {
    text.parse().expect("a prefix")
}
