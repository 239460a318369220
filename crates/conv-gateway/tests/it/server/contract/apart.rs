//! Calls that are not let in by a token, or answer in more than one way.

use std::time::Duration;

use conv_emulator::{Fault, Rule};
use conv_gateway::{
    Webhooks,
    webhook::{App, Token, Verifier},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    super::stage::{NOW, Stage, get, post},
    Seen,
};

/// A stream by a ticket, and all that a long poll answers.
pub(super) async fn changes(seen: &mut Seen, stage: &Stage) {
    let token = &stage.login("bob").await;
    let queries = json!({"queries": {"main": {"window": 3}}});
    let ticket = stage.post("/stream-ticket", token, &queries).await.data();
    let path = format!("/v1/conversations/stream?ticket={}", ticket["ticket"].as_str().unwrap());
    let reply = stage.send(get(&path, None)).await;
    assert!(String::from_utf8_lossy(&reply.bytes).contains("event: reset"));
    seen.expect(200, reply);

    let whole = json!({"whole": true, "position": "gone", "wait": 0});
    let reply = stage.post("/conversations/changes", token, &whole).await;
    assert_eq!(reply.data()["type"], "tooOld");
    seen.expect(200, reply);
    let position = stage.get("/totals", token).await.data()["position"].clone();
    let pin = json!({"conversationID": stage.ids("bob")[5], "isPinned": true});
    stage.post("/conversations/pin", token, &pin).await.data();
    let mut body = json!({"whole": true, "position": position, "wait": 0});
    for kind in ["changes", "nothing"] {
        // What a pass and the cloud's answer to the change do comes in between.
        for _ in 0..100 {
            let reply = seen.add(stage.post("/conversations/changes", token, &body).await);
            if reply.status == 204 {
                assert_eq!(kind, "nothing");
                return;
            }
            assert_eq!(reply.data()["type"], "changes");
            body["position"] = reply.data()["position"].clone();
            if kind == "changes" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    panic!("the list does not come to rest");
}

/// The numbers of two changes that the cloud refused.
pub(super) async fn failed_changes(stage: &Stage, token: &str) -> Vec<Value> {
    stage.cloud.faults().push(Rule::always(Fault::Code(50_002)).on("recentcontact/top"));
    for id in stage.ids("alice").iter().rev().take(2) {
        let pin = json!({"conversationID": id, "isPinned": true});
        stage.post("/conversations/pin", token, &pin).await.data();
    }
    for _ in 0..500 {
        let data = stage.get("/changes", token).await.data();
        let changes = data["changes"].as_array().unwrap().iter();
        let failed: Vec<_> = changes.filter(|change| change["state"] == "failed").collect();
        if failed.len() == 2 {
            return failed.iter().map(|change| change["number"].clone()).collect();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the cloud took the changes");
}

/// Webhooks, with a secret in the path and without.
pub(super) async fn hooks(seen: &mut Seen) {
    let (key, time) = ("a token of at least 32 random characters", NOW);
    let sign: String =
        Sha256::digest(format!("{key}{time}")).iter().map(|byte| format!("{byte:02x}")).collect();
    let query = format!(
        "SdkAppid=1400000001&CallbackCommand=State.StateChange&RequestTime={time}&Sign={sign}"
    );
    for secret in [None, Some("s3cret")] {
        let app = App::signed(1_400_000_001, Token::new(key).unwrap());
        let webhooks = Webhooks::new(Verifier::default().with_app(app));
        let webhooks = match secret {
            Some(secret) => webhooks.with_path_secret(secret),
            None => webhooks,
        };
        let stage = Stage::with(|it| it.webhooks(webhooks)).await;
        let path = secret.map(|secret| format!("/{secret}")).unwrap_or_default();
        let path = |query: &str| format!("/v1/hooks/tencent{path}?{query}");
        let (forged, foreign) = (query.replace("Sign=", "Sign=0"), query.replace("001&", "002&"));
        for (status, query) in [(200, &query), (401, &forged), (403, &foreign)] {
            seen.expect(status, stage.send(post(&path(query), None, &json!({}))).await);
        }
        let other = stage.send(get(&path(&query), None)).await;
        assert_eq!((other.status.as_u16(), other.header("allow")), (405, "POST"));
    }
}
