//! The calls by which the schedule of watched accounts drives a list, and the reading of facets of
//! single rows.

use std::collections::HashMap;

use conv_model::{ConversationId, Delta, Facet};
use conv_store::Watcher;
use conv_sync::HydrateRequest;
use tokio::sync::watch;

use super::Conversations;
use crate::{
    Error,
    caught::{Panicked, caught},
    passes::{PassContext, Progress, State},
};

/// The result of reading a facet of some rows.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The number of rows that were read.
    pub(crate) read: usize,
    /// Rows whose turn did not succeed, and may later.
    pub(crate) again: Vec<ConversationId>,
}

impl Conversations {
    /// Reads one facet of some rows from the cloud without a pass, in batches: for rows that are on a
    /// screen, or that a webhook named. Rows that the list does not have are left out, and so are facets
    /// that were never read and that passes do not read either; names always may be. Returns the number of
    /// rows that were read.
    ///
    /// # Errors
    /// [`Error::NoSource`] without a source, [`Error::Source`] if a call failed; earlier batches stay.
    /// [`Error::Store`] if the values could not be stored, or once closed.
    pub async fn read_facet(
        &self,
        facet: Facet,
        rows: impl IntoIterator<Item = ConversationId>,
    ) -> Result<usize, Error> {
        Ok(self.read_rows(facet, rows).await?.read)
    }

    /// The same; also returns the rows that could not be read, and may be later.
    pub(crate) async fn read_rows(
        &self,
        facet: Facet,
        rows: impl IntoIterator<Item = ConversationId>,
    ) -> Result<Reading, Error> {
        let context = self.pass_context()?;
        let capabilities = context.source.capabilities();
        let mut reading = Reading::default();
        if !capabilities.facets.contains(&facet) {
            return Ok(reading);
        }
        let mut kinds = HashMap::<_, Vec<_>>::new();
        for row in rows.into_iter().filter(|row| self.is_kept(context, facet, row)) {
            kinds.entry(row.conversation_type()).or_default().push(row);
        }
        for (kind, rows) in kinds {
            for batch in rows.chunks(capabilities.batch(kind)) {
                self.read_batch(context, facet, batch.to_vec(), &mut reading).await?;
            }
        }
        Ok(reading)
    }

    async fn read_batch(
        &self,
        context: &PassContext,
        facet: Facet,
        rows: Vec<ConversationId>,
        reading: &mut Reading,
    ) -> Result<(), Error> {
        let asked = self.snapshot().written();
        let request = HydrateRequest::new(context.account.clone(), facet, rows);
        let hydrated = match caught(context.source.hydrate(&request)).await {
            Ok(hydrated) => hydrated?,
            Err(Panicked) => return Err(Error::Panicked),
        };
        let failed = hydrated.failed.into_iter();
        reading.again.extend(failed.filter(|(_, why)| why.may_succeed_later()).map(|(id, _)| id));
        reading.read += hydrated.found.len();
        if !hydrated.found.is_empty() {
            let mut delta = Delta::updates(hydrated.found);
            delta.asked = Some(asked);
            self.inner.store.apply(delta).await?;
        }
        Ok(())
    }

    /// Returns true if a row has a facet that is to be kept.
    fn is_kept(&self, context: &PassContext, facet: Facet, row: &ConversationId) -> bool {
        let Some(row) = self.snapshot().get(row) else { return false };
        let is_known = match facet {
            Facet::Unread => row.unread.count.is_some(),
            Facet::LastMessage => row.last_message.is_known(),
            _ => true,
        };
        is_known || context.options.facets.contains(&facet)
    }

    /// Notes a mark that the next pass sees.
    pub(crate) fn note(&self, number: u64) {
        self.inner.passes.note(number, self.inner.clock.now());
    }

    /// Waits for a pass that saw a mark.
    pub(crate) async fn note_answer(&self, number: u64) -> Result<(), Error> {
        self.inner.passes.note_answer(number).await
    }

    /// Waits for a successful pass that saw a newer mark than a number.
    pub(crate) async fn served_after(&self, number: u64) -> Result<u64, Error> {
        self.inner.passes.served_after(number).await
    }

    pub(crate) fn progress(&self) -> Progress {
        self.inner.passes.progress()
    }

    pub(crate) fn pass_states(&self) -> watch::Receiver<State> {
        self.inner.passes.states()
    }

    pub(crate) fn watcher(&self) -> Watcher {
        self.inner.store.watch()
    }

    /// Moves the passes to the line of visible accounts, or to that of the background.
    pub(crate) fn set_visible(&self, is_visible: bool) {
        self.inner.passes.set_visible(is_visible);
    }
}
