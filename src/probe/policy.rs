//! What one trace sends next, and when it has sent enough. A pure function of what the trace and the
//! others of its group have shown.
//!
//! A complete trace goes forward from the first TTL. A border search begins where the others found the
//! border, and goes elsewhere only when the replies are not theirs. Both then settle: they make sure of
//! the silence behind their last foreign hop before they end.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::targets::{Carriers, Specials};
use crate::trace::{HomeProof, PathEnd, Router, StopReason};

use super::exchange::{Attempt, Probe, ProbeTtl};
use super::job::TraceSettings;
use super::prefix_knowledge::PrefixKnowledge;
use super::timing::Moment;
use super::trace_state::{Role, TraceState};

/// How many silent TTLs behind the last foreign hop are probed again before a trace ends.
const DOUBTFUL: usize = 4;
/// How many TTLs behind a home address that is not the target are asked: a transit router may answer from one, and
/// the next be silent.
const BEHIND_HOME: u8 = 2;
/// At how many of the group's last foreign hops a trace is asked whose packets take different paths.
const MOST_DEPTHS: usize = 2;
/// How often the time between two attempts is doubled.
const MOST_DOUBLINGS: u8 = 3;

/// What a trace wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// To send this.
    Send(Probe),
    /// To be asked again at this moment.
    WaitUntil(Moment),
    /// To be asked again when a reply comes or a timer runs out.
    Wait,
    /// To end.
    Finish(StopReason),
}

/// Where a border search stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    /// It goes on with this.
    Continue(Action),
    /// It has found a border that the group knows.
    Found,
    /// It met what the group does not know, and needs a complete trace.
    Unknown,
}

/// Decides for one trace at one moment.
pub(super) struct Policy<'a> {
    pub(super) settings: &'a TraceSettings,
    pub(super) specials: &'a Specials,
    pub(super) carriers: &'a Carriers,
    /// How long a TTL must be silent before that counts.
    pub(super) timeout: Duration,
    pub(super) state: &'a mut TraceState,
    pub(super) group: &'a mut PrefixKnowledge,
    /// Whether the trace may have only one probe under way.
    pub(super) serial: bool,
    pub(super) now: Moment,
}

