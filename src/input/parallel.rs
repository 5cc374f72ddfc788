//! Work on all cores at once, handed back in its order: what makes big inputs fast.
//!
//! One thread draws items, every core works on one, and the calling thread takes what comes of them.
//! Channels are bounded, so a slow taker holds up the source instead of filling memory. What needs no
//! order is kept by each worker for itself ([`Kept`]) and put together at the end.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// An item, and where what comes of it goes.
type Job<T, R> = (T, SyncSender<R>);

/// Draws items from `source`, works on them, and hands what comes of each to `take`, on the calling
/// thread and in the order of the source.
///
/// A `heavy` item is worked on by the thread that drew it, and the next is not drawn before the
/// result is taken: there is never more than one of them.
///
/// # Errors
/// When `source` fails; all that came before has been taken.
pub(crate) fn ordered<T: Send, R: Send>(
    mut source: impl Iterator<Item = io::Result<T>> + Send,
    heavy: impl Fn(&T) -> bool + Send,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R),
) -> io::Result<()> {
    // Most inputs are small, and then threads only cost.
    let Some(first) = source.next() else { return Ok(()) };
    take(work(first?));
    let Some(second) = source.next() else { return Ok(()) };
    let source = Mutex::new(Some(std::iter::once(second).chain(source)));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let (jobs, todo) = sync_channel::<Job<T, R>>(workers);
    let (promises, order) = sync_channel::<Receiver<R>>(2 * workers);
    let todo = Arc::new(Mutex::new(todo));
    thread::scope(|scope| {
        let (work, source) = (&work, &source);
        let begun = (0..workers).take_while(|_| {
            let todo = Arc::clone(&todo);
            let worker = move || while next(&todo).is_some_and(|job| finish(job, work)) {};
            thread::Builder::new().spawn_scoped(scope, worker).is_ok()
        });
        let begun = begun.count();
        // From here on only workers hold it: the source stops when the last of them ends.
        drop(todo);
        let drawing = move || {
            taken(source).map_or(Ok(()), |source| draw(source, heavy, work, &jobs, &promises))
        };
        let drawing = if begun == 0 {
            Err(io::ErrorKind::WouldBlock.into())
        } else {
            thread::Builder::new().spawn_scoped(scope, drawing)
        };
        if let Ok(drawing) = drawing {
            order.into_iter().map_while(|promise| promise.recv().ok()).for_each(take);
            return drawing.join().unwrap_or_else(|_| Err(io::Error::other("a thread failed")));
        }
        // Where the system allows no more threads, this one does it all.
        for item in taken(source).into_iter().flatten() {
            take(work(item?));
        }
        Ok(())
    })
}

fn taken<T>(slot: &Mutex<Option<T>>) -> Option<T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// What workers keep from item to item: as many of them as work at once.
#[derive(Debug)]
pub(crate) struct Kept<T>(Mutex<Vec<T>>);

impl<T> Kept<T> {
    /// Nothing has been kept.
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Works with something that was kept, or with a `new` one.
    pub(crate) fn with<R>(&self, new: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let kept = self.lock().pop();
        let mut one = kept.unwrap_or_else(new);
        let result = work(&mut one);
        self.lock().push(one);
        result
    }

    /// All that was kept.
    pub(crate) fn all(&self) -> Vec<T> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        // It is never held while something can fail.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn next<J>(todo: &Mutex<Receiver<J>>) -> Option<J> {
    todo.lock().ok()?.recv().ok()
}

/// Whether results are still taken.
fn finish<T, R>((item, to): Job<T, R>, work: impl Fn(T) -> R) -> bool {
    to.send(work(item)).is_ok()
}

fn draw<T, R>(
    source: impl Iterator<Item = io::Result<T>>,
    heavy: impl Fn(&T) -> bool,
    work: impl Fn(T) -> R,
    jobs: &SyncSender<Job<T, R>>,
    promises: &SyncSender<Receiver<R>>,
) -> io::Result<()> {
    for item in source {
        let item = item?;
        let heavy = heavy(&item);
        let (to, promise) = sync_channel(usize::from(!heavy));
        if promises.send(promise).is_err() {
            break;
        }
        let goes_on = if heavy { finish((item, to), &work) } else { jobs.send((item, to)).is_ok() };
        if !goes_on {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Results of the numbers up to `end`, where some take longer than those behind them.
    fn doubled(end: u64, heavy: impl Fn(&u64) -> bool + Send) -> Vec<u64> {
        let mut taken = Vec::new();
        let work = |number: u64| {
            thread::sleep(Duration::from_micros(number * 7919 % 300));
            2 * number
        };
        ordered((0..end).map(Ok), heavy, work, |result| taken.push(result)).unwrap();
        taken
    }

    #[test]
    fn the_order_is_kept() {
        let right: Vec<u64> = (0..500).map(|number| 2 * number).collect();
        assert_eq!(doubled(500, |_| false), right);
        assert_eq!(doubled(500, |number| number % 5 == 0), right);
        assert_eq!(doubled(500, |_| true), right);
    }

    #[test]
    fn what_is_kept_is_all_there_at_the_end() {
        let kept = Kept::new();
        let work = |number: u64| kept.with(|| 0, |sum| *sum += number);
        ordered((0..500).map(Ok), |_| false, work, |()| ()).unwrap();
        let sums = kept.all();
        assert_eq!(sums.iter().sum::<u64>(), 499 * 500 / 2);
        let cores = thread::available_parallelism().map_or(1, usize::from);
        assert!(sums.len() <= cores + 1, "{} of {cores}", sums.len());
    }

    #[test]
    fn what_came_before_a_failure_is_taken() {
        let mut taken = Vec::new();
        let source = (0..10).map(Ok).chain([Err(io::Error::other("gone"))]).chain([Ok(11)]);
        let result = ordered(source, |_| false, |number| number, |number| taken.push(number));
        assert_eq!(result.unwrap_err().to_string(), "gone");
        assert_eq!(taken, (0..10).collect::<Vec<_>>());
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_worker_that_fails_hangs_nobody() {
        let work = |number: u32| assert!(number < 100, "as it should");
        let _ = ordered((0..10_000).map(Ok), |_| false, work, |()| ());
    }
}
