//! The inbox page: its files, its headers, and where it is not.

use std::{io::Write, path::PathBuf};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use conv_gateway::Inbox;
use flate2::{Compression, write::GzEncoder};
use tower::ServiceExt;

use super::stage::Stage;

const FILES: [(&str, &str, &str); 3] = [
    ("/inbox/", "index.html", "text/html; charset=utf-8"),
    ("/inbox/inbox.css", "inbox.css", "text/css; charset=utf-8"),
    ("/inbox/inbox.js", "inbox.js", "text/javascript; charset=utf-8"),
];

/// The maximum bytes of the page on its way, all files together.
const MAX_GZIP: usize = 25 * 1024;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("inbox").join(name)).unwrap()
}

async fn ask(
    router: &Router,
    path: &str,
    header: (&str, &str),
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = Request::get(path).header(header.0, header.1).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap().to_vec())
}

const PLAIN: (&str, &str) = ("accept", "*/*");

#[tokio::test]
async fn there_is_no_inbox_unless_it_is_asked_for() {
    let stage = Stage::new().await;
    for (path, ..) in FILES {
        assert_eq!(ask(&stage.router, path, PLAIN).await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn each_file_is_served_as_it_is_with_the_headers_that_guard_it() {
    let stage = Stage::with(|builder| builder.inbox(Inbox::default())).await;
    for (path, name, kind) in FILES {
        let (status, headers, bytes) = ask(&stage.router, path, PLAIN).await;
        assert_eq!((status, bytes), (StatusCode::OK, file(name)), "{path}");
        let is = |name: &str, value: &str| assert_eq!(headers[name], value, "{path} {name}");
        is("content-type", kind);
        is("cache-control", "no-cache");
        is("x-content-type-options", "nosniff");
        is("referrer-policy", "no-referrer");
        is("x-frame-options", "DENY");
        is(
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
             img-src https: data:; base-uri 'none'; form-action 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'none'",
        );
        assert!(!headers.contains_key("set-cookie") && headers.contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn a_file_that_the_browser_has_is_not_sent_again() {
    let stage = Stage::with(|builder| builder.inbox(Inbox::default())).await;
    let mut tags = Vec::new();
    for (path, ..) in FILES {
        let (_, headers, _) = ask(&stage.router, path, PLAIN).await;
        let tag = headers["etag"].to_str().unwrap().to_owned();
        let (status, headers, bytes) = ask(&stage.router, path, ("if-none-match", &tag)).await;
        assert_eq!((status, bytes.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
        assert!(headers.contains_key("content-security-policy"));
        tags.push(tag);
    }
    tags.dedup();
    assert_eq!(tags.len(), FILES.len());
}

#[tokio::test]
async fn no_path_below_leads_to_another_file() {
    let stage = Stage::with(|builder| builder.inbox(Inbox::default())).await;
    for path in [
        "/inbox",
        "/inbox/index.html",
        "/inbox/package.json",
        "/inbox/src/main.js",
        "/inbox/../Cargo.toml",
        "/inbox/..%2f..%2fCargo.toml",
        "/inbox/%2e%2e/Cargo.toml",
        "/inbox//etc/passwd",
        "/inbox/inbox.js/",
    ] {
        let (status, headers, _) = ask(&stage.router, path, PLAIN).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(!headers.contains_key("location"), "{path}");
    }
}

#[tokio::test]
async fn it_fits_any_prefix_and_frames_that_the_embedder_names() {
    let inbox = Inbox::default().frame_ancestors(["https://desk.example.com"]);
    let stage = Stage::with(|builder| builder.inbox(inbox)).await;
    let router = Router::new().nest("/chat", stage.gateway.router());
    let (status, headers, _) = ask(&router, "/chat/inbox/", PLAIN).await;
    assert_eq!(status, StatusCode::OK);
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("; frame-ancestors https://desk.example.com"), "{policy}");
    assert!(!headers.contains_key("x-frame-options"));
    let (status, ..) = ask(&router, "/chat/inbox/inbox.js", PLAIN).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn the_page_is_small_on_its_way() {
    let stage = Stage::with(|builder| builder.inbox(Inbox::default())).await;
    let (_, headers, sent) =
        ask(&stage.router, "/inbox/inbox.js", ("accept-encoding", "gzip")).await;
    assert_eq!(headers["content-encoding"], "gzip");
    assert!(sent.len() < file("inbox.js").len());
    let mut sum = 0;
    for (_, name, _) in FILES {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&file(name)).unwrap();
        sum += gzip.finish().unwrap().len();
    }
    assert!(sum <= MAX_GZIP, "{sum} bytes");
}

#[test]
fn the_page_has_no_inline_code_and_nothing_of_another_origin() {
    let html = String::from_utf8(file("index.html")).unwrap();
    for inline in ["style=", "<style", "http:", "https:", "javascript:"] {
        assert!(!html.contains(inline), "{inline}");
    }
    let handlers = html.split(" on").skip(1).filter(|rest| {
        let name = rest.find(|c: char| !c.is_ascii_lowercase());
        name.is_some_and(|end| rest[end..].starts_with('='))
    });
    assert_eq!(handlers.count(), 0);
    assert_eq!(html.matches("<script").count(), 1);
    assert!(html.contains(r#"<script type="module" src="inbox.js"></script>"#));
}