/// Complete traces, and the end of all traces.
impl Policy<'_> {
    /// What a complete trace wants on its way to the end of its path; nothing when it is there.
    pub(super) fn forward(&self) -> Option<Action> {
        let (state, settings) = (&*self.state, self.settings);
        let end = self.end_of_probing();
        if state.awaited(end) >= self.window() {
            return Some(Action::Wait);
        }
        let retry = |ttl: &ProbeTtl| state.at(*ttl).sent < settings.attempts;
        // What is silent behind home is of no interest.
        let doubtful = match state.path.end {
            PathEnd::Home { proof: HomeProof::Router, ttl } => ttl.min(end),
            _ => end,
        };
        let never_probed = state.never_probed().filter(|ttl| *ttl <= doubtful);
        if let Some(ttl) = never_probed.or_else(|| state.silent(1, doubtful.get()).find(retry)) {
            return self.send(ttl);
        }
        let replied = state.furthest_reply().max(self.group.furthest);
        // A trace whose first hops are all silent may just begin behind a firewall.
        let gap = settings.gap_limit * if replied == 0 { 2 } else { 1 };
        match state.next_ttl().filter(|ttl| *ttl <= end && ttl.get() <= replied.saturating_add(gap))
        {
            Some(ttl) => self.send(ttl),
            None => (state.awaited(end) > 0).then_some(Action::Wait),
        }
    }

    /// The furthest TTL that matters. A home router is taken for the end once what was probed behind it
    /// has shown no foreign routers, and the last TTLs of that nothing at all.
    fn end_of_probing(&self) -> ProbeTtl {
        let (state, furthest) = (&*self.state, self.settings.max_ttl);
        match state.path.end {
            PathEnd::Home { proof: HomeProof::Doubtful, .. } => furthest,
            PathEnd::Home { proof: HomeProof::Router, ttl } => {
                let behind = ProbeTtl::new(ttl.get().max(state.furthest_reply()) + BEHIND_HOME);
                let behind = behind.unwrap_or(ttl);
                behind.max(state.furthest_probed()).min(furthest)
            }
            end => end.ttl().unwrap_or(furthest),
        }
    }

    /// When the silence behind the last foreign hop will have lasted for the whole timeout: until then
    /// late replies may show that the path goes on. Nothing where that has passed, or where the group
    /// has shown that this hop is the border.
    pub(super) fn late_until(&self) -> Option<Moment> {
        let (first, last) = self.doubtful_ttls(ProbeTtl::LAST)?;
        let silent = self.state.silent(first, last);
        let sent = silent.map(|ttl| self.state.at(ttl).last_sent).max()?;
        Some(sent + self.timeout).filter(|until| *until > self.now)
    }

    /// What a trace that has got through wants: to make sure of its border, then to end.
    ///
    /// Silence is not loss, and a rate limit is not silence. So the silent TTLs behind the last foreign
    /// hop are probed again, ever later, unless the group has shown that this hop is the border.
    pub(super) fn settle(&self) -> Action {
        let Some((first, last)) = self.doubtful_ttls(self.settings.max_ttl) else {
            return Action::Finish(self.stop());
        };
        let reach = match self.state.last_router() {
            Some(router) => self.group.reach(router),
            None => self.group.furthest,
        };
        let attempts = self.settings.attempts;
        // Where others of the group got further there is a router that can reply, and waiting pays.
        let (last, most) = if reach >= first {
            (last.min(reach), Attempt::MOST)
        } else {
            let most = attempts + self.settings.border_attempts;
            (last.min(first + 1), most.min(Attempt::MOST))
        };
        let doubtful = self.state.silent(first, last).take(DOUBTFUL).filter(|ttl| {
            let most = if self.group.is_abandoned(*ttl) { attempts } else { most };
            self.state.at(*ttl).sent < most
        });
        let retry = match doubtful.map(|ttl| (self.due(ttl), ttl)).min() {
            Some((due, ttl)) => self.send_at(due, ttl),
            None => None,
        };
        retry.unwrap_or_else(|| Action::Finish(self.stop()))
    }

    /// The first and the last TTL behind the last foreign hop, up to `furthest`, at which silence is
    /// doubtful; nothing where the path has an end that leaves no doubt, or the group knows the border.
    fn doubtful_ttls(&self, furthest: ProbeTtl) -> Option<(u8, u8)> {
        let last = match self.state.path.end {
            PathEnd::Loop { .. } | PathEnd::Unreachable { .. } => return None,
            PathEnd::Home { ttl, .. } | PathEnd::ForeignReply { ttl, .. } => ttl.get() - 1,
            PathEnd::Open => furthest.get(),
        };
        match self.state.last_router() {
            Some(router) if self.group.is_border(router.address) => None,
            router => Some((router.map_or(0, |router| router.ttl.get()) + 1, last)),
        }
    }

    /// Asks where the paths of the group part between carriers: every trace until it has an answer there, and some
    /// a few times, to find out whether flows are spread or packets.
    pub(super) fn at_the_divergence(&mut self) -> Option<Action> {
        let ttl = self.group.divergence.ttl()?;
        let slowly = self.group.has_slowed();
        if !self.group.divergence.concerns(&mut self.state.test, slowly) {
            return None;
        }
        let attempts = self.state.at(ttl);
        if attempts.waiting > 0 {
            return Some(Action::Wait);
        }
        if !attempts.replied {
            let action = self.until_replied(ttl);
            if action.is_none() {
                self.group.divergence.end(&mut self.state.test);
            }
            return action;
        }
        let class = |address| self.carriers.class_of(address);
        let classes: Vec<_> = self.state.routers_at(ttl).map(class).collect();
        let is_constant = classes.iter().all(|class| Some(class) == classes.first());
        let tests = self.group.divergence.tests(&mut self.state.test, classes.len(), is_constant);
        let again = if tests { self.send(ttl) } else { None };
        if again.is_none() {
            self.group.divergence.end(&mut self.state.test);
        }
        again
    }

    fn stop(&self) -> StopReason {
        match self.state.path.end {
            PathEnd::Home { proof: HomeProof::Router | HomeProof::Reply, .. } => StopReason::Home,
            PathEnd::Home { .. } if self.state.last_router().is_some() => StopReason::Home,
            PathEnd::Unreachable { .. } => StopReason::Unreachable,
            PathEnd::ForeignReply { .. } => StopReason::ForeignReply,
            PathEnd::Loop { .. } => StopReason::Loop,
            PathEnd::Home { .. } | PathEnd::Open => match self.state.next_ttl() {
                Some(ttl) if ttl <= self.settings.max_ttl => StopReason::GapLimit,
                _ => StopReason::MaxTtl,
            },
        }
    }

    /// When a silent TTL is probed again: at once for the first attempts; then half a timeout after the
    /// last attempt timed out, and twice as long each further time. Spread, so that the traces do not
    /// all retry together.
    fn due(&self, ttl: ProbeTtl) -> Moment {
        let attempts = self.state.at(ttl);
        if attempts.sent < self.settings.attempts {
            return self.now;
        }
        let doublings = (attempts.sent - self.settings.attempts).min(MOST_DOUBLINGS);
        let factor = self.state.spread * f64::from(1_u16 << doublings) / 2.0;
        attempts.last_sent + self.timeout + self.timeout.mul_f64(factor)
    }

    /// How many TTLs may be awaited at once.
    fn window(&self) -> usize {
        match self.state.role {
            _ if self.serial => 1,
            // Others wait for what these find.
            Role::Pilot | Role::Fallback => {
                self.settings.window.max(usize::from(self.settings.gap_limit))
            }
            Role::Full | Role::BorderSearch => self.settings.window,
        }
    }

    /// Nothing above the highest TTL, and where no attempt is left.
    fn send(&self, ttl: ProbeTtl) -> Option<Action> {
        if ttl > self.settings.max_ttl {
            return None;
        }
        let attempt = self.state.next_attempt(ttl)?;
        Some(Action::Send(Probe { key: self.state.key, ttl, attempt }))
    }

    fn send_at(&self, due: Moment, ttl: ProbeTtl) -> Option<Action> {
        if due > self.now { Some(Action::WaitUntil(due)) } else { self.send(ttl) }
    }
}

