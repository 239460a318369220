//! A source that panics once.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use conv_api::PassStatus;
use conv_tests::{
    online::{impatient, prompt, shown, truth},
    relay::Relay,
};

use super::two;

#[tokio::test]
async fn a_source_that_panics_fails_the_pass_and_the_next_one_runs() {
    let cloud = two().await;
    let relay = Arc::new(Relay::new(impatient(&cloud)));
    let list = prompt(&cloud).source(Arc::clone(&relay));
    let conversations = list.build().await.unwrap();
    conversations.sync().await.unwrap();
    relay.panics.store(true, Relaxed);
    let error = conversations.sync().await.unwrap_err();
    let report = conversations.sync_report();
    assert!(!report.is_sync_completed());
    let PassStatus::Failed(failure) = report.pass else { panic!("{report:?}") };
    assert_eq!(failure.code, error.code());
    conversations.sync().await.unwrap();
    assert_eq!(shown(&conversations).await, truth(&cloud));
}
