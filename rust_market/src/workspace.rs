//! Working memory of each thread, from one call to the next.

use std::cell::RefCell;

use merit_order::Scratch;

/// The memory of the core, and of the variants that sort.
#[derive(Default)]
pub(crate) struct Workspace {
    pub(crate) scratch: Scratch,
    pub(crate) order: Vec<usize>,
    pub(crate) pairs: Vec<(f64, usize)>,
}

/// Lends the working memory of this thread.
pub(crate) fn with_workspace<R>(work: impl FnOnce(&mut Workspace) -> R) -> R {
    thread_local! {
        static WORKSPACE: RefCell<Workspace> = RefCell::default();
    }
    WORKSPACE.with(|workspace| match workspace.try_borrow_mut() {
        Ok(mut workspace) => work(&mut workspace),
        // Nothing calls back while it is borrowed; were it so, memory is all that it costs.
        Err(_) => work(&mut Workspace::default()),
    })
}
