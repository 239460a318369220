//! Names of conversation groups: read once a pass, beside the pages.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use conv_model::{AccountId, ConversationId};
use conv_sync::{
    Capabilities, ConversationSource, FullProfile, Groups, HydrateRequest, Hydrated, Page,
    ProfileRequest, PullRequest, SourceError, SourceRow,
    testing::{Call, NOW, ScriptedSource, row},
};

use crate::support::{Cache, plan, puller};

fn grouped(name: &str, numbers: &[u64]) -> SourceRow {
    let mut row = row(ConversationId::c2c(name).unwrap(), NOW);
    row.group_ids = Some(numbers.to_vec());
    row
}

fn readings(source: &ScriptedSource) -> usize {
    source.calls().iter().filter(|call| **call == Call::Groups).count()
}

#[tokio::test]
async fn a_renamed_group_shows_its_new_name_after_one_pass() {
    let source = Arc::new(ScriptedSource::new([grouped("a", &[1]), grouped("b", &[])]));
    source.set_groups(&[(1, "Suppliers")]);
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.rows["C2Ca"].listing.groups, ["Suppliers".into()]);

    source.set_groups(&[(1, "Partners")]);
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.rows["C2Ca"].listing.groups, ["Partners".into()]);
    assert_eq!(readings(&source), 2, "one call a pass");
}

#[tokio::test]
async fn rows_without_numbers_cost_no_call() {
    let source = Arc::new(ScriptedSource::new([grouped("a", &[]), grouped("b", &[])]));
    Cache::default().pass(&source, plan(500)).await.unwrap();
    assert_eq!(readings(&source), 0);
}

#[tokio::test]
async fn a_row_that_left_its_groups_is_in_none() {
    let source = Arc::new(ScriptedSource::new([grouped("a", &[1])]));
    source.set_groups(&[(1, "Suppliers")]);
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    source.set_rows([grouped("a", &[])]);
    cache.pass(&source, plan(500)).await.unwrap();
    assert!(cache.rows["C2Ca"].listing.groups.is_empty());
}

#[tokio::test(start_paused = true)]
async fn names_that_do_not_come_leave_the_groups_that_rows_had() {
    let source = Arc::new(ScriptedSource::new([grouped("a", &[1])]));
    source.set_groups(&[(1, "Suppliers")]);
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    for _ in 0..5 {
        source.fail_groups(SourceError::TimedOut);
    }
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.rows["C2Ca"].listing.groups, ["Suppliers".into()]);
    assert_eq!(cache.state.skipped, [], "its number has a name");
}

#[tokio::test(start_paused = true)]
async fn a_pass_says_which_rows_it_could_not_name() {
    let rows = [grouped("a", &[1]), grouped("b", &[]), grouped("c", &[2])];
    let source = Arc::new(ScriptedSource::new(rows));
    source.set_groups(&[(1, "Suppliers")]);
    let unnamed = async |cache: &mut Cache| {
        let mut puller = puller(&source, plan(500), &cache.state);
        while let Some(delta) = puller.next().await.unwrap() {
            puller.applied(&cache.apply(&delta));
        }
        puller.unnamed().iter().map(|id| id.to_string()).collect::<Vec<_>>()
    };
    let mut cache = Cache::default();
    assert_eq!(unnamed(&mut cache).await, ["C2Cc"], "its number has no name");
    for _ in 0..5 {
        source.fail_groups(SourceError::TimedOut);
    }
    assert_eq!(unnamed(&mut cache).await, ["C2Ca", "C2Cc"], "the name of the first is an old one");
    source.set_groups(&[(1, "Suppliers"), (2, "Press")]);
    assert_eq!(unnamed(&mut cache).await, [""; 0]);
}

/// A source whose first names arrive late, when the group of the last row was created since.
#[derive(Debug)]
struct Slow(ScriptedSource);

