//! The choice of the sets that answer a query.

use std::sync::Arc;

use conv_model::{Condition, ConversationQuery, GroupFilter, MarkFilter};

use super::sets::{Key, Set, Sets};

/// Sets that together hold every row that meets a condition.
#[derive(Default)]
pub(super) struct Plan<'a> {
    pub(super) sets: Vec<&'a Set>,
    /// The greatest number of rows in them.
    rows: usize,
    /// Set if they may hold other rows, too.
    pub(super) is_loose: bool,
}

impl<'a> Plan<'a> {
    /// Returns the set that is the whole answer, if there is one.
    pub(super) fn answer(&self) -> Option<&'a Set> {
        match *self.sets {
            [set] if !self.is_loose => Some(set),
            _ => None,
        }
    }
}

/// Returns the plan with the fewest rows; `None` if that is (almost) the whole list.
pub(super) fn plan<'a>(query: &ConversationQuery, sets: &'a Sets, list: usize) -> Option<Plan<'a>> {
    let plan = match query {
        ConversationQuery::Filter(filter) => cover(&Condition::from(filter), sets),
        ConversationQuery::Where(condition) => cover(condition, sets),
        _ => None,
    };
    // Several sets cost more per row than the list.
    plan.filter(|plan| plan.sets.len() == 1 || plan.rows < list / 4)
}

/// Covers a condition by sets. Of `All`, the cheapest condition is enough; of `Any`, each is needed.
fn cover<'a>(condition: &Condition, sets: &'a Sets) -> Option<Plan<'a>> {
    let key = match condition {
        Condition::All(all) => {
            let covers = all.iter().filter_map(|one| cover(one, sets));
            let mut least = covers.min_by_key(|plan| (plan.rows, plan.sets.len()))?;
            least.is_loose |= all.len() > 1;
            return Some(least);
        }
        Condition::Any(any) => {
            return any.iter().try_fold(Plan::default(), |mut joined, one| {
                let plan = cover(one, sets)?;
                joined.sets.extend(plan.sets);
                joined.rows = joined.rows.saturating_add(plan.rows);
                joined.is_loose |= plan.is_loose;
                Some(joined)
            });
        }
        Condition::Mark(MarkFilter::With(mark)) => Key::Mark(*mark),
        Condition::Group(GroupFilter::In(name)) => Key::Group(Arc::clone(name)),
        Condition::Unread(true) => Key::Unread,
        Condition::Mention(true) => Key::Mention,
        _ => return None,
    };
    let set = sets.get(&key);
    let rows = set.map_or(0, |set| set.rows.len());
    Some(Plan { sets: set.into_iter().collect(), rows, is_loose: false })
}
