//! Threads that help, kept from one call to the next.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::{mem, process};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::Error;

/// Lets at most so many threads do the same work, the calling one among them; the first error
/// that one of them returns is the result.
pub(crate) fn share(
    workers: usize,
    work: impl Fn() -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    let helpers = if workers > 1 { helpers() } else { None };
    let Some(helpers) = helpers else {
        return work();
    };
    let result = Mutex::new(Ok(()));
    let note = |done: Result<(), Error>| {
        let mut result = result.lock().unwrap_or_else(PoisonError::into_inner);
        if result.is_ok() {
            *result = done;
        }
    };
    helpers.in_place_scope(|scope| {
        for _ in 1..workers {
            scope.spawn(|_| note(work()));
        }
        note(work());
    });
    result.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The helpers of this process, if there can be any.
///
/// To start a thread takes as long as to clear hundreds of markets. A process that was forked
/// inherits the pool but not its threads; it gets a pool of its own.
fn helpers() -> Option<Arc<ThreadPool>> {
    static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    // Never waited for: who held it when the process was forked does not let go in the child.
    let mut pool = POOL.try_lock().ok()?;
    if let Some((process, helpers)) = &*pool
        && *process == process::id()
    {
        return Some(Arc::clone(helpers));
    }
    let threads = available_parallelism().map_or(1, |cores| cores.get());
    let helpers = Arc::new(ThreadPoolBuilder::new().num_threads(threads).build().ok()?);
    // The threads of an inherited pool are gone: to drop it would be to wait for them.
    mem::forget(pool.replace((process::id(), Arc::clone(&helpers))));
    Some(helpers)
}
