//! Answering again only what has changed.
//!
//! A tag is a digest of the answer, so that it holds in every process and after a restart. A digest of
//! what the answer was made from would not: the same rows are another snapshot in each process, and
//! neither a position nor a commit's number tells two snapshots apart, since some commits are not
//! stored, and a list that is loaded again counts from what was stored. So a process remembers
//! which answer it made from what, and a caller who has it gets 304 without another one being made.

use std::{
    collections::VecDeque,
    fmt::{self, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::Bytes,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    },
    response::{IntoResponse, Response},
};
use conv_api::store::Snapshot;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The number of answers from one snapshot that are remembered: a client has few queries.
const KEPT: usize = 16;
const JSON: &str = "application/json";
/// The client keeps the answer, and asks before each use of it.
const OF_A_LIST: &str = "private, no-cache";

type Tag = String;
type Sum = [u8; 32];

/// The tags of the answers from the newest snapshot of one list.
#[derive(Default)]
pub(super) struct Tags(Mutex<Option<Known>>);

struct Known {
    snapshot: Snapshot,
    /// By what was asked, and what is not in the snapshot. The newest is the last.
    tags: VecDeque<(Sum, Tag)>,
}

/// All that an answer depends on.
pub(super) struct Basis {
    snapshot: Snapshot,
    sum: Option<Sum>,
}

impl Basis {
    /// A snapshot, and what else the answer is made from.
    pub(super) fn new(snapshot: &Snapshot, rest: &impl Serialize) -> Self {
        let json = serde_json::to_vec(rest).ok();
        let sum = json.map(|json| Sha256::digest(json).into());
        Self { snapshot: snapshot.clone(), sum }
    }
}

impl Tags {
    /// Returns 304 if the caller has the answer that was made from this.
    pub(super) fn unchanged(&self, basis: &Basis, headers: &HeaderMap) -> Option<Response> {
        let tag = self.get(basis).filter(|tag| is_known(headers, tag))?;
        Some(tagged(StatusCode::NOT_MODIFIED.into_response(), &tag, OF_A_LIST))
    }

    /// Responds with an answer, and remembers what it was made from.
    pub(super) fn respond(&self, basis: Basis, json: Bytes, headers: &HeaderMap) -> Response {
        let tag = tag(&json);
        self.insert(basis, tag.clone());
        respond_with((JSON, json), &tag, headers, OF_A_LIST)
    }

    fn get(&self, basis: &Basis) -> Option<Tag> {
        let (known, sum) = (self.lock(), basis.sum?);
        let known = known.as_ref().filter(|known| known.snapshot.is_same(&basis.snapshot))?;
        known.tags.iter().find(|(of, _)| *of == sum).map(|(_, tag)| tag.clone())
    }

    fn insert(&self, basis: Basis, tag: Tag) {
        let Some(sum) = basis.sum else { return };
        let mut known = self.lock();
        match known.as_mut().filter(|known| known.snapshot.is_same(&basis.snapshot)) {
            Some(known) => {
                known.tags.retain(|(of, _)| *of != sum);
                known.tags.push_back((sum, tag));
                if known.tags.len() > KEPT {
                    known.tags.pop_front();
                }
            }
            None => *known = Some(Known { snapshot: basis.snapshot, tags: [(sum, tag)].into() }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Responds with JSON, or with 304 if the caller has it. The tag is weak, since the answer may be
/// compressed.
pub(super) fn respond(json: Bytes, headers: &HeaderMap, caching: &'static str) -> Response {
    respond_as(JSON, json, headers, caching)
}

/// Responds with bytes of a kind, or with 304 if the caller has them.
pub(super) fn respond_as(
    kind: &'static str,
    bytes: Bytes,
    headers: &HeaderMap,
    caching: &'static str,
) -> Response {
    let tag = tag(&bytes);
    respond_with((kind, bytes), &tag, headers, caching)
}

fn respond_with(
    (kind, bytes): (&'static str, Bytes),
    tag: &str,
    headers: &HeaderMap,
    caching: &'static str,
) -> Response {
    let response = if is_known(headers, tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, kind)], bytes).into_response()
    };
    tagged(response, tag, caching)
}

fn tagged(mut response: Response, tag: &str, caching: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(ETAG, tag);
    }
    response
}

fn tag(bytes: &[u8]) -> Tag {
    let mut tag = String::from("W/\"");
    for byte in Sha256::digest(bytes).iter().take(16) {
        // Writing to a `String` cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag + "\""
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .any(|known| matches!(known.trim(), "*") || known.trim() == tag)
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tags = self.lock().as_ref().map_or(0, |known| known.tags.len());
        f.debug_struct("Tags").field("tags", &tags).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use conv_model::{Conversation, ConversationId, SyncState};

    use super::*;

    #[test]
    fn a_tag_is_that_of_the_same_snapshot_and_question_alone() {
        let row = || Conversation::new(ConversationId::c2c("alice").unwrap());
        let [one, other] = [(); 2].map(|()| Snapshot::of([row()], SyncState::default()));
        let tags = Tags::default();
        let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static("*"))]);
        let is_known = |snapshot: &Snapshot, rest: &str| {
            tags.unchanged(&Basis::new(snapshot, &rest), &headers).is_some()
        };
        let answer = |snapshot: &Snapshot, rest: &str| {
            let json = Bytes::from(format!("answer to {rest}"));
            tags.respond(Basis::new(snapshot, &rest), json, &HeaderMap::new()).headers()[ETAG]
                .clone()
        };
        assert!(!is_known(&one, "a"));
        let tag = answer(&one, "a");
        assert!(is_known(&one, "a") && !is_known(&one, "b"));
        // The rows and the number of the commit are the same, and it is another list all the same.
        assert!(!is_known(&other, "a"));
        assert_eq!(answer(&other, "a"), tag, "in every process");
        assert!(!is_known(&one, "a"), "one snapshot is kept");
        for rest in 0..100 {
            answer(&one, &rest.to_string());
        }
        assert_eq!(tags.lock().as_ref().unwrap().tags.len(), KEPT);
    }
}