#[async_trait]
impl ConversationSource for Slow {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        self.0.pull(request).await
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        self.0.hydrate(request).await
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.0.profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        let groups = self.0.groups(account).await;
        self.0.set_groups(&[(1, "Suppliers"), (2, "Press")]);
        tokio::time::sleep(Duration::from_secs(1)).await;
        groups
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_created_while_its_pass_reads_the_names_is_named_at_its_end() {
    let rows = [grouped("a", &[1]), grouped("b", &[2])];
    let source = Arc::new(Slow(ScriptedSource::new(rows).page_size(1)));
    source.0.set_groups(&[(1, "Suppliers")]);
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.rows["C2Ca"].listing.groups, ["Suppliers".into()]);
    assert_eq!(cache.rows["C2Cb"].listing.groups, ["Press".into()]);
    assert_eq!(cache.state.skipped, []);
    assert_eq!(readings(&source.0), 2);
}

#[tokio::test]
async fn a_group_created_after_its_pass_read_the_names_is_named_in_it() {
    let rows = [grouped("a", &[1]), grouped("b", &[])];
    let source = Arc::new(ScriptedSource::new(rows).page_size(1));
    source.set_groups(&[(1, "Suppliers")]);
    let mut cache = Cache::default();
    let mut puller = puller(&source, plan(500), &cache.state);
    while let Some(delta) = puller.next().await.unwrap() {
        puller.applied(&cache.apply(&delta));
        if delta.groups.is_some() && cache.state.groups.names.len() == 1 {
            source.set_groups(&[(1, "Suppliers"), (2, "Press")]);
            source.set_rows([grouped("a", &[1]), grouped("b", &[2])]);
        }
    }
    assert!(puller.unnamed().is_empty());
    assert_eq!(cache.rows["C2Cb"].listing.groups, ["Press".into()]);
    assert_eq!(cache.state.skipped, []);
    assert_eq!(readings(&source), 2);
}

#[tokio::test]
async fn numbers_without_a_name_cost_one_more_call_at_most() {
    for (rows, calls) in [
        ([grouped("a", &[2]), grouped("b", &[2]), grouped("c", &[])], 1),
        ([grouped("a", &[1]), grouped("b", &[2]), grouped("c", &[3])], 2),
    ] {
        let source = Arc::new(ScriptedSource::new(rows).page_size(1));
        source.set_groups(&[(1, "Suppliers")]);
        let mut cache = Cache::default();
        cache.pass(&source, plan(500)).await.unwrap();
        assert!(!cache.state.skipped.is_empty());
        assert_eq!(readings(&source), calls);
    }
}

/// The first pass asks a second time for what came after the names were asked for.
#[tokio::test]
async fn a_number_that_is_never_named_costs_one_call_more_once() {
    let rows = [grouped("a", &[1]), grouped("b", &[2]), grouped("c", &[3])];
    let source = Arc::new(ScriptedSource::new(rows).page_size(1));
    source.set_groups(&[(1, "Suppliers")]);
    let mut cache = Cache::default();
    let mut calls = Vec::new();
    for _ in 0..3 {
        let before = readings(&source);
        cache.pass(&source, plan(500)).await.unwrap();
        calls.push(readings(&source) - before);
        assert!(!cache.state.skipped.is_empty());
    }
    assert_eq!(calls, [2, 1, 1]);
    assert_eq!(cache.state.groups.unnamed, [2, 3].into());
    // Once there is a name, the next pass has it, by the call that it makes anyway.
    let before = readings(&source);
    source.set_groups(&[(1, "Suppliers"), (2, "Press"), (3, "Family")]);
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(readings(&source) - before, 1);
    assert_eq!(cache.rows["C2Cb"].listing.groups, ["Press".into()]);
    assert_eq!(cache.rows["C2Cc"].listing.groups, ["Family".into()]);
    assert_eq!(cache.state.skipped, []);
    assert!(cache.state.groups.unnamed.is_empty());
}

#[tokio::test]
async fn the_numbers_that_are_never_named_stay_few() {
    let rows = (0..200_u64).map(|number| grouped(&format!("u{number}"), &[number]));
    let source = Arc::new(ScriptedSource::new(rows));
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    assert_eq!(cache.state.groups.unnamed, (136..200).collect());
}
