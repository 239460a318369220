//! Signed calls, and that no printed text holds a secret.

use std::{
    cell::RefCell,
    error::Error,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use conv_model::{ErrorClass, Timestamp};
use conv_sync::{
    BaseUrl, ConversationSource, Region, RestSource, Retry, Signer, SignerError, SourceError,
    UserSig, UserSigSigner,
};

use crate::{
    cloud::{ADMIN, APP, Answer, Cloud, DATE_SECS, KEY, http, json},
    rest_wire::{EMPTY, request, shown},
};

#[tokio::test]
async fn an_expired_user_sig_is_replaced_for_the_next_call() {
    for code in [70001, 70003, 70013] {
        let refused = format!(r#"{{"ActionStatus":"FAIL","ErrorCode":{code},"ErrorInfo":""}}"#);
        let cloud = Cloud::of_json([EMPTY, &refused, EMPTY]).await;
        let source = cloud.source();
        source.pull(&request()).await.unwrap();
        let error = source.pull(&request()).await.unwrap_err();
        assert_eq!(error.code(), Some(code));
        source.pull(&request()).await.unwrap();
        let sigs: Vec<_> = cloud
            .requests()
            .iter()
            .map(|request| UserSig::parse(request.query("usersig")).unwrap())
            .collect();
        assert_eq!(sigs[0].expose(), sigs[1].expose());
        assert_ne!(sigs[1].expose(), sigs[2].expose());
        // By the device's clock at first, by the cloud's once that is known.
        assert!(sigs[0].claims().issued_at > Timestamp::from_secs(DATE_SECS + 1_000_000));
        let by_cloud = sigs[2].claims().issued_at.as_secs() - DATE_SECS;
        assert!(by_cloud < 5, "{by_cloud}");
    }
}

#[tokio::test]
async fn two_calls_with_one_expired_user_sig_are_both_worth_another_try() {
    let expired = r#"{"ActionStatus":"FAIL","ErrorCode":70001,"ErrorInfo":""}"#;
    // Twice: a pass may outlive more than one.
    let cloud = Cloud::of_json([EMPTY, expired, expired, EMPTY, expired, EMPTY]).await;
    let source = cloud.source();
    source.pull(&request()).await.unwrap();
    let asked = request();
    let (one, two) = tokio::join!(source.pull(&asked), source.pull(&asked));
    for error in [one.unwrap_err(), two.unwrap_err()] {
        assert_eq!((error.code(), error.retry()), (Some(70001), Retry::Reauthenticate));
    }
    source.pull(&request()).await.unwrap();
    assert_eq!(source.pull(&request()).await.unwrap_err().retry(), Retry::Reauthenticate);
    source.pull(&request()).await.unwrap();
}

#[tokio::test]
async fn a_fresh_user_sig_that_is_refused_is_not_worth_another_try() {
    let expired = r#"{"ActionStatus":"FAIL","ErrorCode":70001,"ErrorInfo":""}"#;
    let cloud = Cloud::of_json([expired, expired, expired]).await;
    let source = cloud.source();
    // The device's clock is not the cloud's: the first refusal says so.
    assert_eq!(source.pull(&request()).await.unwrap_err().retry(), Retry::Reauthenticate);
    for _ in 0..2 {
        let error = source.pull(&request()).await.unwrap_err();
        assert_eq!((error.code(), error.retry()), (Some(70001), Retry::Never));
    }
}

#[tokio::test]
async fn other_errors_leave_the_user_sig_alone() {
    let busy = r#"{"ActionStatus":"FAIL","ErrorCode":60007,"ErrorInfo":""}"#;
    let calls = Arc::new(AtomicU32::new(0));
    let cloud = Cloud::of_json([EMPTY, busy, EMPTY]).await;
    let signer = Provider { calls: Arc::clone(&calls), fails: false };
    let source = RestSource::new(cloud.base.parse::<BaseUrl>().unwrap(), APP, signer);
    for _ in 0..3 {
        let _ = source.pull(&request()).await;
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

/// A key server, as an embedder may have one.
#[derive(Debug)]
struct Provider {
    calls: Arc<AtomicU32>,
    fails: bool,
}

#[derive(Debug)]
struct KeyServerDown;

impl fmt::Display for KeyServerDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("key server is down")
    }
}

impl Error for KeyServerDown {}

#[async_trait]
impl Signer for Provider {
    fn identifier(&self) -> &str {
        ADMIN
    }

    async fn user_sig(&self, app: u32, now: Timestamp) -> Result<UserSig, SignerError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self.fails {
            return Err(KeyServerDown.into());
        }
        let text = UserSigSigner::new(ADMIN, KEY).sign(app, now, Duration::from_secs(3600))?;
        Ok(UserSig::parse(text.expose())?)
    }
}

#[tokio::test]
async fn an_embedders_signer_that_fails_is_told_apart() {
    let cloud = Cloud::of_json([EMPTY]).await;
    let signer = Arc::new(Provider { calls: Arc::default(), fails: true });
    let source = RestSource::new(cloud.base.parse::<BaseUrl>().unwrap(), APP, signer);
    let error = source.pull(&request()).await.unwrap_err();
    assert!(matches!(error, SourceError::Signer(_)));
    assert_eq!((error.class(), error.retry()), (ErrorClass::Auth, Retry::Never));
    assert_eq!(error.source().unwrap().to_string(), "key server is down");
    assert!(cloud.requests().is_empty());

    let bad = RestSource::new(Region::Tokyo, APP, UserSigSigner::new("", KEY));
    let error = bad.pull(&request()).await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("identifier"), "{error:?}");
}

