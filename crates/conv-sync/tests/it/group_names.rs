//! Names of conversation groups: read once a pass, beside the pages.

use std::sync::Arc;

use conv_model::ConversationId;
use conv_sync::{
    SourceError, SourceRow,
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
