//! Ctrl-C during long calls.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use merit_order::Error;
use merit_order::threads::{Stop, never};
use pyo3::prelude::*;

use crate::errors::raise;

/// Time between two checks for signals; each check takes the GIL.
const INTERVAL: Duration = Duration::from_millis(50);

/// Runs work. If it is long, the GIL is released, and signals are checked now and then.
///
/// A signal handler is Python code of the caller, like that of another thread. `rust_market.pyi`
/// documents what it must not do to the arrays.
pub(crate) fn run<R: Send>(
    py: Python<'_>,
    is_long: bool,
    work: impl FnOnce(Stop<'_>) -> Result<R, Error> + Send,
) -> PyResult<R> {
    if !is_long {
        return work(&never).map_err(raise);
    }
    let (done, raised) = py.detach(|| {
        let signals = Signals::new();
        (work(&|| signals.interrupt()), signals.raised.into_inner())
    });
    match raised {
        Some(raised) => Err(raised),
        None => done.map_err(raise),
    }
}

struct Signals {
    asked: Cell<Instant>,
    /// Python delivers signals to the main thread only; unknown until the first time.
    is_main: Cell<Option<bool>>,
    raised: RefCell<Option<PyErr>>,
}

impl Signals {
    fn new() -> Self {
        Self {
            asked: Cell::new(Instant::now()),
            is_main: Cell::new(None),
            raised: RefCell::new(None),
        }
    }

    /// Whether a signal handler has raised an exception.
    fn interrupt(&self) -> bool {
        if self.is_main.get() == Some(false) || self.asked.get().elapsed() < INTERVAL {
            return false;
        }
        let asked = Python::attach(|py| {
            if self.is_main.get().is_none() {
                self.is_main.set(Some(is_main_thread(py)?));
            }
            py.check_signals()
        });
        self.asked.set(Instant::now());
        let is_raised = asked.is_err();
        *self.raised.borrow_mut() = asked.err();
        is_raised
    }
}

fn is_main_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let this = threading.call_method0("current_thread")?;
    Ok(this.is(&threading.call_method0("main_thread")?))
}
