//! The items of a call, against the results of its reply.

use conv_model::ConversationId;

use crate::{SourceError, Written, rest::wire::results::Outcomes};

/// The items of a call. Those that cannot be sent, or need not be, have their results already.
#[derive(Debug)]
pub(super) struct Items<'a> {
    sent: Vec<&'a ConversationId>,
    results: Vec<(ConversationId, Result<(), SourceError>)>,
}

impl<'a> Items<'a> {
    /// Sorts items into those to send and the others: `None` is done without a call, an error is
    /// refused without one, and neither keeps the other items from being sent.
    pub(super) fn sort<W>(
        items: impl Iterator<Item = (&'a ConversationId, Result<Option<W>, SourceError>)>,
    ) -> (Vec<W>, Self) {
        let mut wire = Vec::new();
        let mut sorted = Self { sent: Vec::new(), results: Vec::new() };
        for (id, item) in items {
            match item {
                Ok(Some(item)) => {
                    wire.push(item);
                    sorted.sent.push(id);
                }
                Ok(None) => sorted.results.push((id.clone(), Ok(()))),
                Err(error) => sorted.results.push((id.clone(), Err(error))),
            }
        }
        (wire, sorted)
    }

    /// The answer where nothing is to be sent.
    ///
    /// # Errors
    /// That of the only item.
    pub(super) fn unsent(self) -> Result<Written, SourceError> {
        match self.results.as_slice() {
            [(_, Err(error))] => Err(error.clone()),
            _ => Ok(Written::items(self.results)),
        }
    }

    /// The answer of a reply without results that counts for all that was sent.
    pub(super) fn all_done(self) -> Written {
        if self.results.is_empty() {
            return Written::whole();
        }
        let sent = self.sent.into_iter().map(|id| (id.clone(), Ok(())));
        Written::items(sent.chain(self.results))
    }

    /// The answer of a reply with results. An item without one is left out.
    pub(super) fn answered(self, outcomes: Outcomes) -> Written {
        let sent = self.sent.into_iter().zip(outcomes);
        let sent = sent.filter_map(|(id, outcome)| Some((id.clone(), outcome?)));
        Written::items(sent.chain(self.results))
    }
}
