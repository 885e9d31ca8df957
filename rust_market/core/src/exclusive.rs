//! A value that only one call at a time can change; other calls wait or get an error.
//!
//! A mutex alone is not enough. A process that is forked while another thread holds the mutex
//! inherits it locked, without the thread that would unlock it. A signal handler on the thread that
//! holds the mutex would wait for itself. Here a call takes the value out and records which process
//! and thread has it, so that another call can decide between waiting and an error.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::process;
use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread::{self, ThreadId};

/// A value that calls take in turn.
#[derive(Debug)]
pub struct Exclusive<T>(Mutex<State<T>>);

#[derive(Debug)]
enum State<T> {
    Free(T),
    Taken {
        thread: ThreadId,
        /// Unknown for short work, since finding it takes a system call.
        process: Option<u32>,
    },
    /// The call that had taken it panicked.
    Lost,
}

/// Why waiting for a value would never end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// A thread of the parent process had taken it when this process was forked.
    Forked,
    /// This thread has taken it already.
    Reentered,
    /// A call failed before it had finished, so the value may be inconsistent.
    Broken,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forked => "was in use by another thread when this process was forked",
            Self::Reentered => "is in use by the call that this one interrupts",
            Self::Broken => "is broken: an earlier call failed half-way",
        })
    }
}

impl<T> Exclusive<T> {
    /// A value that nobody has taken.
    pub fn new(value: T) -> Self {
        Self(Mutex::new(State::Free(value)))
    }

    /// Takes the value, if no other thread has.
    ///
    /// `is_long`: whether other threads may run, and fork the process, before it is given back.
    ///
    /// # Errors
    ///
    /// Waiting would never end; see [`Unavailable`].
    pub fn try_take(&self, is_long: bool) -> Result<Option<Taken<'_, T>>, Unavailable> {
        let mut state = match self.0.try_lock() {
            Ok(state) => state,
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Poisoned(_)) => return Err(Unavailable::Broken),
        };
        match *state {
            State::Free(_) => {}
            State::Lost => return Err(Unavailable::Broken),
            State::Taken { thread, process } => {
                if process.is_some_and(|process| process != process::id()) {
                    return Err(Unavailable::Forked);
                }
                if thread == thread::current().id() {
                    return Err(Unavailable::Reentered);
                }
                return Ok(None);
            }
        }
        let note = State::Taken {
            thread: thread::current().id(),
            process: is_long.then(process::id),
        };
        let State::Free(value) = std::mem::replace(&mut *state, note) else {
            unreachable!("it was free a moment ago, and is locked");
        };
        Ok(Some(Taken {
            owner: self,
            value: Some(value),
        }))
    }
}

/// The value, given back when this is dropped.
#[derive(Debug)]
pub struct Taken<'a, T> {
    owner: &'a Exclusive<T>,
    /// `None` only while being dropped.
    value: Option<T>,
}

impl<T> Deref for Taken<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("it is not given back yet")
    }
}

impl<T> DerefMut for Taken<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("it is not given back yet")
    }
}

impl<T> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        let state = match self.value.take() {
            Some(value) if !thread::panicking() => State::Free(value),
            _ => State::Lost,
        };
        // Nothing panics while it is locked, and it is never locked for long.
        *self.owner.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn others_are_told_to_try_again() {
        let value = Exclusive::new(1);
        let mut taken = value.try_take(true).unwrap().unwrap();
        thread::scope(|scope| {
            let other = scope.spawn(|| value.try_take(true).map(|taken| taken.is_none()));
            assert_eq!(other.join().unwrap(), Ok(true));
        });
        *taken += 1;
        drop(taken);
        assert_eq!(*value.try_take(false).unwrap().unwrap(), 2);
    }

    #[test]
    fn a_thread_does_not_wait_for_itself() {
        let value = Exclusive::new(1);
        let _taken = value.try_take(false).unwrap();
        assert_eq!(value.try_take(false).err(), Some(Unavailable::Reentered));
    }

    #[test]
    fn a_call_that_panics_leaves_it_broken_and_nobody_waits() {
        let value = Exclusive::new(1);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let mut taken = value.try_take(true).unwrap().unwrap();
            *taken = 2;
            panic!("on purpose");
        }));
        assert!(panicked.is_err());
        assert_eq!(value.try_take(true).err(), Some(Unavailable::Broken));
    }

    #[test]
    fn what_a_thread_of_the_parent_process_has_is_not_waited_for() {
        let value = Exclusive::new(1);
        let other = thread::spawn(|| thread::current().id()).join().unwrap();
        *value.0.lock().unwrap() = State::Taken {
            thread: other,
            process: Some(process::id() ^ 1),
        };
        assert_eq!(value.try_take(true).err(), Some(Unavailable::Forked));
    }
}
