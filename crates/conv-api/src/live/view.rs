//! The rows of a query as commits come, without any waiting.

use std::{collections::HashSet, num::NonZeroUsize, sync::Arc};

use conv_model::{
    Commit, Conversation, ConversationId, ConversationQuery, PageKey, Position, RowChange, Seq,
    list_order,
};
use conv_store::{Snapshot, Totals};

use super::{
    Patch, RemoveReason,
    coalesce::{coalesce, is_change},
};

type Row = Arc<Conversation>;

/// The first rows that a query asks for, in list order, and sums over all of them.
#[derive(Debug)]
pub(super) struct View {
    query: ConversationQuery,
    /// The most rows that are held; `None`: all.
    window: Option<usize>,
    seq: Seq,
    position: Option<Position>,
    rows: Vec<Row>,
    totals: Totals,
}

/// The effect of some commits on the rows of a view.
#[derive(Default)]
struct Plan {
    leaving: Vec<(Row, RemoveReason)>,
    /// As they were and as they are.
    moving: Vec<(Row, Row)>,
    entering: Vec<Row>,
    /// Moved below the last row, perhaps with others that move up less far.
    sinking: Vec<(Row, Row)>,
}

impl View {
    pub(super) fn new(query: ConversationQuery, window: Option<usize>, of: &Snapshot) -> Self {
        let rows = match window {
            None => of.list(&query),
            Some(rows) => page(of, &query, rows, None),
        };
        let totals = of.totals_of(&query);
        Self { query, window, seq: of.seq(), position: of.position(), rows, totals }
    }

    /// Returns the steps to a snapshot from the rows before some commits, which end there. `None` if the
    /// commits are not those before the snapshot.
    pub(super) fn steps(
        query: ConversationQuery,
        window: Option<usize>,
        commits: &[Arc<Commit>],
        to: &Snapshot,
    ) -> Option<Vec<Patch>> {
        let changes = coalesce(commits);
        Self::before(query, window, &changes, to).fold(&changes, to)
    }

    /// Builds the view as it was before some changes that led to a snapshot.
    fn before(
        query: ConversationQuery,
        window: Option<usize>,
        changes: &[RowChange],
        to: &Snapshot,
    ) -> Self {
        let changes: Vec<_> = changes.iter().filter(|change| is_change(change)).collect();
        let changed: HashSet<&ConversationId> =
            changes.iter().filter_map(|change| change.id()).collect();
        let mut totals = to.totals_of(&query);
        let mut rows = match window {
            None => to.list(&query),
            Some(rows) => page(to, &query, rows.saturating_add(changed.len()), None),
        };
        rows.retain(|row| !changed.contains(&row.id));
        for change in &changes {
            let matches = |row: &&Row| query.matches(row);
            change.after.as_ref().filter(matches).inspect(|row| totals.subtract(row));
            let before = change.before.as_ref().filter(matches);
            before.inspect(|row| totals.add(row));
            rows.extend(before.cloned());
        }
        rows.sort_unstable_by(|a, b| list_order(a, b));
        rows.truncate(window.unwrap_or(usize::MAX));
        Self { query, window, seq: to.seq(), position: None, rows, totals }
    }

