//! The profile call.

use std::sync::Arc;

use conv_model::{
    Conversation, ConversationId, ConversationPatch, ConversationType, Delta, Profile, merge,
};
use conv_sync::SourceError;

use super::Conversations;
use crate::{Error, conversations::profiles::Looked};

impl Conversations {
    /// Returns one conversation with its full profile and its draft, in the list or not. Does not add
    /// a row to the list.
    ///
    /// A profile is read at most once per
    /// [`profile_freshness`](crate::ConversationsBuilder::profile_freshness). If the cloud cannot be
    /// asked, the cached conversation is the answer; see its
    /// [`read_at`](conv_model::Profile::read_at) for its age. The system conversation is answered
    /// without a call.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such user or group, it was dissolved, or is not visible;
    /// [`Error::Source`] if the cloud cannot be asked and nothing is cached; [`Error::Store`] once
    /// closed.
    #[doc(alias = "getConversationProfile")]
    pub async fn get_conversation_profile(
        &self,
        id: &ConversationId,
    ) -> Result<Arc<Conversation>, Error> {
        self.check_open()?;
        if id.conversation_type() == ConversationType::System {
            return Ok(self
                .cached(id)
                .unwrap_or_else(|| self.unlisted(Conversation::new(id.clone()))));
        }
        let looked = match self.pass_context() {
            Ok(context) => self.inner.profiles.get(context, id).await,
            Err(error) => Err(error),
        };
        match looked {
            Ok(looked) => Ok(self.with_profile(id, looked).await),
            Err(Error::Source(SourceError::NotFound)) => Err(Error::NotFound(id.clone())),
            Err(error) => {
                let cached = self.cached(id).ok_or_else(|| error.clone())?;
                // Its words may be the cloud's, and name whom they like.
                let (class, code) = (error.class().as_str(), error.code());
                tracing::debug!(class, code, "profile is answered from the cache");
                Ok(cached)
            }
        }
    }

    fn cached(&self, id: &ConversationId) -> Option<Arc<Conversation>> {
        self.snapshot().get(id)
    }

    /// A conversation that the list does not hold, with its draft.
    fn unlisted(&self, mut conversation: Conversation) -> Arc<Conversation> {
        conversation.local = self.snapshot().local(&conversation.id).unwrap_or_default();
        Arc::new(conversation)
    }

    /// The conversation with its profile.
    ///
    /// Only the caller that read the profile writes it: by the time that others answer from memory,
    /// a pass may have read a newer name. So the row's own values win over remembered ones, and values
    /// read before the row's change nothing.
    async fn with_profile(&self, id: &ConversationId, looked: Looked) -> Arc<Conversation> {
        let Looked { patch, asked } = looked;
        // Taken now, not before the call: much may have happened during it.
        let Some(row) = self.cached(id) else { return self.unlisted(merge(None, &patch)) };
        let is_newest = asked.is_some() && !is_older(&patch.profile, &row.profile);
        if is_newest && patch.may_change(&row) {
            let mut delta = Delta::updates([patch.clone()]);
            // A name that came from elsewhere during the call stays.
            delta.asked = asked;
            if let Err(error) = self.inner.store.apply(delta).await {
                // The answer is right all the same; only the next start will not know it.
                tracing::warn!(%error, "profile could not be stored");
                return Arc::new(merge(Some(&row), &patch));
            }
        }
        let row = self.cached(id).unwrap_or(row);
        let missing = missing(&row.profile, patch);
        if missing.may_change(&row) { Arc::new(merge(Some(&row), &missing)) } else { row }
    }
}

/// Unknown times decide nothing.
fn is_older(read: &Profile, known: &Profile) -> bool {
    matches!((read.read_at, known.read_at), (Some(read), Some(known)) if read < known)
}

/// Returns the part of a patch that the row lacks.
fn missing(known: &Profile, mut patch: ConversationPatch) -> ConversationPatch {
    fn lacks<T, U>(known: &Option<U>, read: Option<T>) -> Option<T> {
        read.filter(|_| known.is_none())
    }
    let read = patch.profile;
    let mut profile = Profile::default();
    profile.name = lacks(&known.name, read.name);
    profile.avatar = lacks(&known.avatar, read.avatar);
    profile.remark = lacks(&known.remark, read.remark);
    profile.group_type = lacks(&known.group_type, read.group_type);
    profile.read_at = lacks(&known.read_at, read.read_at);
    profile.detail = lacks(&known.detail, read.detail);
    patch.profile = profile;
    patch
}
