//! The runtime that connections and their tasks live on.

use std::{
    future::pending,
    sync::{Arc, Mutex},
};

use tokio::{runtime::Handle, task::JoinHandle};

use crate::sync::lock;

/// The runtime that opened the database; once that ended, a runtime that makes a call. In a program
/// with several runtimes a database may outlive the first one. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Home(Arc<Mutex<Living>>);

#[derive(Debug)]
struct Living {
    handle: Handle,
    canary: Canary,
}

/// A task that does nothing but end with its runtime.
#[derive(Debug)]
pub(super) struct Canary(JoinHandle<()>);

impl Home {
    /// Returns the current runtime. There must be one.
    pub(super) fn current() -> Self {
        Self(Arc::new(Mutex::new(Living::on(Handle::current()))))
    }

    /// Starts a task; on the current runtime if the other one ended.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.with(|living| {
            if let (true, Ok(current)) = (living.canary.has_ended(), Handle::try_current()) {
                *living = Living::on(current);
            }
            living.handle.spawn(task)
        })
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Living) -> T) -> T {
        use_it(&mut lock(&self.0))
    }
}

impl Living {
    fn on(handle: Handle) -> Self {
        let canary = Canary::on(&handle);
        Self { handle, canary }
    }
}

impl Canary {
    pub(super) fn on(handle: &Handle) -> Self {
        Self(handle.spawn(pending()))
    }

    /// Returns true if the runtime ended, with all its tasks.
    pub(super) fn has_ended(&self) -> bool {
        self.0.is_finished()
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use tokio::{runtime::Runtime, sync::mpsc};

    use super::*;

    #[test]
    fn tasks_run_on_the_first_runtime_until_it_ends() {
        let (first, second) = (Runtime::new().unwrap(), Runtime::new().unwrap());
        let home = first.block_on(async { Home::current() });
        let ran_on = |home: &Home| {
            second.block_on(async {
                let (sender, mut on) = mpsc::unbounded_channel();
                let _ =
                    home.spawn(async move { sender.send(Handle::current().id()).unwrap() }).await;
                on.recv().await.unwrap()
            })
        };
        assert_eq!(ran_on(&home), first.handle().id());
        let canary = Canary::on(first.handle());
        assert!(!canary.has_ended());
        drop(first);
        assert!(canary.has_ended());
        assert_eq!(ran_on(&home), second.handle().id());
        assert_eq!(ran_on(&home), second.handle().id());
    }
}
