//! The limit a router sets on its own ICMP errors.

use crate::probe::Moment;

/// A token bucket that starts full.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    filled: Moment,
}

impl Bucket {
    pub(super) fn new(per_second: f64, burst: f64) -> Self {
        Self { per_second, burst, tokens: burst, filled: Moment::START }
    }

    /// Takes a token at `now`, if there is one.
    pub(super) fn take(&mut self, now: Moment) -> bool {
        let gained = now.since(self.filled).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.burst);
        self.filled = now;
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}
