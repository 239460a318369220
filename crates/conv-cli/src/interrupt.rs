//! Ctrl-C, for commands that report the state that it leaves.

use std::{fmt, future, io, pin::Pin};

use crate::Error;

/// Ctrl-C, once. It counts from the first wait for it on, also if it comes between two waits.
pub(crate) struct Interrupt(Pin<Box<dyn Future<Output = io::Result<()>>>>);

impl Interrupt {
    /// Listens for Ctrl-C.
    pub(crate) fn listen() -> Self {
        Self(Box::pin(tokio::signal::ctrl_c()))
    }

    /// Leaves Ctrl-C to the caller.
    pub(crate) fn never() -> Self {
        Self(Box::pin(future::pending()))
    }

    /// Waits for Ctrl-C. Must not be called again after it came.
    pub(crate) async fn came(&mut self) -> io::Result<()> {
        self.0.as_mut().await
    }

    /// Runs a future, and drops it if Ctrl-C comes first.
    ///
    /// # Errors
    /// [`Error::Interrupted`], which says what `left` says; else the future's own.
    pub(crate) async fn or<T>(
        &mut self,
        run: impl Future<Output = Result<T, Error>>,
        left: &str,
    ) -> Result<T, Error> {
        tokio::select! {
            biased;
            came = self.came() => {
                came?;
                Err(Error::Interrupted(left.to_owned()))
            }
            done = run => done,
        }
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interrupt")
    }
}
