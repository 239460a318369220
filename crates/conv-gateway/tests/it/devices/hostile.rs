//! A gateway that answers what it likes.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    response::{IntoResponse, Response},
};
use conv_api::{
    AccountId, SourceError, Timestamp, UserSigSigner,
    sync::{ChangesRequest, ConversationSource, PullRequest},
};
use conv_gateway::GatewaySource;
use conv_model::Cursor;
use proptest::prelude::*;

const KEY: &str = "5f0d8a4b2c6e1f3a7d9b0c4e8f2a6d1b3c5e7f9a0b2d4c6e8f1a3b5d7c9e0f2a";
const LOGIN: &str = r#"{"code":0,"data":{"accessToken":"t0ken-that-is-secret","expiresAt":1900000900,"loginEndsAt":1900086400,"account":"alice","serverTime":1900000000}}"#;

async fn gateway(
    answer: impl Fn(&str) -> Response + Clone + Send + Sync + 'static,
) -> GatewaySource {
    let router =
        Router::new().fallback(async move |request: Request<Body>| match request.uri().path() {
            "/v1/login" | "/v1/login/renew" => LOGIN.into_response(),
            path => answer(path),
        });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let user_sig = async |account: AccountId| {
        let now = Timestamp::from_secs(1_900_000_000);
        UserSigSigner::new(account.as_str(), KEY).sign(1_400_000_000, now, Duration::from_secs(60))
    };
    GatewaySource::new(&url, move |account| {
        let sig = user_sig;
        async move { sig(account).await }
    })
    .unwrap()
}

fn page() -> PullRequest {
    PullRequest::new("alice".parse().unwrap(), None, 100)
}

fn since() -> ChangesRequest {
    ChangesRequest::new("alice".parse().unwrap(), Cursor::new("00000000000000ff.17"))
}

#[tokio::test]
async fn answers_that_are_no_lists_are_errors_without_a_secret() {
    for body in [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"code":0,"data":null}"#,
        r#"{"code":0,"data":{"conversationList":7}}"#,
        r#"{"code":0,"data":{"type":"changes","position":"t0ken-that-is-secret"}}"#,
        r#"{"code":0,"data":{"conversationList":[],"position":"t0ken-that-is-secret"}}"#,
    ] {
        let source = gateway(move |_| body.into_response()).await;
        for error in
            [source.pull(&page()).await.unwrap_err(), source.changes(&since()).await.unwrap_err()]
        {
            assert!(matches!(error, SourceError::Protocol { .. }), "{body}: {error:?}");
            let shown = format!("{error} {error:?} {source:?}");
            assert!(!shown.contains("t0ken") && !shown.contains("127.0.0.1"), "{shown}");
        }
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_given_up() {
    let source = gateway(|_| {
        let piece = || Ok::<_, std::io::Error>(axum::body::Bytes::from(vec![b' '; 64 * 1024]));
        let endless = futures_util::stream::iter(std::iter::repeat_with(piece));
        Body::from_stream(endless).into_response()
    })
    .await;
    let error = source.pull(&page()).await.unwrap_err();
    assert!(matches!(error, SourceError::Protocol { .. }), "{error:?}");
}

#[tokio::test]
async fn a_token_that_is_always_refused_is_asked_for_twice_and_not_for_ever() {
    let source = gateway(|_| {
        let body = r#"{"code":2024,"class":"auth","message":"t0ken-that-is-secret is bad"}"#;
        (StatusCode::UNAUTHORIZED, body).into_response()
    })
    .await;
    let error = source.pull(&page()).await.unwrap_err();
    assert_eq!(error.number(), 2024);
    assert!(!format!("{error:?}").contains("t0ken"));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_skipped_and_the_rest_is_there() {
    let body = r#"{"code":0,"data":{"conversationList":[
        {"conversationID":"C2Calice","type":"C2C"},
        {"conversationID":"C2Cbob","type":"GROUP"},
        7],"position":null,"next":null,"totals":{"conversations":3},
        "report":{"coverage":"newWord","limit":["odd",{"capped":5}],"asOf":"x","skipped":[1]}}}"#;
    let source = gateway(move |_| body.into_response()).await;
    let page = source.pull(&page()).await.unwrap();
    assert_eq!((page.rows.len(), page.skipped.len()), (1, 2));
    assert_eq!(page.skipped[0].id.as_ref().unwrap().as_str(), "C2Cbob");
    let upstream = page.upstream.unwrap();
    assert_eq!((upstream.limit.len(), upstream.conversations), (1, Some(3)));
    assert_ne!(upstream.coverage, conv_model::Coverage::Complete);
}

#[tokio::test]
async fn changes_to_an_older_place_do_not_follow() {
    let answer = async |position: &str| {
        let body = format!(
            r#"{{"code":0,"data":{{"type":"changes","rows":[],"removed":[],"position":"{position}"}}}}"#
        );
        let source = gateway(move |_| body.clone().into_response()).await;
        source.changes(&since()).await
    };
    let error = answer("00000000000000ff.16").await.unwrap_err();
    assert!(matches!(error, SourceError::CursorExpired), "{error:?}");
    // While a gateway shows rows that events stated, it counts in another epoch.
    assert!(answer("00000000000000fe.1").await.is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_is_a_panic(status in 200..600_u16, body in any::<Vec<u8>>(), cut in 0..400_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let mut bytes = br#"{"code":0,"data":{"type":"changes","conversationList":[{"conversationID":"C2Ca","type":"C2C"}],"rows":[],"removed":["x"],"position":"00000000000000ff.18","report":{"coverage":"complete"}}}"#.to_vec();
            bytes.truncate(cut);
            bytes.extend(&body);
            let status = StatusCode::from_u16(status).unwrap();
            let source = gateway(move |_| (status, bytes.clone()).into_response()).await;
            let _ = source.pull(&page()).await;
            let _ = source.changes(&since()).await;
        });
    }
}
