//! The inbox: a page for people, three files that are served as they are.

use std::{fmt::Write, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY},
    },
    middleware::{from_fn_with_state, map_response},
    response::Response,
    routing::get,
};

use super::{etag, request::observe, routes::compression, shared::Shared};

/// The page that [`GatewayBuilder::inbox`](crate::GatewayBuilder::inbox) serves at `/inbox/`.
///
/// It keeps tokens in memory alone, and shows names and texts as text. Avatars are loaded by the browser,
/// from `https:` and without a referrer.
#[derive(Clone, Debug, Default)]
#[must_use = "does nothing before it is given to a builder"]
pub struct Inbox {
    ancestors: Vec<String>,
}

impl Inbox {
    /// Lets pages of these origins show the inbox in a frame, such as `https://desk.example.com`; none by
    /// default. A text that is no origin of the form `scheme://host` is left out.
    pub fn frame_ancestors(mut self, origins: impl IntoIterator<Item: Into<String>>) -> Self {
        let origins = origins.into_iter().map(Into::into).filter(|origin| is_origin(origin));
        self.ancestors.extend(origins);
        self
    }

    /// The content security policy. It has no exception for inline code, and strings never become code.
    fn policy(&self) -> String {
        let mut policy = String::from(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
             img-src https: data:; base-uri 'none'; form-action 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors",
        );
        if self.ancestors.is_empty() {
            policy.push_str(" 'none'");
        }
        for ancestor in &self.ancestors {
            // Writing to a `String` cannot fail.
            let _ = write!(policy, " {ancestor}");
        }
        policy
    }
}

/// A text with other characters could end the directive and begin another.
fn is_origin(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ":/.-[]".contains(c);
    text.contains("://") && text.chars().all(is_plain)
}

const HTML: (&str, &[u8]) = ("text/html; charset=utf-8", include_bytes!("../../inbox/index.html"));
const CSS: (&str, &[u8]) = ("text/css; charset=utf-8", include_bytes!("../../inbox/inbox.css"));
const SCRIPT: (&str, &[u8]) =
    ("text/javascript; charset=utf-8", include_bytes!("../../inbox/inbox.js"));

/// The paths of the files; every other path is the embedder's.
pub(super) fn router(shared: &Arc<Shared>, inbox: &Inbox) -> Router {
    let policy = HeaderValue::try_from(inbox.policy()).ok();
    let is_framed = !inbox.ancestors.is_empty();
    let file = |(kind, bytes): (&'static str, &'static [u8])| {
        get(move |headers: HeaderMap| async move {
            etag::respond_as(kind, Bytes::from_static(bytes), &headers, "no-cache")
        })
    };
    Router::new()
        .route("/inbox/", file(HTML))
        .route("/inbox/inbox.css", file(CSS))
        .route("/inbox/inbox.js", file(SCRIPT))
        .layer(compression())
        .layer(map_response(move |response: Response| {
            let policy = policy.clone();
            async move { guarded(response, policy, is_framed) }
        }))
        .layer(from_fn_with_state(Arc::clone(shared), observe))
}

const FRAME_OPTIONS: HeaderName = HeaderName::from_static("x-frame-options");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Sets what keeps other sites away from the page. `nosniff` is set on every answer.
fn guarded(mut response: Response, policy: Option<HeaderValue>, is_framed: bool) -> Response {
    let headers = response.headers_mut();
    if let Some(policy) = policy {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    if !is_framed {
        // For browsers that do not know `frame-ancestors`.
        headers.insert(FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ancestor_cannot_begin_another_directive() {
        let inbox = Inbox::default().frame_ancestors([
            "https://desk.example.com",
            "https://a.example; script-src *",
            "https://b.example https://c.example",
            "*",
        ]);
        assert!(inbox.policy().ends_with("; frame-ancestors https://desk.example.com"));
        assert!(Inbox::default().policy().ends_with("; frame-ancestors 'none'"));
    }
}
