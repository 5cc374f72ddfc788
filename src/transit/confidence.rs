//! How far a class can be believed: by what answers behind the border, and by the neighbours.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::border::{Behind, Border};
use crate::owner::Owner;
use crate::targets::{Block, Targets};

use super::evidence::Near;
use super::{Class, Reason};

/// How far a judgement can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Gaps, skipped hops or contradictions.
    Low,
    /// Silence behind the border, and no neighbours that say otherwise.
    Medium,
    /// Home answers behind the border, or several traces of the routed prefix agree on it.
    High,
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        })
    }
}

/// How many targets of a routed prefix must have a border in common before they confirm it.
const SEVERAL: usize = 3;

/// The confidence of `class`, and what it rests on.
pub(super) fn decide(
    class: Class,
    border: &Border,
    path: &[Arc<Owner>],
    near: &Near,
    targets: &Targets,
) -> (Confidence, Vec<Reason>) {
    let (mut confidence, mut reasons) = by_what_is_behind(border, near, &targets.block);
    let others = near.agreeing.saturating_sub(1);
    if others > 0 && class != Class::Unreached {
        reasons.push(Reason::Shared { neighbours: others, scope: near.scope });
    }
    for hop in &border.skipped {
        confidence = Confidence::Low;
        reasons.push(Reason::Skipped { address: hop.address, special: hop.special.clone() });
    }
    if let Some(other) = third_party(border, path) {
        confidence = Confidence::Low;
        reasons.push(Reason::ThirdParty(other));
    }
    if class == Class::Unknown {
        confidence = Confidence::Low;
    }
    (confidence, reasons)
}

fn by_what_is_behind(border: &Border, near: &Near, block: &Block) -> (Confidence, Vec<Reason>) {
    let several = near.agreeing >= SEVERAL;
    match border.behind {
        Behind::Home { gap, target, .. } => {
            let home = Reason::Home { gap, target };
            // What others saw behind it stands in the gap.
            if let Some(further) = near.behind.filter(|_| gap > 0) {
                return (Confidence::Low, vec![home, Reason::WentOn(further)]);
            }
            let confidence = match (gap <= block.usual_gap, several) {
                (true, _) => Confidence::High,
                (false, true) => Confidence::Medium,
                (false, false) => Confidence::Low,
            };
            (confidence, vec![home])
        }
        Behind::Stranger { from, gap } => (agreed(several), vec![Reason::Stranger { from, gap }]),
        Behind::Refusal { by, code } => (agreed(several), vec![Reason::Refused { by, code }]),
        Behind::Silence { .. } => by_silence(border, near, several),
    }
}

fn by_silence(border: &Border, near: &Near, several: bool) -> (Confidence, Vec<Reason>) {
    let silence = vec![Reason::Silence];
    match (near.behind, border.silent_before) {
        (Some(further), _) => (Confidence::Low, vec![Reason::Silence, Reason::WentOn(further)]),
        _ if several => (Confidence::High, silence),
        (None, 0) => (Confidence::Medium, silence),
        (None, silent) => (Confidence::Low, vec![Reason::Silence, Reason::GapBefore(silent)]),
    }
}

const fn agreed(several: bool) -> Confidence {
    if several { Confidence::High } else { Confidence::Medium }
}

/// The hop before the border, where the border is the only hop of its class and that hop is of
/// another: the address may be the other side's of a link between the two.
fn third_party(border: &Border, path: &[Arc<Owner>]) -> Option<Ipv4Addr> {
    let (last, before) = path.split_last()?;
    let class = last.class?;
    let previous = before.last()?.class?;
    let alone = before.iter().all(|owner| owner.class != Some(class));
    (previous != class && alone).then(|| border.path.iter().rev().nth(1).copied())?
}
