//! The callers that are let in, and the largest call.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::body::{Body, Bytes};
use conv_gateway::webhook::ANSWER;
use futures_util::{StreamExt, stream};

use super::stage::{NOW, Plan, Stage};

const READ: &str = "C2C.CallbackAfterMsgReport";
const BODY: &str = r#"{"Report_Account":"alice","Peer_Account":"bob","LastReadTime":1700000000}"#;

/// W4: a call without the proof of its app is refused, and counted by its reason.
#[tokio::test]
async fn a_call_without_a_proof_is_refused() {
    let stage = Stage::new().await;
    let path = |query: &str| format!("/v1/hooks/tencent?{query}");
    let good = stage.query(READ);
    let app = stage.cloud.sdk_app_id();
    let unsigned = format!("SdkAppid={app}&CallbackCommand={READ}");
    let last = good.chars().last().unwrap();
    let flipped = format!("{}{}", &good[..good.len() - 1], if last == '0' { '1' } else { '0' });
    for (query, status, reason) in [
        (unsigned.clone(), 401, "no_sign"),
        (flipped, 401, "bad_sign"),
        (good.replace(&NOW.to_string(), &(NOW + 1).to_string()), 401, "bad_sign"),
        (stage.query_at(READ, NOW - 120), 401, "stale"),
        (stage.query_at(READ, NOW + 120), 401, "future"),
        (format!("{good}&Sign=00"), 403, "doubled_name"),
        (format!("{good}&sIGN=00"), 403, "doubled_name"),
        (good.replace(&app.to_string(), "1400000001"), 403, "wrong_app"),
        (good.replace("SdkAppid", "App"), 403, "no_app"),
        (format!("{good}&x={}", "y".repeat(4096)), 403, "query_too_long"),
        (good.replace("&RequestTime=", "&RequestTime=+"), 401, "bad_time"),
        (String::new(), 403, "no_app"),
    ] {
        let before = stage.refusals(reason);
        assert_eq!(stage.refused("POST", &path(&query)).await, status, "{query}");
        assert_eq!(stage.refusals(reason), before + 1, "{query}");
    }
    assert!(stage.outcomes().is_empty());
    assert!(stage.stats().last_events.is_empty());
    // Names in another case, and a clock a minute off, are fine.
    stage.let_in(&good.replace("SdkAppid", "sdkappid"), BODY).await;
    for time in [NOW - 60, NOW + 60] {
        stage.let_in(&stage.query_at(READ, time), BODY).await;
    }
}

/// W4: a secret in the path is asked for beside the signature.
#[tokio::test]
async fn a_secret_in_the_path_is_asked_for_too() {
    let stage = Stage::with(Plan { secret: Some("s3cret"), ..Plan::default() }).await;
    let query = stage.query(READ);
    for path in ["", "/", "/s3cre", "/s3crets", "/S3CRET", "/%ff"] {
        let path = format!("/v1/hooks/tencent{path}?{query}");
        if path.contains("tencent/?") {
            continue; // No such path.
        }
        assert_eq!(stage.refused("POST", &path).await, 403, "{path}");
    }
    assert_eq!(stage.refusals("path"), 5);
    assert_eq!(stage.refused("POST", "/v1/hooks/tencent/s3cret?SdkAppid=1").await, 403);
    let let_in = stage.call("POST", &format!("/v1/hooks/tencent/s3cret?{query}"), BODY).await;
    assert_eq!(let_in.1, ANSWER);
    let open = Stage::new().await;
    let path = format!("/v1/hooks/tencent/s3cret?{}", open.query(READ));
    assert_eq!(open.refused("POST", &path).await, 403);
}

/// W3: POST alone.
#[tokio::test]
async fn other_methods_are_refused() {
    let stage = Stage::new().await;
    let path = format!("/v1/hooks/tencent?{}", stage.query(READ));
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        assert_eq!(stage.refused(method, &path).await, 405, "{method}");
    }
    assert_eq!(stage.refusals("method"), 5);
}

/// A body of so many chunks of 64 KiB, and the number of those that were taken.
fn chunks(count: usize) -> (Body, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    let chunks = stream::iter(0..count).map(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok::<_, Infallible>(Bytes::from(vec![b' '; 64 << 10]))
    });
    (Body::from_stream(chunks), taken)
}

/// W3: no more than a megabyte is taken of a body, and the answer is that of any other.
#[tokio::test]
async fn a_body_of_20_mib_is_answered_and_not_read() {
    let stage = Stage::new().await;
    let (body, taken) = chunks(320);
    stage.event(READ, body).await;
    assert!(taken.load(Ordering::Relaxed) <= 17, "{taken:?}");
    // Nor of one without a signature.
    let (body, taken) = chunks(320);
    let refused = stage.call("POST", "/v1/hooks/tencent?SdkAppid=1", body).await;
    assert_eq!((refused.0.as_u16(), taken.load(Ordering::Relaxed)), (403, 0));
    let expected = [("unreadable".to_owned(), 1), ("?too_large".to_owned(), 1)];
    assert_eq!(stage.outcomes(), expected.into());
}

/// W1: a body that does not come keeps no call for longer than the cloud waits.
#[tokio::test]
async fn a_body_that_does_not_come_is_answered() {
    let stage = Stage::new().await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let endless = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    stage.event(READ, endless).await;
    assert!(begun.elapsed() < Duration::from_secs(3));
    let broken = stream::iter([Ok(Bytes::from_static(b"{")), Err("broken off")]);
    stage.event(READ, Body::from_stream(broken)).await;
    let expected = [("unreadable", 2), ("?late", 1), ("?broken_off", 1)];
    assert_eq!(stage.outcomes(), expected.map(|(what, n)| (what.to_owned(), n)).into());
}

/// The endpoint is there only if it was asked for.
#[tokio::test]
async fn without_a_verifier_there_is_no_endpoint() {
    let stage = crate::server::stage::Stage::new().await;
    let request = crate::server::stage::post("/v1/hooks/tencent", None, &serde_json::json!({}));
    assert_eq!(stage.send(request).await.refusal(), (404, 2997));
}
