//! The calls for last messages: several at once, and some of them lost.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use conv_model::{ConversationId, Facet};
use conv_sync::{ConversationSource, HydrateRequest, RateLimiter, SourceError};

use super::ROAMING;
use crate::{
    cloud::{Answer, Cloud, http, json as answer},
    rest_samples::{account, hydrate, id},
};

fn users(count: usize) -> Vec<ConversationId> {
    (0..count).map(|number| id(&format!("C2Cu{number}"))).collect()
}

fn down() -> Answer {
    http("502 Bad Gateway", "", b"")
}

#[tokio::test]
async fn a_lost_call_costs_its_own_conversation_alone() {
    let answers = (0..20).map(|call| if call == 3 { down() } else { answer(ROAMING) });
    let cloud = Cloud::new(answers).await;
    let hydrated = hydrate(&cloud, Facet::LastMessage, users(20)).await.unwrap();
    assert_eq!((hydrated.found.len(), cloud.requests().len()), (19, 20));
    let [(_, SourceError::Http { status: 502, .. })] = hydrated.failed[..] else { panic!() };
}

#[tokio::test]
async fn a_cloud_that_is_down_is_not_asked_about_everybody() {
    let cloud = Cloud::new((0..20).map(|_| down())).await;
    let error = hydrate(&cloud, Facet::LastMessage, users(20)).await.unwrap_err();
    assert!(matches!(error, SourceError::Http { status: 502, .. }));
    assert_eq!(cloud.requests().len(), 8);
    // Facets read before the cloud went down are kept.
    let answers = (0..20).map(|call| if call < 8 { answer(ROAMING) } else { down() });
    let cloud = Cloud::new(answers).await;
    let hydrated = hydrate(&cloud, Facet::LastMessage, users(20)).await.unwrap();
    assert_eq!((hydrated.found.len(), hydrated.failed.len()), (8, 12));
    assert_eq!(cloud.requests().len(), 16);
}

#[tokio::test]
async fn a_user_sig_that_expires_on_the_way_costs_no_message() {
    let expired = r#"{"ActionStatus":"FAIL","ErrorCode":70001,"ErrorInfo":""}"#;
    // One of a part of eight that are under way together: more, and it would be chance which
    // conversation each answer meets.
    let answers = (0..11).map(|call| if call == 8 { expired } else { ROAMING });
    let cloud = Cloud::of_json(answers).await;
    let hydrated = hydrate(&cloud, Facet::LastMessage, users(10)).await.unwrap();
    assert_eq!((hydrated.found.len(), hydrated.failed.len()), (10, 0));
}

/// Sees how many calls are under way at once.
#[derive(Debug, Default)]
struct Watching {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl RateLimiter for Watching {
    async fn acquire(&self, _: u32, _: &str) -> Result<(), SourceError> {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        tokio::task::yield_now().await;
        self.now.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }

    async fn hold_back(&self, _: u32, _: &str, _: std::time::Duration) {}
}

#[tokio::test]
async fn eight_calls_run_side_by_side_and_no_more() {
    let cloud = Cloud::of_json([ROAMING; 30]).await;
    let watching = Arc::new(Watching::default());
    let source = cloud.builder().rate_limiter(watching.clone()).build();
    let request = HydrateRequest::new(account(), Facet::LastMessage, users(30));
    let hydrated = source.hydrate(&request).await.unwrap();
    let found: Vec<_> = hydrated.found.into_iter().map(|patch| patch.id).collect();
    assert_eq!(found, users(30));
    assert_eq!(watching.most.load(Ordering::Relaxed), 8);
}
