//! How unlikely chance makes an observation, in nats: the logarithm of how unlikely it is.

/// What is settled: chance does it once in 100,000 times. A run has five scopes with some three names
/// each that are looked at, so this leaves room below one false event in 1,000 runs.
pub(super) const SETTLED: f64 = 11.513;

/// What is likely enough to be no beginner's luck: chance does it once in 1,000 times.
pub(super) const LIKELY: f64 = 6.908;

/// How unlikely it is that of `of` trials at most `count` succeed where the share of successes is
/// `share` and not less (Chernoff's bound, exact for none).
pub(super) fn too_few(count: u32, of: u32, share: f64) -> f64 {
    let (count, of) = (f64::from(count), f64::from(of));
    let seen = if of > 0.0 { count / of } else { return 0.0 };
    if seen >= share {
        return 0.0;
    }
    let part = |seen: f64, share: f64| if seen > 0.0 { seen * (seen / share).ln() } else { 0.0 };
    of * (part(seen, share) + part(1.0 - seen, 1.0 - share))
}

/// A share that was learned from counts of late: older ones fade.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Learned {
    hits: f64,
    trials: f64,
}

impl Learned {
    /// How much of what is known is kept when a run is added.
    const KEPT: f64 = 0.95;

    pub(super) fn add(&mut self, hits: f64, trials: f64) {
        self.hits = self.hits.mul_add(Self::KEPT, hits);
        self.trials = self.trials.mul_add(Self::KEPT, trials);
    }

    /// The share, never quite 0 or 1.
    pub(super) fn share(&self) -> f64 {
        (self.hits + 0.5) / (self.trials + 1.0)
    }

    /// The share, on the low side while little is known.
    pub(super) fn at_least(&self) -> f64 {
        let share = self.share();
        share - (share * (1.0 - share) / (self.trials + 1.0)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_of_many_is_as_unlikely_as_it_is() {
        assert!((too_few(0, 10, 0.5) - 10.0 * 2_f64.ln()).abs() < 1e-9);
        assert!(too_few(5, 10, 0.5).abs() < 1e-9);
        assert!(too_few(1, 100, 0.5) > too_few(10, 100, 0.5));
    }

    #[test]
    fn what_was_learned_is_never_certain() {
        let mut learned = Learned::default();
        (0..100).for_each(|_| learned.add(256.0, 256.0));
        assert!(learned.share() < 1.0 && learned.share() > 0.999);
    }
}
