//! How much may come out of a file: more than a multiple of what was read of it is no data but a bomb, made
//! to fill memory, disks or days.
//!
//! What every decoder and every archive of one file makes is added up, so that it does not help to pack one
//! into the other.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// So much may come out of any file.
const FREE: u64 = 64 << 20;
/// Repeated traceroutes pack to a hundredth.
const RATIO: u64 = 300;

/// What was read of one file, and what was made of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Budget(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    read: AtomicU64,
    made: AtomicU64,
}

impl Budget {
    /// Counts what is read from `source`, which is the file itself.
    pub(super) fn of_source<R: Read>(&self, source: R) -> impl Read + use<R> {
        Counted {
            inner: source,
            budget: self.clone(),
            count: |budget, bytes| {
                budget.read(bytes);
                Ok(())
            },
        }
    }

    /// Counts what `decoder` makes, and fails when it is too much.
    pub(super) fn of_decoder<R: Read>(&self, decoder: R) -> impl Read + use<R> {
        Counted { inner: decoder, budget: self.clone(), count: Self::made }
    }

    /// So much of the file will be read, in any order.
    pub(super) fn read(&self, bytes: u64) {
        self.0.read.fetch_add(bytes, Relaxed);
    }

    fn made(&self, bytes: u64) -> io::Result<()> {
        let made = self.0.made.fetch_add(bytes, Relaxed).saturating_add(bytes);
        let most = FREE.saturating_add(self.0.read.load(Relaxed).saturating_mul(RATIO));
        if made > most {
            let why = format!("it unpacks to more than {RATIO} times its size; it is not read on");
            return Err(io::Error::other(why));
        }
        Ok(())
    }
}

struct Counted<R> {
    inner: R,
    budget: Budget,
    count: fn(&Budget, u64) -> io::Result<()>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(to)?;
        (self.count)(&self.budget, u64::try_from(read).unwrap_or(u64::MAX))?;
        Ok(read)
    }
}
