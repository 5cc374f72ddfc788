//! The loop that joins who is asked next, how fast, and what carries it.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::probe::Moment;
use crate::probe::pace::Pace;
use crate::probe::transport::{SendResult, TransportError};

use super::asker::Asker;
use super::round::{Noise, TtlAttempts};
use super::{Host, PingMethod, PingSettings};

/// How long the loop waits at most before it looks whether it should stop.
const LOOK_UP: Duration = Duration::from_millis(100);
/// How long it sleeps at least between packets: at thousands a second a few leave together, since
/// waking up costs more than sending does.
const NAP: Duration = Duration::from_micros(500);
/// How long it leaves a full queue alone.
const BUSY: Duration = Duration::from_millis(1);
/// The kernel sends the first packet of a connection again after a second, without asking us.
const BEFORE_THE_KERNEL: Duration = Duration::from_millis(900);

/// Where a census stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Since the start of the clock.
    pub elapsed: Duration,
    /// By what is asked now.
    pub means: PingMethod,
    /// Targets that will not be asked again by these means.
    pub ended: usize,
    /// Targets that are asked by them.
    pub targets: usize,
    /// Targets that live, as far as is known.
    pub alive: usize,
    /// Packets sent.
    pub packets: u64,
}

/// Looks on, and may end it.
pub trait Observer {
    /// Called at least ten times a second; `Break` interrupts.
    fn on_progress(&mut self, progress: &Progress) -> ControlFlow<()>;
}

/// Why a census ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// By the user, or because nothing could be sent any more.
    Interrupted,
    /// Its time was up.
    Deadline,
}

/// All targets, and what is known of them.
#[derive(Debug)]
pub struct Census {
    settings: PingSettings,
    pace: Pace,
    /// The targets, in the order in which they are asked.
    pub hosts: Vec<Host>,
    /// Answers that show nothing.
    pub noise: Noise,
    /// Packets sent: of a connection only the first.
    pub packets: u64,
    /// Questions that the machine refused to send.
    pub refused: u64,
    /// Whether it ended early.
    pub stopped: Option<Stopped>,
    /// When it stood as it is.
    pub at: Moment,
}

impl Census {
    /// A census of `targets`, which are asked in their order. Nobody was asked yet.
    #[must_use]
    pub fn new(targets: &[Ipv4Addr], settings: PingSettings) -> Self {
        Self {
            pace: Pace::new(settings.rate),
            hosts: targets.iter().copied().map(Host::new).collect(),
            noise: Noise::default(),
            packets: 0,
            refused: 0,
            stopped: None,
            at: Moment::START,
            settings,
        }
    }

    /// How long an answer by `means` may take.
    #[must_use]
    pub fn patience(settings: &PingSettings, means: PingMethod) -> Duration {
        match means {
            PingMethod::Tcp => settings.timeout.min(BEFORE_THE_KERNEL),
            PingMethod::Icmp | PingMethod::Udp => settings.timeout,
        }
    }

    /// Whether everybody was asked as often as was meant, but for a trickle that the machine refused
    /// to send.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.stopped.is_none() && self.refused <= self.packets / 100
    }

    /// Asks by `means` all targets that have not shown that they live; nobody, once it was stopped.
    ///
    /// # Errors
    /// When nothing can be asked any more; what was found until then stays.
    pub fn ask(
        &mut self,
        means: PingMethod,
        asker: &mut impl Asker,
        watch: &mut impl Observer,
    ) -> Result<(), TransportError> {
        if self.stopped.is_some() {
            return Ok(());
        }
        let silent = self.hosts.iter().filter(|host| host.found.is_none());
        let silent = silent.map(|host| host.target);
        let patience = Self::patience(&self.settings, means);
        let mut round = TtlAttempts::new(means, silent, &self.settings, patience);
        let known = self.hosts.iter().filter(|host| host.found.is_some()).count();
        let ended = self.until_done(means, known, &mut round, asker, watch);
        self.at = asker.now();
        self.stopped = *ended.as_ref().unwrap_or(&Some(Stopped::Interrupted));
        self.note(round);
        ended.map(drop)
    }

    fn until_done(
        &mut self,
        means: PingMethod,
        known: usize,
        round: &mut TtlAttempts,
        asker: &mut impl Asker,
        watch: &mut impl Observer,
    ) -> Result<Option<Stopped>, TransportError> {
        let deadline = self.settings.deadline.map(|deadline| Moment::START + deadline);
        let mut heard = Vec::new();
        loop {
            let now = asker.now();
            let due = self.ask_who_is_due(now, round, asker)?;
            let progress = Progress {
                elapsed: now.since(Moment::START),
                means,
                ended: round.ended(),
                targets: round.len(),
                alive: known + round.found(),
                packets: self.packets,
            };
            if watch.on_progress(&progress).is_break() {
                return Ok(Some(Stopped::Interrupted));
            }
            if round.is_over() {
                return Ok(None);
            }
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Ok(Some(Stopped::Deadline));
            }
            let until = [due, round.set_timer(), deadline].into_iter().flatten().min();
            let until = until.unwrap_or(now + LOOK_UP).min(now + LOOK_UP);
            asker.hear(until, &mut heard)?;
            for heard in heard.drain(..) {
                round.heard(&heard, &mut self.noise);
            }
        }
    }

    /// Asks while the pace allows; returns when to go on, if somebody is to be asked.
    fn ask_who_is_due(
        &mut self,
        now: Moment,
        round: &mut TtlAttempts,
        asker: &mut impl Asker,
    ) -> Result<Option<Moment>, TransportError> {
        // Answers must be fetched between questions, before their buffer fills.
        for _ in 0..32 {
            let Some(question) = round.next(now) else { return Ok(None) };
            if self.pace.ready() > now {
                return Ok(Some(self.pace.ready().max(now + NAP)));
            }
            let (at, left) = match asker.ask(&question)? {
                SendResult::Busy => return Ok(Some(now + BUSY)),
                SendResult::Sent(at) => (at, true),
                SendResult::Unsent(at) => (at, false),
            };
            self.pace.spend(at);
            self.packets += u64::from(left);
            self.refused += u64::from(!left);
            round.sent(&question, at, left);
        }
        Ok(Some(now))
    }

    /// Enters what a round has found.
    fn note(&mut self, round: TtlAttempts) {
        let mut asked: HashMap<Ipv4Addr, Host> =
            round.into_hosts().map(|host| (host.target, host)).collect();
        for host in &mut self.hosts {
            let Some(mut now) = asked.remove(&host.target) else { continue };
            host.asked = host.asked.or(now.asked);
            host.packets += now.packets;
            host.found = now.found;
            if now.found.is_some() {
                host.tries.clear();
            }
            host.tries.append(&mut now.tries);
        }
    }
}
