//! Streams on another's list: they end with the delegate's token, and he is asked about again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use conv_api::{AccountId, Timestamp};
use conv_gateway::Action;
use serde_json::json;
use tokio::time::Instant;

use super::{
    client::Client,
    quiet::{NOW, Quiet},
};

const PATH: &str = "/accounts/alice/conversations/stream";

/// An embedder who changes his mind.
#[derive(Clone, Default)]
struct Embedder {
    refuses: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Embedder {
    async fn quiet(&self) -> Quiet {
        let embedder = self.clone();
        let authorizer = move |who: &AccountId, _: &AccountId, action: Action| {
            embedder.asked.fetch_add(1, Ordering::Relaxed);
            let is_agent = who.as_str() == "agent" && action == Action::Read;
            is_agent && !embedder.refuses.load(Ordering::Relaxed)
        };
        let life = Duration::from_secs(300);
        let quiet = Quiet::with(3, |it| it.lifetime(life), |it| it.authorizer(authorizer)).await;
        let token = quiet.login_as("agent").await;
        Quiet { token, ..quiet }
    }
}

async fn open(quiet: &Quiet) -> Client {
    let response = quiet.call(PATH, &json!({ "queries": { "main": { "window": 3 } } })).await;
    assert_eq!(response.status(), 200);
    let mut line = Client::new(response.into_body());
    line.wait_for("reset").await;
    line
}

#[tokio::test(start_paused = true)]
async fn a_delegates_line_ends_with_his_token_and_no_later() {
    let embedder = Embedder::default();
    let quiet = embedder.quiet().await;
    let (mut line, begun) = (open(&quiet).await, Instant::now());
    embedder.refuses.store(true, Ordering::Relaxed);
    let bye = line.wait_for("bye").await.data;
    assert_eq!((&bye["reason"], begun.elapsed().as_secs()), (&json!("expired"), 300));
    assert!(line.events.iter().all(|event| event.name != "renew"));
    assert_eq!(line.piece().await, None);
    drop(line);
    assert_eq!(embedder.asked.load(Ordering::Relaxed), 1, "at the call, and not in between");

    let token = quiet.login_as("agent").await;
    let quiet = Quiet { token, ..quiet };
    let queries = json!({ "queries": { "main": {} } });
    assert_eq!(quiet.call(PATH, &queries).await.status(), 403);
    assert_eq!(quiet.gateway.stream_stats().lines_open, 0);
}

#[tokio::test(start_paused = true)]
async fn a_delegate_who_is_logged_out_loses_his_line_at_once_and_the_owner_keeps_hers() {
    let embedder = Embedder::default();
    let quiet = embedder.quiet().await;
    let (mut line, begun) = (open(&quiet).await, Instant::now());
    let token = quiet.login().await;
    let own = Quiet { token, ..quiet };
    let mut owners = own.open(json!({ "main": { "window": 3 } })).await;
    owners.wait_for("reset").await;
    let agent = "agent".parse().unwrap();
    own.gateway.revoke(&agent, Timestamp::from_secs(NOW + 1)).await.unwrap();
    assert_eq!(line.wait_for("bye").await.data["reason"], "expired");
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert!(owners.read_all());
    assert!(owners.events.iter().all(|event| event.name != "bye"));
}