#[tokio::test]
async fn no_error_and_no_trace_holds_a_secret() {
    tracing::subscriber::set_global_default(Tracer).unwrap();
    let Answer::Bytes(bytes) = json(EMPTY) else { unreachable!() };
    let mut seen = String::new();
    for answer in [
        Answer::EchoQuery,
        json("nonsense"),
        json(r#"{"ErrorCode":0,"CompleteFlag":0}"#),
        json(r#"{"ErrorCode":60007,"ErrorInfo":"slow down"}"#),
        http("502 Bad Gateway", "", b"<html>"),
        http("302 Found", "Location: ftp://x y\r\n", b""),
        http("bad status", "", b""),
        Answer::Bytes(b"no HTTP at all\r\n\r\n".to_vec()),
        Answer::Bytes(vec![]),
        Answer::Bytes(bytes[..bytes.len() - 3].to_vec()),
        Answer::Stall(bytes[..50].to_vec()),
        Answer::Reset(vec![]),
        Answer::Reset(bytes[..bytes.len() - 3].to_vec()),
        Answer::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
        Answer::Endless(b"HTTP/1.1 200 OK\r\nX: ".to_vec()),
    ] {
        let cloud = Cloud::new([answer]).await;
        let source = cloud.builder().timeout(Duration::from_millis(700)).build();
        let error = source.pull(&request()).await.unwrap_err();
        let text = format!("{} {source:?} {source:#?}", shown(&error));
        let requests = cloud.requests();
        let user_sig = requests[0].query("usersig");
        assert!(user_sig.len() > 100);
        for secret in [user_sig, &user_sig[..40], KEY] {
            assert!(!text.contains(secret), "{text}");
            assert!(!traced().contains(secret));
        }
        seen += &text;
    }
    let nowhere: BaseUrl = "http://127.0.0.1:1".parse().unwrap();
    let source = RestSource::builder(nowhere, APP, UserSigSigner::new(ADMIN, KEY)).build();
    seen += &shown(&source.pull(&request()).await.unwrap_err());
    for text in [seen, traced()] {
        assert!(!text.contains("canary") && !text.contains("usersig=eJ"), "{text}");
        assert!(!text.contains("user_0001"), "{text}");
    }
    assert!(traced().contains("recentcontact/get_list"));
    assert!(traced().contains("code=60007"));
}

thread_local! {
    /// All that this thread's test has traced.
    static TRACED: RefCell<String> = const { RefCell::new(String::new()) };
}

fn traced() -> String {
    TRACED.with_borrow(String::clone)
}

/// Records all traces. Set for the whole process: one set for a thread misses the spans that
/// another thread met first.
struct Tracer;

impl tracing::field::Visit for Tracer {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        TRACED.with_borrow_mut(|text| *text += &format!(" {field}={value:?}"));
    }
}

impl tracing::Subscriber for Tracer {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut Self);
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut Self);
    }

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Self);
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}
