//! A trace without its hops: all that its judgement rests on, in a hundred bytes.

use std::net::Ipv4Addr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::border::{self, Behind, Border};
use crate::targets::Targets;
use crate::trace::{StopReason, Strategy, Trace, Vantage};

/// What a trace has to say, to its neighbours and to its judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// The address that was traced.
    pub target: Ipv4Addr,
    /// Where it was made.
    pub vantage: Option<Arc<Vantage>>,
    /// Why it ended.
    pub stop: Option<StopReason>,
    /// Whether it was made completely or begun at the border.
    pub strategy: Option<Strategy>,
    /// Whether it was asked from the first TTL on, so that what is not there did not answer.
    pub begins_at_the_vantage: bool,
    /// How many packets it took.
    pub probes: usize,
    /// Where its foreign part ends.
    pub border: Border,
}

impl Outline {
    /// The outline of `trace`.
    #[must_use]
    pub fn of(trace: &Trace, targets: &Targets) -> Self {
        Self {
            target: trace.target,
            vantage: trace.vantage.clone(),
            stop: trace.stop,
            strategy: trace.strategy,
            begins_at_the_vantage: trace.begins_at_the_vantage(),
            probes: trace.probes(),
            border: border::find(trace, &targets.block, &targets.specials),
        }
    }

    /// Silence behind a trace that was cut short is no end.
    pub(super) fn has_no_end(&self) -> bool {
        let silent = matches!(self.border.behind, Behind::Silence { .. });
        silent && self.stop.is_some_and(StopReason::is_cut_short)
    }
}
