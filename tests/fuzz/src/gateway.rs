//! A gateway over a small list, and what holds for each of its answers.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header::CONTENT_TYPE},
};
use conv_api::{
    Accounts, MemoryDatabase, Timestamp, UserSigSigner,
    testing::{ScriptedSource, sync::ScriptedWriter},
};
use conv_gateway::{AccessTokens, Gateway};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

pub(super) const APP: u32 = 1_400_000_000;
pub(super) const KEY: &str = "a made-up key";
pub(super) const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

pub(super) struct Stage {
    runtime: Runtime,
    router: Router,
    token: String,
}

pub(super) fn tokens() -> AccessTokens {
    AccessTokens::new(APP, KEY).unwrap().administrators(["administrator"])
}

pub(super) fn token() -> String {
    let day = std::time::Duration::from_secs(86_400);
    let sig = UserSigSigner::new("alice", KEY).sign(APP, NOW, day).unwrap();
    tokens().login("alice", sig.expose(), NOW).unwrap().expose().to_owned()
}

impl Stage {
    /// A list of five rows, read.
    pub(super) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let router = runtime.block_on(async {
            let source = Arc::new(ScriptedSource::with_rows(5));
            let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), source)
                .writer(Arc::new(ScriptedWriter::default()))
                .build();
            let list = accounts.open(&"alice".parse().unwrap()).await.unwrap();
            list.sync().await.unwrap();
            let often = (u32::MAX.try_into().unwrap(), std::time::Duration::from_secs(1));
            let gateway = Gateway::builder(accounts, tokens()).requests(often.0, often.1);
            gateway.login_failures(u32::MAX).clock(|| NOW).build().router()
        });
        Self { runtime, router, token: token() }
    }

    /// The status and the JSON of an answer; `None` if there cannot be such a request.
    pub(super) fn answer(&self, method: &str, uri: &str, body: &[u8]) -> Option<(u16, Value)> {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("authorization", format!("Bearer {}", self.token))
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_vec()))
            .ok()?;
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (head, body) = response.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.unwrap();
            let json: Value = serde_json::from_slice(&bytes).unwrap();
            let status = head.status.as_u16();
            let kind = head.headers[CONTENT_TYPE].to_str().unwrap();
            is_answer(status, kind, &json);
            Some((status, json))
        })
    }
}

fn is_answer(status: u16, kind: &str, json: &Value) {
    match status {
        200 => {
            assert_eq!((kind, &json["code"]), ("application/json", &Value::from(0)));
            assert!(!json["data"].is_null());
        }
        400..500 => {
            assert_eq!((kind, &json["status"]), ("application/problem+json", &status.into()));
            assert!(json["code"].as_i64().is_some_and(|code| code != 0), "{json}");
            let words = json["message"].as_str().unwrap();
            assert_eq!(json["detail"], words);
        }
        status => panic!("{status}: {json}"),
    }
}
