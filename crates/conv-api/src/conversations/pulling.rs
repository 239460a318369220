//! Calls that make passes.

use std::{future::pending, time::Duration};

use conv_model::{PassStatus, SyncReport};

use super::Conversations;
use crate::{
    Error,
    passes::{Admission, Asked, PassContext, Unserved},
};

impl Conversations {
    /// Pulls the list; joins the pass that is under way, if one is, also in another process that
    /// shares the database. A pass that began before the last [request](Self::request_sync) is not
    /// joined: the one after it is. Later requests do not make the call longer. Dropping the call leaves
    /// the pass under way.
    ///
    /// # Errors
    /// The reason the pass failed. The list keeps its rows, except those whose retention ended by the
    /// time of the cloud's last reply. If the call
    /// [may succeed later](Error::may_succeed_later), another pass begins by itself, as long as there is
    /// a handle or a stream of the list.
    pub async fn sync(&self) -> Result<SyncReport, Error> {
        let context = self.pass_context()?;
        self.inner.passes.join(context).await?;
        Ok(self.sync_report())
    }

    /// Waits until the list is complete, and pulls it if it is not. Names and other facets may still
    /// be on their way then.
    ///
    /// # Errors
    /// [`Error::TimedOut`] once `timeout` is over, while the pass goes on; else the reason it failed.
    pub async fn wait_until_complete(&self, timeout: Duration) -> Result<SyncReport, Error> {
        self.check_open()?;
        tokio::select! {
            biased;
            report = self.completed() => report,
            () = self.inner.clock.sleep(timeout) => Err(Error::TimedOut),
        }
    }

    /// Waits for the list, not for the pass that makes it complete: that one goes on for as long as
    /// names take.
    async fn completed(&self) -> Result<SyncReport, Error> {
        let shown = async {
            let mut watcher = self.inner.store.watch();
            loop {
                let snapshot = self.snapshot();
                let report = self.inner.report(&snapshot);
                if report.is_sync_completed() {
                    return Ok(report);
                }
                watcher.newer_than(snapshot.seq()).await?;
            }
        };
        let pass = async {
            self.inner.passes.join(self.pass_context()?).await?;
            // The store shows it now or soon.
            pending().await
        };
        tokio::select! {
            biased;
            report = shown => report,
            failed = pass => failed,
        }
    }

    /// Requests a pass because the cloud has changed, for example after a webhook: it begins now, or
    /// follows the one under way. Returns at once.
    ///
    /// The request stays until a pass that began after it has succeeded. After a failure that
    /// [may succeed later](Error::may_succeed_later) another pass begins by itself, after pauses that
    /// grow from seconds to five minutes. After any other failure, fix its cause, then call
    /// [`sync`](Self::sync), [`retry_now`](Self::retry_now) or this again; until then
    /// [`sync_report`](Self::sync_report) shows `Failed` with the reason.
    ///
    /// # Errors
    /// [`Error::NoSource`] without a source; [`Error::Store`] once closed or outside a Tokio
    /// runtime.
    pub fn request_sync(&self) -> Result<(), Error> {
        self.inner.passes.request_sync(self.pass_context()?)
    }

    /// Retries at once, for example when the device wakes up or its network is back: a pass that
    /// pauses after a failure continues, and if the last one failed, another begins. Changes
    /// that pause or are held are sent. A wait that the cloud asked for is kept. Returns at once.
    ///
    /// # Errors
    /// Those of [`request_sync`](Self::request_sync).
    pub fn retry_now(&self) -> Result<(), Error> {
        self.check_open()?;
        self.inner.outgoing.retry_now();
        if self.inner.context.is_none() && self.inner.outgoing.has_writer() {
            return Ok(());
        }
        let context = self.pass_context()?;
        let is_under_way = self.inner.passes.retry_now();
        let has_failed = matches!(self.sync_report().pass, PassStatus::Failed(_));
        if is_under_way || !has_failed { Ok(()) } else { self.inner.passes.begin(context) }
    }

    /// Requests a pass in the background, after this moment. With a mark it is repeated until one
    /// succeeds.
    pub(crate) fn begin_refresh(
        &self,
        admission: Admission,
        mark: Option<Unserved>,
    ) -> Result<Asked, Error> {
        self.inner.passes.begin_refresh(self.pass_context()?, admission, mark)
    }

    /// Requests a pass in the background that sees the newest mark that was noted.
    pub(crate) fn begin_noted(&self, admission: Admission) -> Result<(), Error> {
        self.inner.passes.begin_noted(self.pass_context()?, admission)
    }

    /// Waits for the result of the request.
    pub(crate) async fn refreshed(&self, asked: Asked) -> Result<(), Error> {
        self.inner.passes.answer(asked).await
    }

    /// Takes over a request that outlived an earlier list of the account, and begins a pass.
    pub(crate) fn inherit(&self, mark: Unserved) -> Result<(), Error> {
        self.inner.passes.inherit(self.pass_context()?, mark)
    }

    /// # Errors
    /// [`StoreError::Closed`] once closed; [`Error::NoSource`] without a source.
    pub(super) fn pass_context(&self) -> Result<&PassContext, Error> {
        self.check_open()?;
        self.inner.context.as_ref().ok_or(Error::NoSource)
    }
}
