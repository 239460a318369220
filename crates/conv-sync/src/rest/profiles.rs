//! Names and avatars, and full profiles.

use conv_model::{
    AccountId, ConversationId, ConversationPatch, ConversationType, ErrorClass, GroupType, Profile,
    Timestamp,
};

use super::{
    RestSource,
    batch::{self, Batches},
    codes::REPLY_TOO_LARGE,
    membership::Standing,
    wire::{Depth, Profiles, group_info, portrait},
};
use crate::{FullProfile, Hydrated, Retry, SourceError};

impl RestSource {
    pub(super) async fn hydrate_profiles(
        &self,
        ids: &[ConversationId],
    ) -> Result<Hydrated, SourceError> {
        let mut hydrated = Hydrated::default();
        let (users, groups) = batch::by_kind(ids, &mut hydrated);
        for (ids, size) in [(users, portrait::MAX_ACCOUNTS), (groups, group_info::MAX_GROUPS)] {
            let mut batches = Batches::new(&ids, size);
            while let Some(part) = batches.next() {
                match self.profiles(part, Depth::Thin).await {
                    Ok((profiles, read_at)) => {
                        batch::sort(&mut hydrated, part, &profiles, |id, profile| {
                            patch(id, profile, read_at)
                        });
                    }
                    Err(error) if !is_of_some(&error) => return Err(error),
                    Err(_) if batches.split(part) => {}
                    Err(error) if part.len() == 1 => {
                        batch::fail(&mut hydrated, part, &batch::of_one(error))
                    }
                    Err(error) => batch::fail(&mut hydrated, part, &of_several(error)),
                }
            }
        }
        Ok(hydrated)
    }

    /// # Errors
    /// [`SourceError::NotFound`] also for a Work group that the account is not in: only members may
    /// see its profile, though the admin who signs the call can read it.
    pub(super) async fn full_profile(
        &self,
        account: &AccountId,
        id: &ConversationId,
    ) -> Result<FullProfile, SourceError> {
        batch::refuse(id)?;
        let asked = std::slice::from_ref(id);
        let profiles = self.profiles(asked, Depth::Full).await;
        let (profiles, read_at) = profiles.map_err(batch::of_one)?;
        let mut hydrated = Hydrated::default();
        batch::sort(&mut hydrated, asked, &profiles, |id, profile| patch(id, profile, read_at));
        match (hydrated.found.pop(), hydrated.failed.pop()) {
            (Some(patch), _) if is_for_members(&patch) => {
                match self.memberships(account, asked).await?.standing(id)? {
                    Standing::Member(_) => Ok(FullProfile::new(patch)),
                    Standing::Stranger => Err(SourceError::NotFound),
                }
            }
            (Some(patch), _) => Ok(FullProfile::new(patch)),
            (None, Some((_, error))) => Err(error),
            (None, None) => Err(SourceError::NotFound),
        }
    }

    /// Makes one call for some users, or for some groups. Returns the profiles and the time of the
    /// answer, by the cloud's clock or else the device's.
    async fn profiles(
        &self,
        ids: &[ConversationId],
        depth: Depth,
    ) -> Result<(Profiles, Timestamp), SourceError> {
        let peers: Vec<_> = ids.iter().map(batch::peer).collect();
        let (profiles, time) = match ids.first().map(ConversationId::conversation_type) {
            Some(ConversationType::Group) => self.group_profiles(&peers, depth).await?,
            _ => self.user_profiles(&peers, depth).await?,
        };
        Ok((profiles, time.unwrap_or_else(|| self.caller.time.now())))
    }

    async fn user_profiles(
        &self,
        users: &[&str],
        depth: Depth,
    ) -> Result<(Profiles, Option<Timestamp>), SourceError> {
        let mut tags = match depth {
            Depth::Thin => portrait::THIN.to_vec(),
            Depth::Full => portrait::FULL.to_vec(),
        };
        if depth == Depth::Full {
            tags.extend(self.options.user_fields.iter().map(String::as_str));
        }
        self.caller.call(&portrait::Request::new(users, &tags, depth)).await
    }

    pub(super) async fn group_profiles(
        &self,
        groups: &[&str],
        depth: Depth,
    ) -> Result<(Profiles, Option<Timestamp>), SourceError> {
        let custom: Vec<_> = match depth {
            Depth::Thin => Vec::new(),
            Depth::Full => self.options.group_fields.iter().map(String::as_str).collect(),
        };
        let base = match depth {
            Depth::Thin => group_info::THIN,
            Depth::Full => group_info::FULL,
        };
        self.caller.call(&group_info::Request::new(groups, base, &custom, depth)).await
    }
}

fn patch(id: ConversationId, profile: &Profile, read_at: Timestamp) -> ConversationPatch {
    let mut patch = ConversationPatch::new(id);
    patch.profile = profile.clone();
    patch.profile.read_at = Some(read_at);
    patch
}

/// Returns true if only members may see a group's profile: true for a Work group, and assumed for a
/// group of unknown type.
fn is_for_members(patch: &ConversationPatch) -> bool {
    use GroupType::{AvChatRoom, Community, Meeting, Public};
    let is_open =
        matches!(patch.profile.group_type, Some(Public | Meeting | AvChatRoom | Community));
    patch.id.group_id().is_some() && !is_open
}

/// Returns true if a few IDs of a batch may have caused its error: one that does not exist fails
/// the whole call, and so does a group that is too large.
fn is_of_some(error: &SourceError) -> bool {
    error.code() == Some(REPLY_TOO_LARGE) || error.class() == ErrorClass::NotFound
}

/// Returns the error for each ID of a batch that was not halved down to the IDs that cause it. It
/// says nothing about a single ID, above all not that it does not exist.
fn of_several(error: SourceError) -> SourceError {
    match error {
        SourceError::Cloud { code, message, retry_after, .. } => SourceError::Cloud {
            code,
            class: ErrorClass::Cloud,
            retry: Retry::Once,
            message,
            retry_after,
        },
        other => other,
    }
}
