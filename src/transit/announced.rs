//! How the carrier of a last foreign hop stands to the AS that BGP shows next to the block. It says how far the class is
//! believed, never which it is.

use crate::owner::Owner;
use crate::targets::Upstream;

use super::class::Class;
use super::reason::Reason;

/// An upstream that fewer AS of peers show is weak: it may be one router's own view.
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
    },
    /// It is not, and these are.
    Missing {
        /// Their AS, with the carriers' names.
        shown: Vec<String>,
        /// The name of the one that most peers show.
        first: String,
        /// Whether one AS of a peer alone shows each of them.
        is_weak: bool,
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
            let peers = shown.iter().filter(is_his).map(|one| one.peers).max();
            return Self::Next { carrier: full(his), peers: peers.unwrap_or(his.peers) };
        }
        Self::Missing {
            shown: shown.iter().map(full).collect(),
            first: short(first),
            is_weak: shown.iter().all(|one| one.peers < ENOUGH),
            is_of_another_class: shown.iter().all(|one| class_of(one) != class),
        }
    }

    /// Whether it speaks for the border.
    pub(super) fn confirms(&self) -> bool {
        matches!(self, Self::Next { peers, .. } if *peers >= ENOUGH)
    }

    /// Whether it speaks against the class.
    pub(super) fn contradicts(&self) -> bool {
        matches!(self, Self::Missing { is_weak: false, is_of_another_class: true, .. })
    }

    /// What it rests on.
    pub(super) fn reason(&self, next_is_home: bool) -> Option<Reason> {
        match self {
            Self::Unknown => None,
            Self::Next { carrier, peers } => {
                Some(Reason::Announced { carrier: carrier.clone(), peers: *peers })
            }
            Self::Missing { shown, first, is_weak, is_of_another_class } => {
                Some(Reason::NotAnnounced {
                    shown: shown.clone(),
                    silent: (!next_is_home).then(|| first.clone()),
                    is_weak: *is_weak,
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
