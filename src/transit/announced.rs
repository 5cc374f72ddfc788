//! How the carrier of a last foreign hop stands to the AS that BGP shows next to the block. It says how far the class is
//! believed, never which it is.

use crate::owner::Owner;
use crate::targets::Upstream;

use super::class::Class;
use super::reason::Reason;

/// An upstream that fewer forks show is weak: peers behind one AS copy its choice, and a single router may have a view of
/// its own.
const ENOUGH: usize = 2;

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stand {
    /// BGP shows nothing.
    Unknown,
    /// It is among the upstreams.
    Next {
        /// Its AS, with the carrier's name.
        carrier: String,
        /// How many AS of peers show it.
        peers: usize,
        /// How many AS these hang on.
        forks: usize,
    },
    /// It is not, and these are.
    Missing {
        /// Their AS, with the carriers' names.
        shown: Vec<String>,
        /// The name of the one that most peers show.
        first: String,
        /// Whether what shows each of them is one view: one AS of a peer, or several that hang on one.
        is_weak: bool,
        /// How many AS of peers show the first.
        peers: usize,
        /// Whether none of them is of the class in question.
        is_of_another_class: bool,
    },
}

impl Stand {
    /// How `owner`, whose class decided, stands to the upstreams that BGP shows.
    pub(super) fn of(class: Class, owner: Option<&Owner>, shown: &[Upstream]) -> Self {
        let Some(first) = shown.first() else { return Self::Unknown };
        let carrier = owner.and_then(|owner| owner.carrier.as_ref()).map(|carrier| &carrier.name);
        let asn = owner.and_then(|owner| owner.origin.as_ref()).map(|origin| origin.asn);
        let is_his = |one: &&Upstream| {
            asn == Some(one.asn) || carrier.is_some() && one.carrier.as_ref() == carrier
        };
        // The carrier may have several AS, each with peers of its own.
        if let Some(his) = shown.iter().find(is_his) {
            let most = shown.iter().filter(is_his).map(|one| (one.forks, one.peers)).max();
            let (forks, peers) = most.unwrap_or((his.forks, his.peers));
            return Self::Next { carrier: full(his), peers, forks };
        }
        Self::Missing {
            shown: shown.iter().map(full).collect(),
            first: short(first),
            peers: first.peers,
            is_weak: shown.iter().all(|one| one.forks < ENOUGH),
            is_of_another_class: shown.iter().all(|one| class_of(one) != class),
        }
    }

    /// Whether it speaks for the border.
    pub(super) fn confirms(&self) -> bool {
        matches!(self, Self::Next { forks, .. } if *forks >= ENOUGH)
    }

    /// Whether it speaks against the class.
    pub(super) fn contradicts(&self) -> bool {
        matches!(self, Self::Missing { is_weak: false, is_of_another_class: true, .. })
    }

    /// What it rests on.
    pub(super) fn reason(&self, next_is_home: bool) -> Option<Reason> {
        match self {
            Self::Unknown => None,
            Self::Next { carrier, peers, forks } => {
                Some(Reason::Announced { carrier: carrier.clone(), peers: *peers, forks: *forks })
            }
            Self::Missing { shown, first, is_weak, peers, is_of_another_class } => {
                Some(Reason::NotAnnounced {
                    shown: shown.clone(),
                    silent: (!next_is_home).then(|| first.clone()),
                    is_weak: *is_weak,
                    peers: *peers,
                    is_of_another_class: *is_of_another_class,
                })
            }
        }
    }
}

fn class_of(one: &Upstream) -> Class {
    one.class.map_or(Class::Other, Class::Transit)
}

fn short(one: &Upstream) -> String {
    one.carrier.clone().unwrap_or_else(|| format!("AS{}", one.asn))
}

fn full(one: &Upstream) -> String {
    match &one.carrier {
        Some(carrier) => format!("AS{} ({carrier})", one.asn),
        None => format!("AS{}", one.asn),
    }
}
