//! Accepting changes: those that can be accepted, each or all of them.

use std::collections::HashSet;

use conv_model::{ConversationId, Coverage, Enqueue, Facet, Mutation, MutationError, QueryError};
use conv_sync::{SourceError, WriteKind};

use super::{Accepted, Change};
use crate::{Conversations, Error};

/// A conversation of the list, and what is to be set.
pub(super) type Wanted = (ConversationId, Mutation);

/// A conversation, and the result of accepting its change.
pub(super) type Accepting = (ConversationId, Result<Change, Error>);

impl Conversations {
    /// Accepts the same change of several conversations, as far as each can be accepted.
    ///
    /// # Errors
    /// The first reason, if none can be accepted.
    pub(super) async fn accept_each(
        &self,
        ids: &[ConversationId],
        mutation: impl Fn(&ConversationId) -> Mutation,
    ) -> Result<Accepted, Error> {
        let (known, unknown) = self.split_known(ids, mutation)?;
        let mut results = self.accept_parts(known).await?;
        results.extend(unknown);
        Accepted::of(results)
    }

    /// Returns the changes of those conversations that the list has, once each, and the failures of the
    /// others.
    ///
    /// # Errors
    /// If it has none of them: the error names all.
    pub(super) fn split_known(
        &self,
        ids: &[ConversationId],
        mutation: impl Fn(&ConversationId) -> Mutation,
    ) -> Result<(Vec<Wanted>, Vec<Accepting>), Error> {
        self.check_open()?;
        let snapshot = self.snapshot();
        let (mut unknown, mut mutations) = (Vec::new(), Vec::new());
        for id in unique(ids)? {
            match snapshot.get(id) {
                Some(_) => mutations.push((id.clone(), mutation(id))),
                None => unknown.push((id.clone(), Err(not_listed(id)))),
            }
        }
        if mutations.is_empty() {
            return Err(none_listed(unknown.into_iter().map(|(id, _)| id).collect()));
        }
        Ok((mutations, unknown))
    }

    /// Accepts as many of the changes as can be: all in one write, or, if one of them is refused, each
    /// half by itself. If the outbox is full or the store fails, the rest is not tried.
    pub(super) async fn accept_parts(
        &self,
        mutations: Vec<Wanted>,
    ) -> Result<Vec<Accepting>, Error> {
        let mut results = Vec::with_capacity(mutations.len());
        let mut parts = vec![mutations];
        while let Some(mut part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let wanted = part.iter().map(|(_, mutation)| mutation.clone()).collect();
            match self.accept(wanted).await {
                Ok(changes) => {
                    let ids = part.into_iter().map(|(id, _)| id);
                    results.extend(ids.zip(changes.into_iter().map(Ok)));
                }
                Err(error) if is_of_all(&error) => {
                    // The last part is the next one.
                    let rest = part.into_iter().chain(parts.drain(..).rev().flatten());
                    results.extend(rest.map(|(id, _)| (id, Err(error.clone()))));
                }
                Err(_) if part.len() > 1 => {
                    let second = part.split_off(part.len() / 2);
                    parts.extend([second, part]);
                }
                Err(error) => {
                    results.extend(part.into_iter().map(|(id, _)| (id, Err(error.clone()))));
                }
            }
        }
        Ok(results)
    }

    /// Accepts changes in one write, all or none.
    pub(super) async fn accept(&self, mutations: Vec<Mutation>) -> Result<Vec<Change>, Error> {
        self.check_open()?;
        for mutation in &mutations {
            self.check_writable(mutation)?;
        }
        let mut enqueue = Enqueue::new(mutations.clone());
        let config = &self.outgoing().0.config;
        enqueue.queued_at = config.clock.wall_time();
        enqueue.app = config.writer.as_ref().and_then(|writer| writer.write_capabilities().app);
        enqueue.trusts_list = mutations.iter().all(|mutation| self.was_just_read(mutation));
        let commit = self.outgoing().mutate(enqueue.into()).await?;
        let numbered = mutations.into_iter().enumerate().map(|(index, mutation)| {
            Change::new(self, commit.numbers.get(index).copied().flatten(), mutation)
        });
        Ok(numbered.collect())
    }

    /// Returns true if a pass of this process read what a change sets a moment ago. Else the value that
    /// the list shows may be old, and is not a reason to drop the change.
    fn was_just_read(&self, mutation: &Mutation) -> bool {
        let config = &self.outgoing().0.config;
        let (Some(passes), Some(pulls)) = (config.passes.upgrade(), &config.pulls) else {
            return false;
        };
        let reads = match mutation {
            Mutation::Read { .. } | Mutation::Remind { .. } => {
                pulls.options.facets.contains(&Facet::Unread)
            }
            _ => true,
        };
        let (now, wall_time) = (config.clock.now(), config.clock.wall_time());
        let pass = passes.finished().borrow().clone();
        let is_recent = pass.is_some_and(|pass| pass.is_recent(now, wall_time));
        reads && is_recent && self.snapshot().sync().coverage == Coverage::Complete
    }

    /// Accepts one change.
    pub(super) async fn accept_one(&self, mutation: Mutation) -> Result<Change, Error> {
        let mut changes = self.accept(vec![mutation]).await?;
        changes.pop().ok_or(Error::Stopped)
    }

    /// Refuses what the writer cannot send, and what the app's plan turned out not to include.
    fn check_writable(&self, mutation: &Mutation) -> Result<(), Error> {
        let config = &self.outgoing().0.config;
        if config.edition.lacks(mutation, config.clock.now()) {
            return Err(Error::NotInPlan);
        }
        let Some(writer) = &config.writer else { return Ok(()) };
        let kind = WriteKind::of(mutation);
        let is_writable = kind.is_some_and(|kind| {
            let is_on = kind != WriteKind::ReadGroup || config.options.read_groups;
            is_on && writer.write_capabilities().kinds.contains(&kind)
        });
        match is_writable {
            true => Ok(()),
            false => {
                let what = match kind {
                    Some(WriteKind::ReadGroup) => "marking a group as read",
                    _ => "this change",
                };
                Err(Error::Source(SourceError::Unsupported { what: what.into() }))
            }
        }
    }
}

/// Returns true if an error would refuse any other change now.
fn is_of_all(error: &Error) -> bool {
    matches!(
        error,
        Error::Refused(MutationError::OutboxFull { .. }) | Error::Store(_) | Error::Stopped
    )
}

pub(super) fn not_listed(id: &ConversationId) -> Error {
    Error::Refused(MutationError::NotListed(id.clone()))
}

/// Returns the error of a call for these conversations, at least one.
fn none_listed(ids: Vec<ConversationId>) -> Error {
    match &ids[..] {
        [id] => not_listed(id),
        _ => Error::Refused(MutationError::NoneListed(ids.into())),
    }
}

/// Returns the IDs in their order, each once.
fn unique(ids: &[ConversationId]) -> Result<Vec<&ConversationId>, Error> {
    if ids.is_empty() {
        return Err(QueryError::NoIds.into());
    }
    let mut seen = HashSet::new();
    Ok(ids.iter().filter(|id| seen.insert(*id)).collect())
}
