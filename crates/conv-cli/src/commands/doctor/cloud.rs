//! The store against the cloud.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use conv_api::{Conversation, ConversationId, Conversations, Snapshot};

use super::Finding;
use crate::{
    Error,
    args::{CloudArgs, StoreArgs},
    commands::sync::pull,
    store::Opened,
};

/// How often to compare: the cloud's list may move between two pulls.
const ROUNDS: usize = 3;

/// What was found, and the list that the pull left.
#[derive(Debug)]
pub(super) struct Healed {
    pub(super) findings: Vec<Finding>,
    pub(super) snapshot: Snapshot,
}

/// How two lists differ.
#[derive(Debug, Default, PartialEq, Eq)]
struct Difference {
    missing: usize,
    surplus: usize,
    changed: usize,
}

/// Pulls into the store, and compares it with a pull into an empty one.
pub(super) async fn compare(
    store: &StoreArgs,
    cloud: &CloudArgs,
    opened: Opened,
) -> Result<Healed, Error> {
    let source = cloud.required()?;
    let before = opened.store.snapshot();
    let damaged = !opened.recovery.is_clean();
    let lost_locals =
        opened.recovery.dropped_locals > 0 || opened.recovery.local_set_aside.is_some();
    let builder = Conversations::builder(store.account.as_str()).store(opened.store);
    let ours = builder.source(source.clone()).plan_limit(cloud.plan_limit);
    let ours = ours.name_freshness(Duration::ZERO).build().await?;
    let builder = Conversations::builder(store.account.as_str()).source(source);
    let fresh = builder.plan_limit(cloud.plan_limit).build().await?;

    let mut last = Difference::default();
    for _ in 0..ROUNDS {
        pull(&ours, cloud).await?;
        pull(&fresh, cloud).await?;
        last = Difference::between(&ours.snapshot(), &fresh.snapshot());
        if last == Difference::default() {
            break;
        }
    }
    let snapshot = ours.snapshot();
    ours.close().await?;
    let mut findings = vec![
        Finding::new("pull", true, Difference::between(&before, &snapshot).words("healed")),
        Finding::new("cloud", last == Difference::default(), last.words("differ from the cloud")),
    ];
    if damaged && !lost_locals {
        findings.push(Finding::new("opening", true, "what was dropped was pulled again"));
    }
    Ok(Healed { findings, snapshot })
}

impl Difference {
    fn between(ours: &Snapshot, cloud: &Snapshot) -> Self {
        let cloud: BTreeMap<&ConversationId, &Arc<Conversation>> =
            cloud.rows().map(|row| (&row.id, row)).collect();
        let mut difference = Self { missing: cloud.len(), ..Self::default() };
        for row in ours.rows() {
            match cloud.get(&row.id) {
                Some(other) => {
                    difference.missing = difference.missing.saturating_sub(1);
                    difference.changed += usize::from(!is_same(row, other));
                }
                None => difference.surplus += 1,
            }
        }
        difference
    }

    fn words(&self, what: &str) -> String {
        let Self { missing, surplus, changed } = self;
        match *self == Self::default() {
            true => "the store holds what the cloud holds".to_owned(),
            false => format!("{missing} missing, {surplus} surplus, {changed} changed: {what}"),
        }
    }
}

/// Whether the cloud says the same of both: what the store alone knows does not count.
fn is_same(ours: &Conversation, cloud: &Conversation) -> bool {
    ours.listing == cloud.listing
        && ours.profile.name == cloud.profile.name
        && ours.profile.avatar == cloud.profile.avatar
}
