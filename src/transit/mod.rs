//! What a border means: the class of the transit, the confidence in it, and the reasons.
//!
//! A pure function of all traces of a run and of what is known about their hops. Each trace is
//! classified by its own last foreign hop. The other traces of its routed prefix only decide how far
//! that is believed.

mod announced;
mod class;
mod confidence;
mod evidence;
mod observation;
mod packets;
mod reason;

use std::net::Ipv4Addr;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use crate::border::{Behind, Border, LastHop};
use crate::owner::{Owner, Owners};
use crate::targets::Targets;
use crate::trace::{Strategy, Trace, Ttl, is_simulated};

pub use class::Class;
pub use confidence::Confidence;
pub use reason::Reason;

use announced::Stand;
use class::Around;
use confidence::Case;
pub use evidence::Evidence;
use evidence::{Asker, SeenBorder};
pub use observation::Observation;
use packets::{Counted, Spread};

/// What a trace was judged to be.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// Whose transit it is.
    pub class: Class,
    /// How far that can be believed.
    pub confidence: Confidence,
    /// Why, the strongest reason first.
    pub reasons: Vec<Reason>,
    /// The last foreign hop and what is behind it.
    pub border: Border,
    /// Who holds the last foreign hop; nothing when there is none.
    pub owner: Option<Arc<Owner>>,
    /// The origin AS of the hops up to it, repeats removed; unknown ones are left out.
    pub as_path: Vec<u32>,
    /// Whether arrival is shown: home answers right behind its border, on this trace or on others of the
    /// routed prefix.
    pub proven: bool,
}

impl Judgement {
    /// Whether other traces of the routed prefix went on behind its last foreign hop, where this
    /// one met silence: the border may be somebody else's.
    #[must_use]
    pub fn fell_short(&self) -> bool {
        // One that was cut short has not ended, and claims nothing.
        let cut = |it: &Reason| matches!(it, Reason::CutShort(_) | Reason::CutOff(_));
        self.reasons.iter().any(|it| matches!(it, Reason::WentOn(_)))
            && !self.reasons.iter().any(cut)
    }

    /// Whether its packets take different carriers, one by one.
    #[must_use]
    pub fn is_per_packet(&self) -> bool {
        self.reasons.iter().any(|it| matches!(it, Reason::PerPacket { .. }))
    }

    /// Whether the trace got to a carrier in question, so that it can be said whose packets these are.
    fn is_of_a_carrier(&self) -> bool {
        let says_nothing = |it: &Reason| {
            matches!(
                it,
                Reason::NoWayOut
                    | Reason::NobodyAnswered
                    | Reason::WithinCarrier(_)
                    | Reason::CutOff(_)
            )
        };
        self.class != Class::Unreached && !self.reasons.iter().any(says_nothing)
    }

    /// Whether it counts for shares. `other` with little confidence does not: it needs only one router that
    /// answers from an address of the block.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.class.is_classified()
            && (self.class != Class::Other || self.confidence > Confidence::Low)
    }

    /// The holder of the last foreign hop in short: the carrier, else the AS, else the country.
    #[must_use]
    pub fn holder(&self) -> String {
        let Some(owner) = &self.owner else { return "nobody".into() };
        match (&owner.carrier, &owner.origin, owner.country) {
            (Some(carrier), _, _) => carrier.name.clone(),
            (None, Some(origin), _) => format!("AS{}", origin.asn),
            (None, None, Some(country)) => country.to_string(),
            (None, None, None) => "nobody".into(),
        }
    }
}

/// Judges every trace, in their order.
#[must_use]
pub fn judge(traces: &[Trace], targets: &Targets, owners: &Owners<'_>) -> Vec<Judgement> {
    let mut evidence = Evidence::default();
    for trace in traces {
        evidence.add(Observation::of(trace, targets), &targets.block);
    }
    let mut judge = Judge::new(targets, owners, &evidence);
    traces.iter().map(|trace| judge.judge(Observation::of(trace, targets))).collect()
}

/// Judges one trace by itself, without the evidence of others.
#[must_use]
pub fn judge_alone(trace: &Trace, targets: &Targets, owners: &Owners<'_>) -> Judgement {
    Judge::new(targets, owners, &Evidence::default()).judge(Observation::of(trace, targets))
}

/// Judges traces one by one, by the evidence of all.
#[derive(Debug)]
pub struct Judge<'a, 't> {
    targets: &'t Targets,
    evidence: &'a Evidence,
    known: Known<'a, 't>,
    /// Where the packets of an asker are spread over carriers, once that was asked for.
    spreads: HashMap<Asker, Option<Spread>>,
    /// How many traces BGP shows no upstream for, where there is evidence of BGP.
    pub unannounced: usize,
}

impl<'a, 't> Judge<'a, 't> {
    /// A judge that goes by `evidence`.
    #[must_use]
    pub fn new(targets: &'t Targets, owners: &'a Owners<'t>, evidence: &'a Evidence) -> Self {
        let known = Known { owners, found: HashMap::new() };
        Self { targets, evidence, known, spreads: HashMap::new(), unannounced: 0 }
    }

