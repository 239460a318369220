//! Which sets hold every row that a query asks for.

use std::sync::Arc;

use conv_model::{Condition, ConversationQuery, GroupFilter, MarkFilter};

use super::sets::{Key, Set, Sets};

/// Sets that together hold every row that meets a condition.
#[derive(Default)]
pub(super) struct Plan<'a> {
    pub(super) sets: Vec<&'a Set>,
    /// How many rows that is at most.
    rows: usize,
    /// Whether they hold others, too.
    pub(super) is_loose: bool,
}

impl<'a> Plan<'a> {
    /// The one set that is the answer.
    pub(super) fn answer(&self) -> Option<&'a Set> {
        match *self.sets {
            [set] if !self.is_loose => Some(set),
            _ => None,
        }
    }
}

/// The fewest rows to look at; `None` if that is (almost) the list itself.
pub(super) fn plan<'a>(query: &ConversationQuery, sets: &'a Sets, list: usize) -> Option<Plan<'a>> {
    let plan = match query {
        ConversationQuery::Filter(filter) => cover(&Condition::from(filter), sets),
        ConversationQuery::Where(condition) => cover(condition, sets),
        _ => None,
    };
    // Several sets cost more a row than the one list does.
    plan.filter(|plan| plan.sets.len() == 1 || plan.rows < list / 4)
}

/// All of its conditions are necessary, so the cheapest will do; of `any` it takes each one.
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
