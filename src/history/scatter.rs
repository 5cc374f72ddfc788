//! How much shares scatter from run to run, beside what chance has it: paths are no dice, and what
//! balances them may change its mind for many at once.

/// How much evidence it takes to believe in more scatter than chance has.
const PRIOR: f64 = 4.0;

/// How much a class scatters from run to run: the sum of the squares of its deviations, each in
/// proportion to what chance has it, and their number.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scatter {
    squares: f64,
    runs: f64,
}

impl Scatter {
    /// A run of long ago says less.
    pub(super) fn fade(&mut self) {
        (self.squares, self.runs) = (self.squares * 0.995, self.runs * 0.995);
    }

    /// Adds a run, of which `many` are to tell the share.
    pub(super) fn add(&mut self, run: &[u64], many: &[u64], class: usize) {
        let share = share(many, class);
        let of = real(run.iter().sum());
        let variance = of * share * (1.0 - share);
        // Where next to nothing is expected, or nothing else, a deviation says nothing.
        if variance >= 0.5 {
            self.squares += of.mul_add(-share, real(at(run, class))).powi(2) / variance;
            self.runs += 1.0;
        }
    }

    pub(super) fn factor(self) -> f64 {
        ((self.squares + PRIOR) / (self.runs + PRIOR)).max(1.0)
    }
}

pub(super) fn at(counts: &[u64], place: usize) -> u64 {
    counts.get(place).copied().unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "no history has 2^53 traces")]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}

pub(super) fn share(counts: &[u64], class: usize) -> f64 {
    real(at(counts, class)) / real(counts.iter().sum::<u64>().max(1))
}
