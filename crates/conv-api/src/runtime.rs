//! The Tokio runtime that the tasks of a list run on.

use std::{
    future::pending,
    sync::{Mutex, PoisonError},
};

use conv_store::StoreError;
use tokio::runtime::Handle;

/// The runtime of a handle or of [`Accounts`](crate::Accounts): the one they were built in, else
/// the first one they are used in. A caller's own runtime may end at any moment, and a pass must not
/// end with it; so tasks run here, independent of their caller.
#[derive(Debug, Default)]
pub(crate) struct Runtime(Mutex<Option<Handle>>);

impl Runtime {
    /// The runtime that this is called in, if any.
    pub(crate) fn current() -> Self {
        Self(Mutex::new(Handle::try_current().ok()))
    }

    /// Returns the runtime; one that ended is replaced by the caller's.
    ///
    /// # Errors
    /// [`StoreError::NoRuntime`] if there is neither.
    pub(crate) fn get(&self) -> Result<Handle, StoreError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = known.as_ref().filter(|handle| is_alive(handle)) {
            return Ok(handle.clone());
        }
        let current = Handle::try_current().map_err(|_| StoreError::NoRuntime)?;
        *known = Some(current.clone());
        Ok(current)
    }
}

/// A runtime that ended cancels a task before it hands it back, also one that never ends.
fn is_alive(handle: &Handle) -> bool {
    let task = handle.spawn(pending::<()>());
    let is_alive = !task.is_finished();
    task.abort();
    is_alive
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    #[test]
    fn the_first_runtime_stays_until_it_ends() {
        let (first, second) = (runtime(), runtime());
        let known = {
            let _entered = first.enter();
            Runtime::current()
        };
        let _entered = second.enter();
        assert_eq!(known.get().unwrap().id(), first.handle().id());
        drop(first);
        assert_eq!(known.get().unwrap().id(), second.handle().id());
    }

    #[test]
    fn without_any_runtime_the_error_says_so() {
        assert!(matches!(Runtime::current().get(), Err(StoreError::NoRuntime)));
    }
}
