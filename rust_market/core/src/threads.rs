//! Parallel loops. Their threads are reused by later calls, and the caller can stop a loop.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::{mem, process};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::Error;

/// Called between chunks of long work, on the calling thread: whether to stop.
pub type Stop<'a> = &'a dyn Fn() -> bool;

/// Never stops.
pub fn never() -> bool {
    false
}

/// Runs the same work on at most this many threads, the calling one included: each takes the next
/// chunk until there is none.
///
/// The first error that a thread returns is the result, and then no further chunk is handed out;
/// the same holds once `stop` returns true, which is [`Error::Interrupted`].
pub(crate) fn parallel_for<T: Send>(
    workers: usize,
    chunks: impl Iterator<Item = T> + Send,
    stop: Stop<'_>,
    work: impl Fn(&mut dyn FnMut() -> Option<T>) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    let helpers = if workers > 1 { helpers() } else { None };
    let Some(helpers) = helpers else {
        return on_this_thread(chunks, stop, work);
    };
    let chunks = Mutex::new(chunks);
    let stopped = AtomicBool::new(false);
    let result = Mutex::new(Ok(()));
    let note = |done: Result<(), Error>| {
        if done.is_err() {
            stopped.store(true, Relaxed);
            let mut result = result.lock().unwrap_or_else(PoisonError::into_inner);
            if result.is_ok() {
                *result = done;
            }
        }
    };
    // Not locked while working: the guard lives to the end of the statement.
    let next = || {
        let is_over = stopped.load(Relaxed);
        (!is_over).then(|| chunks.lock().map_or(None, |mut chunks| chunks.next()))?
    };
    let (next, note, work) = (&next, &note, &work);
    helpers.in_place_scope(|scope| {
        for _ in 1..workers.min(helpers.current_num_threads() + 1) {
            scope.spawn(move |_| note(work(&mut &*next)));
        }
        let mut is_first = true;
        note(work(&mut || {
            if !mem::take(&mut is_first) && stop() {
                note(Err(Error::Interrupted));
            }
            next()
        }));
    });
    result.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn on_this_thread<T>(
    mut chunks: impl Iterator<Item = T>,
    stop: Stop<'_>,
    work: impl Fn(&mut dyn FnMut() -> Option<T>) -> Result<(), Error>,
) -> Result<(), Error> {
    let (mut is_first, mut interrupted) = (true, false);
    work(&mut || {
        // A single chunk is short, so `stop` is not called.
        interrupted |= !mem::take(&mut is_first) && stop();
        if interrupted { None } else { chunks.next() }
    })?;
    if interrupted {
        return Err(Error::Interrupted);
    }
    Ok(())
}

/// The helpers of this process, if there can be any.
///
/// Starting a thread takes as long as clearing hundreds of markets. A process that was forked
/// inherits the pool but not its threads; it gets a pool of its own.
fn helpers() -> Option<Arc<ThreadPool>> {
    // Miri accepts neither the queues nor the scopes of Rayon.
    if cfg!(miri) {
        return None;
    }
    static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    // Never wait for this lock: after a fork, the thread that held it is not in the child.
    let mut pool = POOL.try_lock().ok()?;
    if let Some((process, helpers)) = &*pool
        && *process == process::id()
    {
        return Some(Arc::clone(helpers));
    }
    let threads = available_parallelism().map_or(1, |cores| cores.get());
    let helpers = Arc::new(ThreadPoolBuilder::new().num_threads(threads).build().ok()?);
    // The threads of an inherited pool do not exist here, and dropping the pool would wait for them.
    mem::forget(pool.replace((process::id(), Arc::clone(&helpers))));
    Some(helpers)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn sum(workers: usize, stop: Stop<'_>) -> (usize, Result<(), Error>) {
        let sum = AtomicUsize::new(0);
        let done = parallel_for(workers, 0..1000_usize, stop, |next| {
            while let Some(at) = next() {
                sum.fetch_add(at, Relaxed);
            }
            Ok(())
        });
        (sum.into_inner(), done)
    }

    #[test]
    fn each_chunk_is_worked_on_once() {
        for workers in [1, 2, 7, usize::MAX] {
            assert_eq!(sum(workers, &never), (499_500, Ok(())));
        }
    }

    #[test]
    fn work_ends_when_it_is_told_to_and_never_asks_before_the_first_chunk() {
        for workers in [1, 3] {
            let asked = Cell::new(0);
            let stop = || {
                asked.set(asked.get() + 1);
                true
            };
            // With helpers, the calling thread may find nothing left to do.
            let (total, done) = sum(workers, &stop);
            assert!(done == Err(Error::Interrupted) || (workers > 1 && total == 499_500));
            assert!(asked.get() <= 1);
        }
        let asked = Cell::new(false);
        let stop = || asked.replace(true);
        let done = parallel_for(1, 0..1, &stop, |next| {
            next();
            Ok(())
        });
        assert_eq!((done, asked.get()), (Ok(()), false));
    }

    #[test]
    fn the_first_error_ends_the_work_of_all() {
        let started = AtomicUsize::new(0);
        let done = parallel_for(2, 0..1_000_000, &never, |next| {
            started.fetch_add(usize::from(next().is_some()), Relaxed);
            Err(Error::OutOfMemory)
        });
        assert_eq!(done, Err(Error::OutOfMemory));
        assert!(started.into_inner() <= 2);
    }
}