    pub(super) fn seq(&self) -> Seq {
        self.seq
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.position
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    /// Goes on to a later snapshot and returns the steps: at most two per row that changed. `None` if
    /// the commits between are no longer known: then all rows are read again.
    pub(super) fn advance(&mut self, to: &Snapshot) -> Option<Vec<Patch>> {
        let commits = to.changes_since(self.seq);
        let patches = commits.and_then(|commits| self.fold(&coalesce(&commits), to));
        if patches.is_none() {
            *self = Self::new(self.query.clone(), self.window, to);
        }
        (self.seq, self.position) = (to.seq(), to.position());
        patches
    }

    /// `None` if the changes are not of these rows.
    fn fold(&mut self, changes: &[RowChange], to: &Snapshot) -> Option<Vec<Patch>> {
        let is_whole = self.is_whole();
        let mut plan = Plan::default();
        for change in changes.iter().filter(|change| is_change(change)) {
            self.sort_in(change, is_whole, &mut plan);
        }
        if !is_whole {
            self.refill(&mut plan, to);
        }
        self.carry_out(plan)
    }

    /// Counts a change, and sorts it in by what it does to the rows that are held.
    fn sort_in(&mut self, change: &RowChange, is_whole: bool, plan: &mut Plan) {
        let before = change.before.as_ref().filter(|row| self.query.matches(row));
        let after = change.after.as_ref().filter(|row| self.query.matches(row));
        before.inspect(|row| self.totals.subtract(row));
        after.inspect(|row| self.totals.add(row));
        let is_held =
            |row: &&Row| is_whole || self.rows.last().is_some_and(|last| !is_after(row, last));
        match (before.filter(is_held), after, after.filter(is_held)) {
            (Some(old), _, Some(new)) => plan.moving.push((Arc::clone(old), Arc::clone(new))),
            (Some(old), Some(new), None) => plan.sinking.push((Arc::clone(old), Arc::clone(new))),
            (Some(old), None, _) => plan.leaving.push((Arc::clone(old), reason(change))),
            (None, _, Some(new)) => plan.entering.push(Arc::clone(new)),
            (None, _, None) => {}
        }
    }

    /// Takes up rows from below the last one for those that go. Each row below it that has not
    /// changed is in the snapshot as it was.
    fn refill(&self, plan: &mut Plan, to: &Snapshot) {
        let going = plan.leaving.len() + plan.sinking.len();
        let free = going.saturating_sub(plan.entering.len());
        let last = self.rows.last().map(|row| PageKey::of(row));
        for row in page(to, &self.query, free, last.as_ref()) {
            match plan.sinking.iter().position(|(_, new)| new.id == row.id) {
                Some(at) => plan.moving.push(plan.sinking.swap_remove(at)),
                None => plan.entering.push(row),
            }
        }
        let below = plan.sinking.drain(..).map(|(old, _)| (old, RemoveReason::BelowWindow));
        plan.leaving.extend(below);
    }

    fn carry_out(&mut self, mut plan: Plan) -> Option<Vec<Patch>> {
        let mut patches = Vec::new();
        for (old, reason) in plan.leaving {
            let index = self.find(&old).ok()?;
            self.rows.remove(index);
            patches.push(Patch::Remove { index, id: old.id.clone(), reason });
        }
        for (old, row) in plan.moving {
            let from = self.find(&old).ok()?;
            self.rows.remove(from);
            let to = self.find(&row).err()?;
            self.rows.insert(to, Arc::clone(&row));
            patches.push(match from == to {
                true => Patch::Update { index: to, row },
                false => Patch::Move { from, to, row },
            });
        }
        plan.entering.sort_unstable_by(|a, b| list_order(a, b));
        for row in plan.entering {
            let index = self.find(&row).err()?;
            if self.window.is_some_and(|window| index >= window) {
                break;
            }
            patches.extend(self.make_room());
            self.rows.insert(index, Arc::clone(&row));
            patches.push(Patch::Insert { index, row });
        }
        Some(patches)
    }

    /// Drops the last row of a full window.
    fn make_room(&mut self) -> Option<Patch> {
        self.window.filter(|window| self.rows.len() >= *window)?;
        let last = self.rows.pop()?;
        let (index, id) = (self.rows.len(), last.id.clone());
        Some(Patch::Remove { index, id, reason: RemoveReason::BelowWindow })
    }

    /// Returns the index of a row, or the one where it belongs.
    fn find(&self, row: &Row) -> Result<usize, usize> {
        self.rows.binary_search_by(|held| list_order(held, row))
    }

    /// Returns true if all rows that match the query are held.
    fn is_whole(&self) -> bool {
        self.totals.conversations == self.rows.len() as u64
    }
}

/// Returns the reason a row no longer matches.
fn reason(change: &RowChange) -> RemoveReason {
    match (&change.after, change.removal) {
        (None, Some(removal)) => removal.into(),
        (None, None) => RemoveReason::Deleted,
        (Some(_), _) => RemoveReason::LeftFilter,
    }
}

fn is_after(row: &Row, other: &Row) -> bool {
    list_order(row, other).is_gt()
}

fn page(
    of: &Snapshot,
    query: &ConversationQuery,
    rows: usize,
    after: Option<&PageKey>,
) -> Vec<Row> {
    match NonZeroUsize::new(rows) {
        Some(rows) => of.page(query, rows, after).rows,
        None => Vec::new(),
    }
}