/// Border searches.
impl Policy<'_> {
    /// What a border search wants where each packet takes a path of its own: one that counts, and the last foreign hops
    /// of those paths, each once. Silence shows nothing there.
    pub(super) fn search_by_packet(&mut self) -> Action {
        if let Some(action) = self.at_the_divergence() {
            return action;
        }
        let depths = self.group.depths();
        let unasked = |ttl: &ProbeTtl| self.state.at(*ttl).sent == 0;
        let next = depths.into_iter().take(MOST_DEPTHS).find(unasked);
        match next.and_then(|ttl| self.send(ttl)) {
            Some(action) => action,
            None if self.state.awaited(ProbeTtl::LAST) > 0 => Action::Wait,
            None => Action::Finish(StopReason::Border),
        }
    }

    /// What a border search wants.
    pub(super) fn search(&self) -> Search {
        let state = &*self.state;
        if state.awaited(ProbeTtl::LAST) >= self.window() {
            return Search::Continue(Action::Wait);
        }
        if let Some(action) = self.retry_limited() {
            return Search::Continue(action);
        }
        let Some(last) = state.last_router() else {
            return self.towards_vantage().map_or(Search::Unknown, Search::Continue);
        };
        if let Some(action) = self.before_routers() {
            return Search::Continue(action);
        }
        let search = match state.path.end {
            PathEnd::Loop { .. } | PathEnd::Unreachable { .. } => Search::Found,
            end => self.behind(last, end),
        };
        match search {
            Search::Found => self.before_border(last).map_or(Search::Found, Search::Continue),
            other => other,
        }
    }

    /// Probes a border again that limits its ICMP rate: at that hop's pace the first time, and ever
    /// later then, so that the traces that had no luck do not all retry together.
    fn retry_limited(&self) -> Option<Action> {
        let state = &*self.state;
        let end = state.path.end.ttl().map_or(ProbeTtl::MOST, |ttl| ttl.get() - 1);
        let last = state.last_router();
        let most = match last {
            Some(_) => Attempt::MOST,
            // As long as nothing has replied on this path, its border may be a nearer one.
            None if state.is_explorer() => 1,
            None => self.settings.attempts,
        };
        let ttl = state
            .silent(last.map_or(0, |router| router.ttl.get()) + 1, end)
            .find(|ttl| self.group.is_limited(last, *ttl) && state.at(*ttl).sent < most)?;
        self.send_at(self.due(ttl), ttl)
    }

    /// No router has replied yet. Probes the border that most traces have and the TTL behind it (or, where the
    /// border is beyond doubt, the target), the borders of the others, the first one again, and then ever nearer TTLs. Where the first one
    /// limits its ICMP rate, a few traces find out at once whether it is on their path at all.
    fn towards_vantage(&self) -> Option<Action> {
        let state = &*self.state;
        let depths = self.group.depths();
        let usual = *depths.first()?;
        let most = self.settings.max_ttl;
        let unprobed = |ttl: &ProbeTtl| *ttl <= most && state.at(*ttl).sent == 0;
        let next = ProbeTtl::new(usual.get() + 1);
        let asked = |ttl: ProbeTtl| state.at(ttl).sent > 0;
        let wants_arrival = asked(most) || self.group.is_settled() && !next.is_some_and(asked);
        let behind = if wants_arrival { Some(most) } else { next };
        if let Some(ttl) = [Some(usual), behind].into_iter().flatten().find(unprobed) {
            return self.send(ttl);
        }
        if state.awaited(ProbeTtl::LAST) > 0 {
            return Some(Action::Wait);
        }
        if let Some(other) = depths.iter().copied().find(unprobed) {
            return self.send(other);
        }
        let explores = self.group.is_limited(None, usual) && state.is_explorer();
        if !explores && state.at(usual).sent < self.settings.attempts {
            return self.send(usual);
        }
        let nearer = (1..usual.get()).rev().filter_map(ProbeTtl::new).find(unprobed);
        self.send(nearer?)
    }

    /// Probes before the routers that have replied, where that matters: for the hop that decides when
    /// none of them can, and for the first half of a loop.
    fn before_routers(&self) -> Option<Action> {
        let state = &*self.state;
        if !state.path.routers.iter().all(|router| self.is_special(router)) {
            return self.before_loop();
        }
        let nearest = state.nearest_probed()?;
        match self.until_replied(nearest) {
            None => self.send(ProbeTtl::new(nearest.get() - 1)?),
            action => action,
        }
    }

    /// The last router of the path at which others ended, and behind which nothing new is known.
    fn border(&self) -> Option<&Router<ProbeTtl>> {
        let ends = |it: &&Router<ProbeTtl>| {
            self.group.ends_some(it.address) && !self.group.is_passed(it.address)
        };
        self.state.path.routers.iter().rev().find(ends)
    }

    /// The path went on behind a border, to routers that are known to be before it. Probes where they
    /// should have replied first: in a loop, the border is the last foreign hop all the same.
    fn before_loop(&self) -> Option<Action> {
        let (border, group) = (self.border()?, &*self.group);
        let behind = self.state.path.routers.iter().filter(|router| router.ttl > border.ttl);
        behind
            .filter_map(|router| group.before(border, |address| address == router.address))
            .find_map(|ttl| self.until_replied(ttl))
    }

    /// Is the furthest router so far, `last`, the border? Probes behind it.
    fn behind(&self, last: &Router<ProbeTtl>, end: PathEnd<ProbeTtl>) -> Search {
        let (state, group) = (&*self.state, &*self.group);
        let Some(next) = ProbeTtl::new(last.ttl.get() + 1) else { return Search::Found };
        // A router answered where only the target was asked: packets may go round in a loop.
        let skips = |at: ProbeTtl| (1..at.get()).rev().take(2).any(|ttl| self.is_unasked(ttl));
        if last.ttl >= self.settings.max_ttl && skips(last.ttl) {
            return Search::Unknown;
        }
        let attempts = state.at(next);
        match end.ttl() {
            // Home, or the target, right behind it.
            Some(ttl) if ttl <= next => Search::Found,
            // Home answered from afar: what is before it, and where it begins.
            Some(ttl) => {
                let between = (next.get()..ttl.get()).find(|ttl| self.is_unasked(*ttl));
                match between.and_then(ProbeTtl::new).and_then(|ttl| self.send(ttl)) {
                    Some(action) => Search::Continue(action),
                    None if state.awaited(ttl) > 0 => Search::Continue(Action::Wait),
                    None => Search::Found,
                }
            }
            None if attempts.sent == 0 && self.asks_for_arrival(last.address) => self.arrival(next),
            _ if attempts.sent == 0 => self.send(next).map_or(Search::Found, Search::Continue),
            _ if !attempts.is_silent() => Search::Continue(Action::Wait),
            _ if group.is_passed(last.address) => self.over_silence(last, next),
            _ if group.ends_some(last.address) => Search::Found,
            // Traces that may still show this border have not settled yet.
            _ if group.awaiting_late > 0 => Search::Continue(Action::Wait),
            _ => Search::Unknown,
        }
    }

    /// Whether the target is asked in place of the TTL behind this border, or has been.
    fn asks_for_arrival(&self, border: Ipv4Addr) -> bool {
        let asked = self.state.at(self.settings.max_ttl).sent > 0;
        self.group.asks_for_arrival(border) || asked && self.group.is_border(border)
    }

    fn is_unasked(&self, ttl: u8) -> bool {
        ProbeTtl::new(ttl).is_some_and(|ttl| self.state.at(ttl).sent == 0)
    }

    /// Asks the target itself, in place of the TTL behind the border, `next`: that is silent on so many paths
    /// that a packet is better spent on an answer that proves arrival. Once.
    fn arrival(&self, next: ProbeTtl) -> Search {
        let furthest = self.settings.max_ttl.max(next);
        match self.state.at(furthest) {
            attempts if attempts.sent == 0 => {
                self.send(furthest).map_or(Search::Found, Search::Continue)
            }
            attempts if attempts.waiting > 0 => Search::Continue(Action::Wait),
            _ => Search::Found,
        }
    }

    /// Nothing is behind the last foreign hop, `last`. Probes before it where the class depends on that:
    /// for the hop that decides in place of a special one, and for a carrier behind which the path was lost.
    fn before_border(&self, last: &Router<ProbeTtl>) -> Option<Action> {
        let (group, routers) = (&*self.group, &self.state.path.routers);
        if self.is_special(last) {
            let decides = group.before(last, |it| self.specials.of(it).is_none());
            if let Some(action) = decides.and_then(|ttl| self.until_replied(ttl)) {
                return Some(action);
            }
        }
        let arrived =
            matches!(self.state.path.end, PathEnd::Home { .. } | PathEnd::ForeignReply { .. });
        if arrived || routers.iter().any(|router| self.carriers.decides(router.address)) {
            return None;
        }
        self.until_replied(group.before(last, |it| self.carriers.decides(it))?)
    }

    fn is_special(&self, router: &Router<ProbeTtl>) -> bool {
        self.specials.of(router.address).is_some()
    }

    /// Probes at `ttl` until it has replied, or all attempts are made.
    fn until_replied(&self, ttl: ProbeTtl) -> Option<Action> {
        let attempts = self.state.at(ttl);
        if attempts.waiting > 0 {
            return Some(Action::Wait);
        }
        let retries = attempts.is_silent() && attempts.sent < self.settings.attempts;
        if attempts.sent == 0 || retries { self.send(ttl) } else { None }
    }

    /// The furthest router so far has others behind it, but the TTL right behind it is silent: probes
    /// as far as the group has seen any of them.
    fn over_silence(&self, last: &Router<ProbeTtl>, silent: ProbeTtl) -> Search {
        let state = &*self.state;
        if state.awaited(ProbeTtl::LAST) > 0 {
            return Search::Continue(Action::Wait);
        }
        let further = (silent.get()..=self.group.reach(last)).filter_map(ProbeTtl::new);
        let unprobed = further.into_iter().find(|ttl| state.at(*ttl).sent == 0);
        if let Some(action) = unprobed.and_then(|ttl| self.send(ttl)) {
            return Search::Continue(action);
        }
        // Behind a border, only a complete trace tells a loop from a router that replies twice.
        let turned_back = self.border().is_some_and(|border| border.ttl < last.ttl);
        if turned_back { Search::Unknown } else { Search::Found }
    }
}
