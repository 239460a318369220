//! The record of the sync's state.

mod version1;

use std::sync::Arc;

use conv_model::{
    Checkpoint, Cursor, Finished, GroupNames, ListLimit, PassId, Seq, SyncScope, SyncState,
    Timestamp, UpstreamPosition,
};
use serde::{Deserialize, Serialize};

use super::{Kind, encode, encode_as, open};
use crate::StoreError;

/// The part of the sync's state that outlives a run: without the coverage and the status of the newest
/// pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateRecord {
    /// The state; coverage, status, skipped rows and failed facets are those of the default.
    pub sync: SyncState,
}

#[derive(Serialize, Deserialize)]
struct Body<'a> {
    pass: u64,
    begun: u64,
    scope: Scope,
    #[serde(borrow)]
    checkpoint: Option<Place<'a>>,
    finished: Option<End>,
    #[serde(borrow)]
    groups: Vec<(u64, &'a str)>,
    groups_read_at: Option<u64>,
    epoch: Option<u64>,
}

/// The form of version 3: the position of a source that keeps the list itself comes after the rest.
#[derive(Serialize, Deserialize)]
struct WithUpstream<'a> {
    #[serde(borrow)]
    body: Body<'a>,
    since: &'a str,
    conversations: Option<u64>,
    excess: i64,
}

#[derive(Serialize, Deserialize)]
struct Scope {
    plan_limit: u32,
    rules: u32,
}

#[derive(Serialize, Deserialize)]
struct Place<'a> {
    cursor: &'a str,
    listed: u32,
}

#[derive(Serialize, Deserialize)]
struct End {
    as_of: Option<u64>,
    limit: Vec<Limit>,
    scope: Scope,
}

#[derive(Serialize, Deserialize)]
enum Limit {
    Capped(u32),
    Retention(u64),
}

impl StateRecord {
    /// Builds the record of a state.
    pub fn new(sync: &SyncState) -> Self {
        let mut kept = SyncState::default();
        kept.pass = sync.pass;
        kept.begun = sync.begun;
        kept.scope = sync.scope;
        kept.checkpoint.clone_from(&sync.checkpoint);
        kept.finished.clone_from(&sync.finished);
        kept.upstream.clone_from(&sync.upstream);
        kept.groups.clone_from(&sync.groups);
        kept.epoch = sync.epoch;
        Self { sync: kept }
    }

    /// Encodes it as part of the write with this number.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn encode(&self, seq: Seq) -> Result<Arc<[u8]>, StoreError> {
        let sync = &self.sync;
        let body = Body {
            pass: sync.pass.as_u64(),
            begun: sync.begun.as_u64(),
            scope: sync.scope.into(),
            checkpoint: sync
                .checkpoint
                .as_ref()
                .map(|place| Place { cursor: place.cursor.as_str(), listed: place.listed }),
            finished: sync.finished.as_ref().map(|end| End {
                as_of: end.as_of.map(Timestamp::as_secs),
                limit: end.limit.iter().filter_map(Limit::of).collect(),
                scope: end.scope.into(),
            }),
            groups: sync.groups.names.iter().map(|(id, name)| (*id, name.as_ref())).collect(),
            groups_read_at: sync.groups.read_at.map(Timestamp::as_secs),
            epoch: sync.epoch,
        };
        match &sync.upstream {
            Some(position) => {
                let since = position.since.as_str();
                let (conversations, excess) = (position.conversations, position.excess);
                let body = WithUpstream { body, since, conversations, excess };
                encode_as(3, Kind::State, seq, &body)
            }
            None => encode(Kind::State, seq, &body),
        }
    }

    /// Decodes the bytes.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::NewerSchema`].
    pub fn decode(record: &[u8]) -> Result<Self, StoreError> {
        let envelope = open(Kind::State, record)?;
        let mut sync = SyncState::default();
        let body: Body<'_> = match envelope.version {
            1 => envelope.read::<version1::Body<'_>>()?.into(),
            2 => envelope.read()?,
            _ => {
                let WithUpstream { body, since, conversations, excess } = envelope.read()?;
                let mut position = UpstreamPosition::new(Cursor::new(since));
                position.conversations = conversations;
                position.excess = excess;
                sync.upstream = Some(position);
                body
            }
        };
        sync.pass = PassId::new(body.pass);
        sync.begun = Seq::new(body.begun);
        sync.scope = body.scope.into();
        sync.checkpoint =
            body.checkpoint.map(|place| Checkpoint::new(Cursor::new(place.cursor), place.listed));
        sync.finished = body.finished.map(|end| {
            let limit = end.limit.into_iter().map(ListLimit::from).collect();
            Finished::new(end.as_of.map(Timestamp::from_secs), limit, end.scope.into())
        });
        sync.groups = GroupNames::new(
            body.groups.into_iter().map(|(id, name)| (id, Arc::from(name))),
            body.groups_read_at.map(Timestamp::from_secs),
        );
        sync.epoch = body.epoch;
        Ok(Self { sync })
    }
}

/// Returns true if two states have the same record; other differences are not stored.
pub(crate) fn is_same_on_disk(a: &SyncState, b: &SyncState) -> bool {
    a.pass == b.pass
        && a.begun == b.begun
        && a.scope == b.scope
        && a.checkpoint == b.checkpoint
        && a.finished == b.finished
        && a.upstream == b.upstream
        && a.groups.names == b.groups.names
        && a.groups.read_at == b.groups.read_at
        && a.epoch == b.epoch
}

impl From<SyncScope> for Scope {
    fn from(scope: SyncScope) -> Self {
        Self { plan_limit: scope.plan_limit, rules: scope.rules }
    }
}

impl From<Scope> for SyncScope {
    fn from(scope: Scope) -> Self {
        Self::new(scope.plan_limit, scope.rules)
    }
}

impl Limit {
    /// Leaves out a limit that this version of the format cannot encode: the next pass sets it again.
    fn of(limit: &ListLimit) -> Option<Self> {
        match limit {
            ListLimit::Capped(rows) => Some(Self::Capped(*rows)),
            ListLimit::Retention(seconds) => Some(Self::Retention(*seconds)),
            _ => None,
        }
    }
}

impl From<Limit> for ListLimit {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::Capped(rows) => Self::Capped(rows),
            Limit::Retention(seconds) => Self::Retention(seconds),
        }
    }
}
