//! Changes that do not come from a pass.

use conv_model::{ConversationId, ConversationPatch, Delta, Local, Suggestion};

use super::Conversations;
use crate::Error;

/// The effect of a patch. See [`Conversations::merge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Merged {
    /// The row changed, or was made.
    Changed,
    /// The row stays as it was: it had the same values already, or newer ones.
    Unchanged,
    /// Nothing was stored: the list has no such row, and the patch has no listing to make one.
    NotListed,
}

impl Conversations {
    /// Merges data learned elsewhere, such as a message from a push, into the list at once. A patch
    /// with a listing adds its row if it is missing.
    ///
    /// The patch describes the cloud; nothing changes there. The next pass reads the cloud again and
    /// overwrites: it undoes a pin or a mark that was merged here and never set in the cloud.
    ///
    /// ```
    /// use conv_api::{ConversationPatch, Conversations, ListingPatch, Merged, Timestamp};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let conversations = Conversations::builder("user_0001").build().await?;
    /// let mut patch = ConversationPatch::new("C2Calice".parse()?);
    /// patch.unread.count = Some(1);
    /// assert_eq!(conversations.merge(patch.clone()).await?, Merged::NotListed);
    ///
    /// patch.listing = Some(ListingPatch::at(Timestamp::from_secs(1_700_000_000)));
    /// assert_eq!(conversations.merge(patch.clone()).await?, Merged::Changed);
    /// assert_eq!(conversations.merge(patch).await?, Merged::Unchanged);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`] if it could not be stored, such as a row that is too large: then nothing of the
    /// patch is kept.
    pub async fn merge(&self, patch: ConversationPatch) -> Result<Merged, Error> {
        self.check_open()?;
        let id = patch.id.clone();
        let delta = match patch.listing {
            Some(_) => Delta::listed([patch]),
            None => Delta::updates([patch]),
        };
        let commit = self.inner.store.apply(delta).await?;
        Ok(match commit.changes.is_empty() {
            false => Merged::Changed,
            true if self.snapshot().get(&id).is_some() => Merged::Unchanged,
            true => Merged::NotListed,
        })
    }

    /// Shows a message that an event states, until a pass that begins after it has finished, for a minute at
    /// most. Returns at once, and false if it is not taken: it is a hint.
    ///
    /// Unlike what is [merged](Self::merge) it is not stored as the cloud's: the row shows
    /// [more](conv_model::suggested) for that time and says so, no row is made, and a restart forgets it. A
    /// message of the account itself is not unread. It asks for no pass: [`sync`](Self::sync) does, and so
    /// does a mark of a [watched](crate::Accounts::mark) account.
    pub fn suggest(&self, suggestion: Suggestion) -> bool {
        self.inner.store.suggest(suggestion.for_account(self.account()))
    }

    /// Keeps a draft, durable once this returns; an empty text clears it. No pull touches it.
    ///
    /// The conversation need not be in the list, and a draft does not add it: the list is the
    /// cloud's, and a row that only this device knows would make
    /// [`Complete`](conv_model::Coverage::Complete) untrue.
    /// [`get_conversation_profile`](Self::get_conversation_profile) returns the draft of such a
    /// conversation, and so does [`snapshot().local(&id)`](conv_store::Snapshot::local); it meets
    /// the row once the cloud lists it.
    ///
    /// # Errors
    /// [`Error::Store`] if it could not be stored.
    pub async fn set_draft(&self, id: &ConversationId, text: &str) -> Result<(), Error> {
        self.put(id, Local::draft(text)).await
    }

    /// Keeps bytes of your own with a conversation, durable once this returns. The conversation need
    /// not be in the list; see [`set_draft`](Self::set_draft).
    ///
    /// # Errors
    /// [`Error::Store`] if they could not be stored.
    pub async fn set_data(&self, id: &ConversationId, bytes: &[u8]) -> Result<(), Error> {
        self.put(id, Local::data(bytes)).await
    }

    async fn put(&self, id: &ConversationId, local: Local) -> Result<(), Error> {
        self.check_open()?;
        self.inner.store.put_local(id.clone(), local).await?;
        Ok(())
    }
}
