//! One account of a database, as an engine.

use std::sync::Arc;

use async_trait::async_trait;
use conv_model::Seq;
use tokio::runtime::Handle;

use super::{account::Account, files::Files, files_disk::FilesDisk, row_file::RowFile};
use crate::{
    Engine, Loaded, StoreError, Write,
    disk::{
        commit::{Job, Work, Writer},
        fs::caught,
    },
};

/// One account of a database.
#[derive(Debug)]
pub(crate) struct AccountEngine<R: RowFile> {
    account: Arc<Account>,
    files: Arc<Files<R>>,
    writer: Writer<FilesDisk<R>>,
    /// True if no other engine uses the database, which then closes with this one.
    is_alone: bool,
}

impl<R: RowFile> AccountEngine<R> {
    /// Returns one engine of many.
    pub(super) fn new(
        account: Arc<Account>,
        files: Arc<Files<R>>,
        writer: Writer<FilesDisk<R>>,
    ) -> Self {
        Self { account, files, writer, is_alone: false }
    }

    /// Makes it the only engine, which closes the files when it is closed.
    pub(super) fn alone(self) -> Self {
        Self { is_alone: true, ..self }
    }

    async fn run(&self, work: Work) -> Result<(), StoreError> {
        if self.account.is_closed() {
            return Err(StoreError::Closed);
        }
        self.writer.run(Job { account: Arc::clone(&self.account), work }).await
    }
}

/// Runs blocking work away from the async threads. A panic becomes an error.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let runtime = Handle::try_current().map_err(|_| StoreError::NoRuntime)?;
    // The runtime is shutting down if the task was not run to its end.
    runtime.spawn_blocking(|| caught(work)).await.map_err(|_| StoreError::Closed)?
}

#[async_trait]
impl<R: RowFile> Engine for AccountEngine<R> {
    async fn load(&self) -> Result<Loaded, StoreError> {
        if self.account.is_closed() {
            return Err(StoreError::Closed);
        }
        let mut is_reopened = false;
        loop {
            let (account, files) = (Arc::clone(&self.account), Arc::clone(&self.files));
            match blocking(move || files.load(&account)).await {
                Ok(Some(loaded)) => return Ok(loaded),
                // The account's write is not finished.
                Ok(None) => self.run(Work::Barrier).await?,
                // The rows failed before, or just now in the commit thread.
                Err(_) if self.files.rows.has_failed() && !is_reopened => {
                    is_reopened = true;
                    self.run(Work::Reopen).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        self.run(Work::Commit(writes.to_vec())).await
    }

    async fn follow(&self, _since: Seq) -> Result<(), StoreError> {
        // The folder is locked and an account has one store: there is no other writer.
        std::future::pending().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        if self.is_alone {
            return self.writer.close().await;
        }
        let flushed = self.run(Work::Flush).await;
        self.account.close();
        match flushed {
            // Closed before, or with the whole database: that made everything durable.
            Err(StoreError::Closed) => Ok(()),
            flushed => flushed,
        }
    }
}
