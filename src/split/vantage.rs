//! What the traces of a run show about their vantage: whether it has a way out, and what is doubtful.

use std::fmt;

use crate::border::Reach;

/// What speaks against a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Doubt {
    /// Something near the vantage answers for every address of the block.
    Gateway,
    /// Nothing answered behind the first public hop, on any path.
    Near,
    /// A part of the traces did not leave the vantage's own network.
    Uplink,
    /// A box at the vantage changes what routers quote.
    Nat,
    /// Packets of one flow take different carriers.
    PerPacket,
    /// The vantage's address changed during the run.
    Moved,
    /// Many replies do not prove themselves, answer what was not sent, or contradict others.
    Forged,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gateway => "gateway",
            Self::Near => "near",
            Self::Uplink => "uplink",
            Self::Nat => "nat",
            Self::PerPacket => "per-packet",
            Self::Moved => "moved",
            Self::Forged => "forged",
        })
    }
}

/// How many traces must show the same before it is no chance.
const SEVERAL: usize = 3;
/// Of so many traces one that stays inside is a doubt about all.
const SHARE_INSIDE: usize = 10;

/// How far the traces of a run went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reached {
    inside: usize,
    gateway: usize,
    first_hop: usize,
    outside: usize,
    /// Traces that name their vantage: there may be several, one of which has no way out.
    named: usize,
}

impl Reached {
    pub(super) fn add(&mut self, reach: Reach, is_named: bool) {
        *match reach {
            Reach::Inside => &mut self.inside,
            Reach::Gateway => &mut self.gateway,
            Reach::FirstHop => &mut self.first_hop,
            Reach::Outside => &mut self.outside,
        } += 1;
        self.named += usize::from(is_named);
    }

    pub(super) fn add_all(&mut self, other: Self) {
        self.inside += other.inside;
        self.gateway += other.gateway;
        self.first_hop += other.first_hop;
        self.outside += other.outside;
        self.named += other.named;
    }

    /// Whether anything outside the vantage's own network answered; nothing without a trace.
    pub(super) fn way_out(self) -> Option<bool> {
        (self.traces() > 0).then_some(self.first_hop + self.outside > 0)
    }

    pub(super) fn doubts(self) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        if self.gateway >= SEVERAL && self.gateway * 2 >= self.traces() {
            doubts.push(Doubt::Gateway);
        }
        if self.first_hop > 0 && self.outside == 0 {
            doubts.push(Doubt::Near);
        }
        let is_one_vantage = self.named == 0 && self.way_out() == Some(true);
        if is_one_vantage && self.inside >= SEVERAL && self.inside * SHARE_INSIDE >= self.traces() {
            doubts.push(Doubt::Uplink);
        }
        doubts
    }

    fn traces(self) -> usize {
        self.inside + self.gateway + self.first_hop + self.outside
    }
}
