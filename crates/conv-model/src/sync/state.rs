//! The state of an account's sync, and the steps that change it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    Coverage, Cursor, FailedFacet, GroupNames, ListLimit, PassFailure, PassId, PassStatus, Phase,
    SkippedRow, SyncReport,
};
use crate::{ConversationId, Seq, Timestamp};

/// The state of an account's list compared with the cloud's. Part of every snapshot, so that what it
/// says is true of the rows beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncState {
    /// The newest pass that began.
    pub pass: PassId,
    /// The commit with which it began.
    pub begun: Seq,
    /// The scope of the newest pass.
    pub scope: SyncScope,
    /// The point from which the newest pass's first listing can continue after a restart; `None` once it
    /// is done.
    pub checkpoint: Option<Checkpoint>,
    /// The last pass that finished, in this run or an earlier one. A pass over a source whose own list
    /// was not complete does not count.
    pub finished: Option<Finished>,
    /// The position of a source that keeps the list itself, at which its rows are the ones held: a
    /// pass asks for the changes since. `None` for other sources, and once pages of a newer listing
    /// came in between.
    pub upstream: Option<UpstreamPosition>,
    /// Names of the conversation groups.
    pub groups: GroupNames,
    /// The identity of the list, made by its store: another number says that writes which were
    /// acknowledged may be gone. `None` before the first write of what the cloud knows, and while the
    /// store has lost writes.
    pub epoch: Option<u64>,
    /// The coverage. Not stored: at opening a list is a preview.
    pub coverage: Coverage,
    /// The status of the newest pass. Not stored.
    pub status: PassStatus,
    /// The rows that the newest pass could not read. Not stored.
    pub skipped: Vec<SkippedRow>,
    /// Rows that the last finished pass did not confirm, yet left. Not stored.
    pub unconfirmed: Vec<ConversationId>,
    /// Promises of the source that the newest pass saw broken. Not stored.
    pub broken_promises: Vec<String>,
    /// The facets that the newest pass asked for and did not get. Not stored.
    pub failed: Vec<FailedFacet>,
    /// True if the newest pass read something of a row that was changed here since, so that what it read
    /// was left out. It then ends at the position before it, since a source that keeps the list itself
    /// says each change once. Not stored.
    pub is_overtaken: bool,
}

/// The scope of a pass: its limit and rules. A pass with another scope than the last finished one makes the
/// list incomplete until it is through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SyncScope {
    /// The most rows the plan gives.
    pub plan_limit: u32,
    /// The version of the pull's rules: raised when the fix of a bug needs a full pass.
    pub rules: u32,
}

impl SyncScope {
    /// A plan's limit under a version of the rules.
    pub const fn new(plan_limit: u32, rules: u32) -> Self {
        Self { plan_limit, rules }
    }
}

/// The point from which a listing can continue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The cursor of the next page.
    pub cursor: Cursor,
    /// The number of rows before it.
    pub listed: u32,
}

impl Checkpoint {
    /// A place after some rows.
    pub fn new(cursor: Cursor, listed: u32) -> Self {
        Self { cursor, listed }
    }
}

/// A pass that finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finished {
    /// The cloud's time when its last head read began; `None` if the cloud gave no time.
    pub as_of: Option<Timestamp>,
    /// The limits that may make the list shorter than the user's history.
    pub limit: Vec<ListLimit>,
    /// Its scope.
    pub scope: SyncScope,
}

impl Finished {
    /// A pass that finished.
    pub fn new(as_of: Option<Timestamp>, limit: Vec<ListLimit>, scope: SyncScope) -> Self {
        Self { as_of, limit, scope }
    }
}

/// A position of a source that keeps the list of a cloud itself, as a gateway does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UpstreamPosition {
    /// The position, a text that means something to its source alone.
    pub since: Cursor,
    /// The number of rows that the source counts there, if it counts them.
    pub conversations: Option<u64>,
    /// The number of rows held beyond those that the source counts, where a whole listing has not
    /// mended the difference. Passes list the whole list again only if the difference changes.
    pub excess: i64,
}

impl UpstreamPosition {
    /// A position at which as many rows are held as the source counts.
    pub fn new(since: Cursor) -> Self {
        Self { since, conversations: None, excess: 0 }
    }
}

/// The state of a source that keeps the list of a cloud itself, at the end of a pass over it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UpstreamEnd {
    /// The source's own coverage: the list held is complete only if this is.
    pub coverage: Coverage,
    /// Where its changes go on from; `None` if the next pass has to read the whole list.
    pub position: Option<UpstreamPosition>,
}

impl UpstreamEnd {
    /// The end of a pass over a source with this coverage.
    pub fn new(coverage: Coverage, position: Option<UpstreamPosition>) -> Self {
        Self { coverage, position }
    }
}