    /// Judges one trace.
    pub fn judge(&mut self, trace: Observation) -> Judgement {
        let targets = self.targets;
        let border = &trace.border;
        let path: Vec<Arc<Owner>> =
            border.path.iter().map(|address| self.known.of(*address)).collect();
        let prefix = self.evidence.about(&trace, &targets.block);
        let (begins_here, own) = (trace.begins_at_the_vantage, &border.path[..]);
        let longest = if begins_here || prefix.path.is_empty() { own } else { prefix.path };
        let longest: Vec<_> =
            longest.iter().map(|address| (*address, self.known.of(*address))).collect();
        let path_is_complete = begins_here || !prefix.path.is_empty();
        let whole_path = path_is_complete.then_some(&longest[..]);
        let known = border.last.and_then(|last| targets.borders.get(&last.address));
        let own_class = path.last().and_then(|owner| Class::of(owner));
        let mut is_of_another = |address: &&Ipv4Addr| {
            let class = Class::of(&self.known.of(**address));
            class.is_some() && class != own_class
        };
        let further = prefix.behind.iter().find(&mut is_of_another).copied();
        let around = Around { known, prefix: &prefix, further };
        let (class, mut reasons) = class::decide(&trace, &path, whole_path, &around, targets);
        let other = |seen: &&'a SeenBorder| (*seen, self.known.of(seen.address));
        let others: Vec<_> = prefix.others.iter().map(other).collect();
        let returned = reasons.iter().find_map(|reason| match reason {
            Reason::Returned(before) => Some(*before),
            _ => None,
        });
        let decider = returned.map(|before| self.known.of(before)).or_else(|| path.last().cloned());
        let stand = self.stand(&trace, class, decider.as_deref());
        let border = &trace.border;
        let case = Case {
            class,
            returned,
            border,
            path: &longest,
            path_is_complete,
            began_at_border: trace.strategy == Some(Strategy::Border),
            prefix: &prefix,
            known,
            stand,
            others: &others,
            targets,
        };
        let (confidence, more) = case.decide();
        let went_on = |it: &Reason| matches!(it, Reason::WentOn(_));
        let is_said = |said: &[Reason], it: &Reason| {
            said.contains(it) || went_on(it) && said.iter().any(went_on)
        };
        let more: Vec<Reason> = more.into_iter().filter(|it| !is_said(&reasons, it)).collect();
        reasons.extend(more);
        let origins = path.iter().filter_map(|owner| owner.origin.as_ref());
        let mut as_path: Vec<u32> = origins.map(|origin| origin.asn).collect();
        as_path.dedup();
        let owner = border.last.and(path.last().cloned());
        let owner = returned.map(|before| self.known.of(before)).or(owner);
        // What others saw behind it stands between it and home.
        let next_is_home = matches!(border.behind, Behind::Home { gap: 0, .. });
        let unhidden = prefix.behind.is_empty() || next_is_home && !prefix.is_box;
        let proven = class.is_classified() && unhidden && prefix.arrived.traces > 0;
        let packets = prefix.packets;
        let judged =
            Judgement { class, confidence, reasons, border: trace.border, owner, as_path, proven };
        let mut class = |address| self.known.of(address).class;
        let spread = packets.filter(|_| judged.is_of_a_carrier()).and_then(|(asker, packets)| {
            self.spreads.entry(asker).or_insert_with(|| packets.spread(&mut class)).as_ref()
        });
        match spread.map(|spread| spread.counted(&trace.answers, class)) {
            Some(counted) => self.by_packet(judged, counted, &trace.answers),
            None => judged,
        }
    }

    /// The judgement of a trace whose packets take different carriers: that of one packet.
    fn by_packet(
        &mut self,
        judged: Judgement,
        counted: Counted,
        answers: &[(u8, Ipv4Addr)],
    ) -> Judgement {
        let (class, at) = match counted {
            Counted::Packet { class, ttl, router } => (Some(class), Some((ttl, router))),
            Counted::None => (None, None),
        };
        let is_of_it = |(_, address): &&(u8, Ipv4Addr)| {
            class.is_some() && self.known.of(*address).class == class
        };
        let mut border = judged.border;
        let last = answers.iter().rfind(is_of_it).and_then(|(ttl, address)| {
            let rtt = border.last.filter(|last| last.address == *address).and_then(|it| it.rtt);
            Some(LastHop { address: *address, ttl: Ttl::new(*ttl)?, rtt })
        });
        border.last = last;
        Judgement {
            class: class.map_or(Class::Unknown, Class::Transit),
            confidence: Confidence::Low,
            reasons: vec![Reason::PerPacket { at }],
            owner: last.map(|last| self.known.of(last.address)),
            border,
            as_path: judged.as_path,
            proven: false,
        }
    }

    /// How who decides stands to what BGP shows of the routed prefix at the time of the trace.
    fn stand(&mut self, trace: &Observation, class: Class, decider: Option<&Owner>) -> Stand {
        let upstreams = &self.targets.upstreams;
        if !upstreams.is_given {
            return Stand::Unknown;
        }
        let is_lab =
            trace.vantage.as_ref().map_or(upstreams.is_lab, |vantage| is_simulated(&vantage.name));
        let shown = upstreams.of(trace.target, trace.started, is_lab, &self.targets.block);
        self.unannounced += usize::from(shown.is_empty());
        Stand::of(class, decider, shown)
    }
}

/// Owners that have been asked for.
#[derive(Debug)]
struct Known<'a, 't> {
    owners: &'a Owners<'t>,
    found: HashMap<Ipv4Addr, Arc<Owner>>,
}

impl Known<'_, '_> {
    fn of(&mut self, address: Ipv4Addr) -> Arc<Owner> {
        let owners = self.owners;
        self.found.entry(address).or_insert_with(|| Arc::new(owners.of(address))).clone()
    }
}
