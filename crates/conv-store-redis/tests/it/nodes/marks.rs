//! A webhook at one node, a reader at another: one pass.

use std::time::Duration;

use conv_api::{Watch, WatchLevel, Work};
use conv_emulator::{Fault, Rule};
use tokio::time::sleep;

use super::stage::{LISTING, Node, Said, Stage, alice};
use crate::support::soon;

async fn watch(node: &Node) -> Watch {
    let watch = node.accounts.watch(&alice(), WatchLevel::Visible).await.unwrap();
    let mark = watch.refresh().unwrap();
    soon(watch.reached(mark)).await.unwrap();
    watch
}

fn calls(stage: &Stage) -> u64 {
    stage.cloud.calls().of(LISTING)
}

/// Makes a pass of a node, and returns its calls of the list.
async fn of_one_pass(stage: &Stage, watch: &Watch) -> u64 {
    // What was asked for before is over.
    sleep(Duration::from_millis(500)).await;
    let before = calls(stage);
    let mark = watch.refresh().unwrap();
    soon(watch.reached(mark)).await.unwrap();
    calls(stage) - before
}

async fn shows(node: &Node, said: &Said) {
    let list = node.list().await;
    soon(async {
        while !said.is_in(list.snapshot().rows()) {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_webhook_at_a_node_without_the_reader_makes_one_pass() {
    let Some(stage) = Stage::new("webhook").await else { return };
    let [a, b] = stage.two().await;
    let watch = watch(&b).await;
    let per_pass = of_one_pass(&stage, &watch).await;
    stage.hears(&a, &b).await;
    let before = calls(&stage);
    let said = stage.say();
    assert!(!a.accounts.mark(&alice(), Work::Listing), "it is not watched here");
    shows(&b, &said).await;
    shows(&a, &said).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(calls(&stage) - before, per_pass);
}

#[tokio::test]
async fn a_webhook_for_a_user_with_readers_at_both_nodes_makes_one_pass() {
    let Some(stage) = Stage::new("both").await else { return };
    let [a, b] = stage.two().await;
    let watches = [watch(&a).await, watch(&b).await];
    let per_pass = of_one_pass(&stage, &watches[0]).await;
    stage.hears(&a, &b).await;
    for round in 0..5 {
        let before = calls(&stage);
        let reached = [&watches[0], &watches[1]].map(Watch::newest_reached);
        let said = stage.say();
        assert!(a.accounts.mark(&alice(), Work::Listing));
        shows(&a, &said).await;
        shows(&b, &said).await;
        for (watch, reached) in watches.iter().zip(reached) {
            soon(watch.reached_after(reached)).await.unwrap();
        }
        sleep(Duration::from_millis(500)).await;
        assert_eq!(calls(&stage) - before, per_pass, "{round}");
    }
    assert!(b.accounts.stats().watch.marks_of_others >= 5);
}

#[tokio::test]
async fn a_changed_row_is_found_at_the_node_that_watches_a_holder() {
    let Some(stage) = Stage::new("holders").await else { return };
    let [a, b] = stage.two().await;
    let watch = watch(&b).await;
    let per_pass = of_one_pass(&stage, &watch).await;
    stage.hears(&a, &b).await;
    let before = calls(&stage);
    let row = watch.list().snapshot().rows().last().unwrap().id.clone();
    let said = stage.say_to(row.clone());
    a.accounts.mark_holders(&row, Work::Listing);
    shows(&b, &said).await;
    sleep(Duration::from_millis(500)).await;
    assert_eq!(calls(&stage) - before, per_pass);
}

#[tokio::test]
async fn a_request_is_reached_by_a_pass_of_another_node_that_began_after_it_and_by_no_earlier_one()
{
    let Some(stage) = Stage::new("reached").await else { return };
    let [a, b] = stage.two().await;
    let watches = [watch(&a).await, watch(&b).await];
    let per_pass = of_one_pass(&stage, &watches[0]).await;
    let slow = Rule::always(Fault::Slow(Duration::from_millis(300))).on(LISTING);
    stage.cloud.faults().push(slow);

    // At the same time: one of the two passes does.
    sleep(Duration::from_millis(500)).await;
    let before = calls(&stage);
    let marks = [&watches[0], &watches[1]].map(|watch| watch.refresh().unwrap());
    for (watch, mark) in watches.iter().zip(marks) {
        soon(watch.reached(mark)).await.unwrap();
    }
    assert_eq!(calls(&stage) - before, per_pass);

    // Later: the pass that is under way may have read what changed since.
    let before = calls(&stage);
    let first = watches[0].refresh().unwrap();
    soon(async {
        while calls(&stage) == before {
            tokio::task::yield_now().await;
        }
    })
    .await;
    sleep(Duration::from_millis(50)).await;
    let said = stage.say();
    let second = watches[1].refresh().unwrap();
    soon(watches[1].reached(second)).await.unwrap();
    let snapshot = watches[1].list().snapshot();
    assert!(said.is_in(snapshot.rows()), "{said:?}");
    soon(watches[0].reached(first)).await.unwrap();
    assert_eq!(calls(&stage) - before, 2 * per_pass);
}
