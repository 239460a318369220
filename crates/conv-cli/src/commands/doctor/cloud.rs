//! Compares the store with the cloud, without writing.

use std::{sync::Arc, time::Duration};

use conv_api::{
    Conversation, ConversationId, Conversations, ConversationsBuilder, ListLimit, Snapshot,
    model::list_order,
};

use super::{
    Args, Finding,
    difference::{Difference, Rows, agree, rows},
};
use crate::{
    Error,
    cloud::{facets_of, pulled_within},
    commands::sync::pull,
    output::{report, time},
};

/// Compares the store with two readings of the cloud. A row counts only if both agree on it: a list
/// that changes while it is read is not an error of the store.
pub(super) async fn compare(args: &Args, held: &Snapshot) -> Result<Finding, Error> {
    let fresh = Fresh::begin(args, held).await?;
    let (before, after) = (fresh.read().await?, fresh.read().await?);
    let lost = lost(held, &before, &after);
    if lost > 0 {
        let words = format!("{} missing that the last finished pull must have brought", are(lost));
        return Ok(Finding::new("cloud", false, format!("{words}; --heal pulls them")));
    }
    let lag = Difference::between(&rows(held), &after);
    if lag == Difference::default() {
        return Ok(Finding::new("cloud", true, "the store holds what the cloud holds"));
    }
    let Difference { missing, surplus, changed } = lag;
    let since = report::coverage(&held.report(), time::now());
    let words = format!("{missing} not here, {surplus} gone, {changed} changed in the cloud since");
    Ok(Finding::new("cloud", true, format!("{words} ({since}); `conv sync` takes them in")))
}

/// Returns the rows that both readings show alike and the store lacks, although their last change
/// is older than the last finished pull.
fn lost(held: &Snapshot, before: &Rows, after: &Rows) -> usize {
    let Some(finished) = &held.sync().finished else { return 0 };
    // Without the cloud's time, it is unknown which rows came after the pull.
    let Some(as_of) = finished.as_of else { return 0 };
    // Below the last row of a full list, older rows of the cloud move up as others leave.
    let is_full = finished.limit.iter().any(|limit| matches!(limit, ListLimit::Capped(_)));
    let last = held.rows().last().filter(|_| is_full);
    let must_be_held = |(id, row): &(&ConversationId, &Arc<Conversation>)| {
        row.listing.time.is_some_and(|time| time < as_of)
            && last.is_none_or(|last| list_order(row, last).is_lt())
            && agree(before.get(*id), Some(*row))
            && held.get(id).is_none()
    };
    after.iter().filter(must_be_held).count()
}

/// Makes a list in memory that is pulled like the store, independently of it.
pub(super) struct Fresh<'a> {
    conversations: Conversations,
    args: &'a Args,
}

impl<'a> Fresh<'a> {
    pub(super) async fn begin(args: &'a Args, held: &Snapshot) -> Result<Self, Error> {
        let builder = Conversations::builder(args.store.account.as_str());
        let conversations = as_pulled(builder, args, held)?.build().await?;
        Ok(Self { conversations, args })
    }

    pub(super) async fn read(&self) -> Result<Rows, Error> {
        pull(&self.conversations, &self.args.source).await?;
        Ok(rows(&self.conversations.snapshot()))
    }
}

/// Pulls like the store was pulled: with the same limit, the requested facets and those that its
/// rows have, and every name, so that two such pulls can be compared.
pub(super) fn as_pulled(
    builder: ConversationsBuilder,
    args: &Args,
    held: &Snapshot,
) -> Result<ConversationsBuilder, Error> {
    let limit = pulled_within(held).unwrap_or_else(|| args.source.limit(held));
    let builder = builder.source(args.source.required()?).plan_limit(limit);
    let facets = args.source.facets(held).into_iter().chain(facets_of(held));
    let builder = facets.fold(builder, ConversationsBuilder::facet);
    Ok(builder.name_freshness(Duration::ZERO))
}

fn are(rows: usize) -> String {
    match rows {
        1 => "1 row is".to_owned(),
        rows => format!("{rows} rows are"),
    }
}
