//! Which sets hold every row that a query asks for.

use std::sync::Arc;

use conv_model::{Condition, ConversationQuery, GroupFilter, MarkFilter};

use super::sets::{Key, Sets};
use crate::{row::Member, tree::Tree};

/// Sets that together hold every row that meets a condition, and how many rows that is at most.
#[derive(Default)]
struct Cover<'a> {
    sets: Vec<&'a Tree<Member>>,
    rows: usize,
}

/// The fewest rows to look at; `None` if that is (almost) the list itself.
pub(super) fn plan<'a>(
    query: &ConversationQuery,
    sets: &'a Sets,
    list: usize,
) -> Option<Vec<&'a Tree<Member>>> {
    let cover = match query {
        ConversationQuery::Filter(filter) => cover(&Condition::from(filter), sets),
        ConversationQuery::Where(condition) => cover(condition, sets),
        _ => None,
    };
    // Several sets cost more a row than the one list does.
    let cover = cover.filter(|cover| cover.sets.len() == 1 || cover.rows < list / 4)?;
    Some(cover.sets)
}

/// All of its conditions are necessary, so the cheapest will do; of `any` it takes each one.
fn cover<'a>(condition: &Condition, sets: &'a Sets) -> Option<Cover<'a>> {
    let key = match condition {
        Condition::All(all) => {
            return all
                .iter()
                .filter_map(|one| cover(one, sets))
                .min_by_key(|cover| (cover.rows, cover.sets.len()));
        }
        Condition::Any(any) => {
            return any.iter().try_fold(Cover::default(), |mut joined, one| {
                let cover = cover(one, sets)?;
                joined.sets.extend(cover.sets);
                joined.rows = joined.rows.saturating_add(cover.rows);
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
    Some(Cover { rows: set.map_or(0, Tree::len), sets: set.into_iter().collect() })
}
