//! Working memory of each thread, reused by later calls.

use std::cell::RefCell;

use merit_order::Scratch;

/// The memory of the core, and of the variants that sort.
#[derive(Default)]
pub(crate) struct Workspace {
    pub(crate) scratch: Scratch,
    pub(crate) order: Vec<usize>,
    pub(crate) pairs: Vec<(f64, usize)>,
}

/// Calls a function with the working memory of this thread.
pub(crate) fn with_workspace<R>(work: impl FnOnce(&mut Workspace) -> R) -> R {
    thread_local! {
        static WORKSPACE: RefCell<Workspace> = RefCell::default();
    }
    WORKSPACE.with(|workspace| match workspace.try_borrow_mut() {
        Ok(mut workspace) => work(&mut workspace),
        // The function never calls this one again. If it did, it would get new memory.
        Err(_) => work(&mut Workspace::default()),
    })
}
