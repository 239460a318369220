//! Names and pictures, and whole profiles.

use std::collections::HashMap;

use conv_model::{
    ConversationId, ConversationPatch, ConversationType, ErrorClass, Profile, Timestamp,
};

use super::{
    RestSource,
    batch::{self, Batches},
    codes::REPLY_TOO_LARGE,
    wire::{Reply, group_info, portrait},
};
use crate::{FullProfile, Hydrated, Retry, SourceError};

/// What a reply says of each that it names.
type Answers = HashMap<String, Result<Profile, SourceError>>;

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
                    Ok(answers) => batch::sort(&mut hydrated, part, &answers, patch),
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

    pub(super) async fn full_profile(
        &self,
        id: &ConversationId,
    ) -> Result<FullProfile, SourceError> {
        batch::refuse(id)?;
        let asked = std::slice::from_ref(id);
        let answers = self.profiles(asked, Depth::Full).await.map_err(batch::of_one)?;
        let mut hydrated = Hydrated::default();
        batch::sort(&mut hydrated, asked, &answers, patch);
        match (hydrated.found.pop(), hydrated.failed.pop()) {
            (Some(patch), _) => Ok(FullProfile::new(patch)),
            (None, Some((_, error))) => Err(error),
            (None, None) => Err(SourceError::NotFound),
        }
    }

    /// One call for some users, or for some groups.
    async fn profiles(&self, ids: &[ConversationId], depth: Depth) -> Result<Answers, SourceError> {
        let peers: Vec<_> = ids.iter().map(batch::peer).collect();
        match ids.first().map(ConversationId::conversation_type) {
            Some(ConversationType::Group) => self.group_profiles(&peers, depth).await,
            _ => self.user_profiles(&peers, depth).await,
        }
    }

    async fn user_profiles(&self, users: &[&str], depth: Depth) -> Result<Answers, SourceError> {
        let mut tags = match depth {
            Depth::Thin => portrait::THIN.to_vec(),
            Depth::Full => portrait::FULL.to_vec(),
        };
        if depth == Depth::Full {
            tags.extend(self.options.user_fields.iter().map(String::as_str));
        }
        let reply = self.caller.call(&portrait::Request::new(users, &tags)).await?;
        let read_at = self.read_at(&reply);
        Ok(each(portrait::read(&reply)?, |fields| match depth {
            Depth::Thin => fields.thin(read_at),
            Depth::Full => fields.full(read_at),
        }))
    }

    async fn group_profiles(&self, groups: &[&str], depth: Depth) -> Result<Answers, SourceError> {
        let custom: Vec<_> = match depth {
            Depth::Thin => Vec::new(),
            Depth::Full => self.options.group_fields.iter().map(String::as_str).collect(),
        };
        let base = match depth {
            Depth::Thin => group_info::THIN,
            Depth::Full => group_info::FULL,
        };
        let command = group_info::Request::new(groups, base, &custom);
        let reply = self.caller.call(&command).await?;
        let read_at = self.read_at(&reply);
        Ok(each(group_info::read(&reply)?, |fields| match depth {
            Depth::Thin => fields.thin(read_at),
            Depth::Full => fields.full(read_at),
        }))
    }

    /// When a reply was given: by its own word, else by the cloud's clock as known so far.
    fn read_at(&self, reply: &Reply) -> Timestamp {
        match reply.time() {
            Timestamp::ZERO => self.caller.time.now(),
            time => time,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Thin,
    Full,
}

fn each<T>(
    answers: HashMap<String, Result<T, SourceError>>,
    profile: impl Fn(&T) -> Profile,
) -> Answers {
    let answers = answers.into_iter();
    answers.map(|(peer, answer)| (peer, answer.map(|fields| profile(&fields)))).collect()
}

fn patch(id: ConversationId, profile: &Profile) -> ConversationPatch {
    let mut patch = ConversationPatch::new(id);
    patch.profile = profile.clone();
    patch
}

/// Whether the error of a batch may be the matter of a few of it: one that does not exist fails
/// the whole call, and so does a group that is too large.
fn is_of_some(error: &SourceError) -> bool {
    error.code() == Some(REPLY_TOO_LARGE) || error.class() == ErrorClass::NotFound
}

/// The error of a batch that was not halved down to those whose matter it is: of each by itself
/// nothing is known, least of all that it does not exist.
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