/// The effect of a change on the state of the sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SyncStep {
    /// A pass begins; its number must be greater than that of every pass before.
    Begin {
        /// Its scope.
        scope: SyncScope,
        /// True if it continues from the stored checkpoint; else that is forgotten.
        resume: bool,
    },
    /// A page is in.
    Page {
        /// The status of the pass, with its progress.
        status: PassStatus,
        /// The point from which the listing can continue, if it can.
        checkpoint: Option<Checkpoint>,
        /// Rows of the page that could not be read.
        skipped: Vec<SkippedRow>,
        /// Promises that the page broke.
        broken: Vec<String>,
    },
    /// The pass is through.
    Finish {
        /// The result.
        finished: Finished,
        /// The state of the source, if that keeps the list itself; `None` for a cloud.
        upstream: Option<UpstreamEnd>,
        /// Rows of the last page that could not be read.
        skipped: Vec<SkippedRow>,
        /// Promises that the last page broke.
        broken: Vec<String>,
    },
    /// Facets are in, of rows that are shown already.
    Hydrated {
        /// Those that did not come.
        failed: Vec<FailedFacet>,
    },
    /// The pass failed; its checkpoint stays unless it `forget`s it.
    Fail {
        /// The reason.
        failure: PassFailure,
        /// True if the checkpoint is useless.
        forget: bool,
    },
}

/// The pass is no longer the newest one: another began, and this one must stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("superseded: pass {} began", newest.as_u64())]
pub struct Superseded {
    /// The newest pass.
    pub newest: PassId,
}

impl SyncState {
    /// The state as a store that is opened holds it: what was stored, as a preview.
    #[must_use]
    pub fn reopened(self, has_rows: bool) -> Self {
        let coverage = self.preview(has_rows);
        Self {
            coverage,
            status: PassStatus::Idle,
            skipped: Vec::new(),
            unconfirmed: Vec::new(),
            broken_promises: Vec::new(),
            is_overtaken: false,
            failed: Vec::new(),
            ..self
        }
    }

    /// Checks that a change of `pass` may still be applied. A beginning pass must be newer than
    /// all, any other step's pass the newest one.
    ///
    /// # Errors
    /// [`Superseded`].
    pub fn admit(&self, pass: PassId, step: Option<&SyncStep>) -> Result<(), Superseded> {
        let admitted = match step {
            Some(SyncStep::Begin { .. }) => pass > self.pass,
            _ => pass == self.pass,
        };
        if admitted { Ok(()) } else { Err(Superseded { newest: self.pass }) }
    }

    /// The state after an admitted step, which is commit `seq`; `has_rows` after it.
    #[must_use]
    pub fn after(&self, pass: PassId, step: &SyncStep, seq: Seq, has_rows: bool) -> Self {
        let mut next = self.clone();
        match step {
            SyncStep::Begin { scope, resume } => {
                let phase = if *resume { Phase::Resuming } else { Phase::Listing };
                next.pass = pass;
                next.begun = seq;
                next.scope = *scope;
                next.status = PassStatus::running(phase, 0, None);
                next.skipped = Vec::new();
                next.broken_promises = Vec::new();
                next.failed = Vec::new();
                next.is_overtaken = false;
                if !resume {
                    next.checkpoint = None;
                }
                let is_same_scope = self.finished.as_ref().is_some_and(|f| f.scope == *scope);
                if self.coverage != Coverage::Complete || !is_same_scope {
                    next.coverage = Coverage::Partial;
                }
            }
            SyncStep::Page { status, checkpoint, skipped, broken } => {
                next.status = status.clone();
                next.checkpoint.clone_from(checkpoint);
                // The rows are of several instants now.
                next.upstream = None;
                next.skip(skipped);
                next.broken_promises.extend_from_slice(broken);
            }
            SyncStep::Finish { finished, upstream, skipped, broken } => {
                next.status = PassStatus::Idle;
                next.checkpoint = None;
                next.skip(skipped);
                next.broken_promises.extend_from_slice(broken);
                next.unconfirmed = Vec::new();
                if !self.is_overtaken {
                    next.upstream = upstream.as_ref().and_then(|end| end.position.clone());
                }
                match upstream.as_ref().map_or(Coverage::Complete, |end| end.coverage) {
                    Coverage::Complete => {
                        next.finished = Some(finished.clone());
                        next.coverage = Coverage::Complete;
                    }
                    Coverage::Partial => next.coverage = Coverage::Partial,
                    Coverage::CacheOnly | Coverage::Empty => {
                        next.coverage = self.preview(has_rows);
                    }
                }
            }
            SyncStep::Hydrated { failed } => next.failed.extend_from_slice(failed),
            SyncStep::Fail { failure, forget } => {
                next.status = PassStatus::Failed(failure.clone());
                next.coverage = self.preview(has_rows);
                if *forget {
                    next.checkpoint = None;
                }
            }
        }
        next
    }

    /// Returns the report for users; the store adds the facets not fetched.
    pub fn report(&self) -> SyncReport {
        let finished = self.finished.as_ref();
        SyncReport {
            coverage: self.coverage,
            limit: finished.map(|finished| finished.limit.clone()).unwrap_or_default(),
            as_of: finished.and_then(|finished| finished.as_of),
            pass: self.status.clone(),
            skipped: self.skipped.clone(),
            unconfirmed: self.unconfirmed.clone(),
            broken_promises: self.broken_promises.clone(),
            failed: self.failed.clone(),
            not_fetched: Vec::new(),
        }
    }

    fn preview(&self, has_rows: bool) -> Coverage {
        if has_rows || self.finished.is_some() { Coverage::CacheOnly } else { Coverage::Empty }
    }

    /// Notes rows that are not held. The pass lists rows several times; each is named once. Of rows
    /// without an ID every one counts.
    pub fn skip(&mut self, rows: &[SkippedRow]) {
        for row in rows {
            if row.id.is_none() || !self.skipped.contains(row) {
                self.skipped.push(row.clone());
            }
        }
    }
}
