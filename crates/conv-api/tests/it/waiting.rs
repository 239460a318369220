//! Callers wait for what they asked for, and for nothing else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use conv_api::{ErrorClass, testing::ScriptedSource};

use crate::support::{Gated, Mood, Moody, over};

#[tokio::test(start_paused = true)]
async fn sync_ends_though_marks_keep_coming() {
    let source = Moody::new(10);
    let conversations = over(source.clone()).await;
    let is_over = Arc::new(AtomicBool::new(false));
    // Another mark at each step of the tasks: there is one during every pass.
    let marks = tokio::spawn({
        let (conversations, is_over) = (conversations.clone(), Arc::clone(&is_over));
        async move {
            let mut marks = 0;
            while !is_over.load(Ordering::Relaxed) && marks < 100_000 {
                conversations.request_sync().unwrap();
                marks += 1;
                tokio::task::yield_now().await;
            }
            marks
        }
    });
    for _ in 0..5 {
        conversations.sync().await.unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    assert!(marks.await.unwrap() < 100_000);
}

#[tokio::test]
async fn a_mark_during_a_pass_lets_another_follow_and_its_caller_does_not_wait_for_that_one() {
    let source = Gated::new(ScriptedSource::with_rows(3));
    let conversations = over(source.clone()).await;
    let mut events = conversations.events();
    let first = tokio::spawn({
        let conversations = conversations.clone();
        async move { conversations.sync().await }
    });
    events.next().await.unwrap();
    conversations.request_sync().unwrap();
    let second = tokio::spawn({
        let conversations = conversations.clone();
        async move { conversations.sync().await.map(|_| conversations.snapshot().len()) }
    });
    source.gate.add_permits(1);
    while conversations.snapshot().is_empty() {
        events.next().await.unwrap();
    }
    // Only a pass that begins from now on can see it.
    source.source.set_rows([]);
    source.gate.add_permits(100);
    first.await.unwrap().unwrap();
    assert_eq!(second.await.unwrap().unwrap(), 0);
    assert_eq!(source.source.pulls(), 2);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_complete_list_does_not_wait_for_names_that_hang() {
    let source = Moody::new(10);
    let conversations = over(source.clone()).await;
    Moody::set(&source.names, Mood::Hangs);
    let report = conversations.wait_until_complete(Duration::from_secs(60)).await.unwrap();
    assert!(report.is_sync_completed());
    assert_eq!(conversations.snapshot().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_failure_of_a_pass() {
    let source = Moody::new(10);
    let conversations = over(source.clone()).await;
    Moody::set(&source.pulls, Mood::Fails(conv_api::SourceError::TimedOut));
    let error = conversations.wait_until_complete(Duration::from_secs(600)).await.unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Transient, 2801));
}
