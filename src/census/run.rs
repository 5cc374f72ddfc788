//! A census: all targets, pinged by one method after the other, and what is known of them.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::ops::ControlFlow;

use crate::probe::engine::{Engine, Measured, Observer, Progress};
use crate::probe::transport::{Transport, TransportError};

use super::host::Host;
use super::liveness::PingMethod;
use super::scheduler::{PingScheduler, PingSettings};
use super::transport::{PingProbe, PingReply};

/// How far a census is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PingProgress {
    /// How targets are pinged now.
    pub method: PingMethod,
    /// How far that is; the packets are those of all methods.
    pub progress: Progress,
    /// Targets that are alive, as far as is known.
    pub alive: usize,
}

/// All targets, and what is known of them.
#[derive(Debug)]
pub struct Census {
    settings: PingSettings,
    engine: Engine,
    /// The targets, in the order in which they are pinged.
    pub hosts: Vec<Host>,
    /// What all methods together have done.
    pub measured: Measured,
}

impl Census {
    /// A census of `targets`, which are pinged in their order. None was pinged yet.
    #[must_use]
    pub fn new(targets: &[Ipv4Addr], settings: PingSettings) -> Self {
        Self {
            engine: Engine::new(settings.rate, settings.deadline),
            hosts: targets.iter().copied().map(Host::new).collect(),
            measured: Measured::default(),
            settings,
        }
    }

    /// Pings, by `method`, all targets that have not shown that they are alive; none, once the census
    /// was cut short. `on_progress` is called at least ten times a second, and `Break` interrupts.
    ///
    /// # Errors
    /// When the transport fails; what was found until then stays.
    pub fn ping(
        &mut self,
        method: PingMethod,
        transport: &mut impl Transport<PingProbe, PingReply>,
        on_progress: &mut impl FnMut(&PingProgress) -> ControlFlow<()>,
    ) -> Result<(), TransportError> {
        if self.measured.cut_short.is_some() {
            return Ok(());
        }
        let silent = self.hosts.iter().filter(|host| host.found.is_none());
        let silent = silent.map(|host| host.target);
        let mut scheduler = PingScheduler::new(method, silent, &self.settings);
        let mut record = Record {
            method,
            packets_before: self.measured.packets,
            alive: self.hosts.iter().filter(|host| host.found.is_some()).count(),
            places: self.hosts.iter().enumerate().map(|(at, host)| (host.target, at)).collect(),
            hosts: &mut self.hosts,
            on_progress,
        };
        let (measured, failure) = self.engine.run(transport, &mut scheduler, &mut record);
        self.measured.add(measured);
        failure
    }
}

/// Enters into the census what one method finds.
struct Record<'a, F> {
    method: PingMethod,
    packets_before: u64,
    alive: usize,
    places: HashMap<Ipv4Addr, usize>,
    hosts: &'a mut [Host],
    on_progress: &'a mut F,
}

impl<F: FnMut(&PingProgress) -> ControlFlow<()>> Observer<Host> for Record<'_, F> {
    fn on_progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        let packets = self.packets_before + progress.packets;
        let progress = Progress { packets, ..*progress };
        let (method, alive) = (self.method, self.alive);
        (self.on_progress)(&PingProgress { method, progress, alive })
    }

    fn on_ended(&mut self, mut found: Host) {
        let Some(place) = self.places.get(&found.target) else { return };
        let host = &mut self.hosts[*place];
        host.asked = host.asked.or(found.asked);
        host.packets += found.packets;
        host.found = found.found;
        if found.found.is_some() {
            self.alive += 1;
            host.pings.clear();
        }
        host.pings.append(&mut found.pings);
    }
}
