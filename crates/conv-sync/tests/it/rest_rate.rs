//! The calls of a source to its rate limiter.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use conv_model::Facet;
use conv_sync::{ConversationSource, HydrateRequest, RateLimiter, RestSource, SourceError};

use crate::{
    cloud::{APP, Answer, Cloud, http, json},
    rest_samples::{account, ids},
    rest_wire::{EMPTY, request},
    write_wire::{DONE, pin, write},
};

const LIST: &str = "recentcontact/get_list";

/// Records its calls.
#[derive(Debug, Default)]
struct Noting {
    asked: Mutex<Vec<(u32, String)>>,
    held: Mutex<Vec<(String, Duration)>>,
    wait: Duration,
    fails: bool,
}

#[async_trait]
impl RateLimiter for Noting {
    async fn acquire(&self, app: u32, command: &str) -> Result<(), SourceError> {
        self.asked.lock().unwrap().push((app, command.to_owned()));
        if !self.wait.is_zero() {
            tokio::time::pause();
            tokio::time::advance(self.wait).await;
            tokio::time::resume();
        }
        match self.fails {
            true => Err(SourceError::network("rate limiter")),
            false => Ok(()),
        }
    }

    async fn hold_back(&self, app: u32, command: &str, pause: Duration) {
        assert_eq!(app, APP);
        self.held.lock().unwrap().push((command.to_owned(), pause));
    }
}

fn source(cloud: &Cloud, limiter: Noting) -> (RestSource, Arc<Noting>) {
    let limiter = Arc::new(limiter);
    (cloud.builder().rate_limiter(limiter.clone()).build(), limiter)
}

#[tokio::test]
async fn every_call_asks_by_its_command() {
    let named = r#"{"ErrorCode":0,"UserProfileItem":[{"To_Account":"a","ResultCode":0}]}"#;
    let cloud = Cloud::of_json([EMPTY, named, DONE]).await;
    let (source, limiter) = source(&cloud, Noting::default());
    source.pull(&request()).await.unwrap();
    let hydrate = HydrateRequest::new(account(), Facet::Profile, ids(["C2Ca"]));
    source.hydrate(&hydrate).await.unwrap();
    write(&source, pin(["C2Ca"], true)).await.unwrap();
    let expected = [LIST, "profile/portrait_get", "recentcontact/top"];
    assert_eq!(*limiter.asked.lock().unwrap(), expected.map(|command| (APP, command.to_owned())));
    assert!(limiter.held.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_call_that_is_one_too_many_holds_back_the_following() {
    let refused = |code: i32| json(&format!(r#"{{"ErrorCode":{code},"ErrorInfo":""}}"#));
    let busy = |headers: &str| http("429 Too Many Requests", headers, b"");
    let cases: Vec<(Answer, Option<u64>)> = vec![
        (refused(60007), Some(1)),
        (refused(60011), Some(1)),
        (refused(60018), Some(1)),
        (refused(60019), Some(1)),
        (refused(60022), Some(1)),
        (refused(10006), Some(1)),
        (refused(10023), Some(1)),
        (busy(""), Some(1)),
        (busy("Retry-After: 0\r\n"), Some(1)),
        (busy("Retry-After: 4\r\n"), Some(4)),
        (busy("Retry-After: 3600\r\n"), Some(10)),
        (refused(60008), None),
        (refused(70003), None),
        (http("503 Service Unavailable", "Retry-After: 4\r\n", b""), None),
        (json("nonsense"), None),
    ];
    for (at, (answer, seconds)) in cases.into_iter().enumerate() {
        let cloud = Cloud::new([answer]).await;
        let (source, limiter) = source(&cloud, Noting::default());
        source.pull(&request()).await.unwrap_err();
        let expected = seconds.map(|seconds| (LIST.to_owned(), Duration::from_secs(seconds)));
        assert_eq!(*limiter.held.lock().unwrap(), Vec::from_iter(expected), "{at}");
    }
}

#[tokio::test]
async fn a_limiter_that_cannot_be_reached_fails_the_call_unmade() {
    let cloud = Cloud::of_json([EMPTY]).await;
    let (source, _) = source(&cloud, Noting { fails: true, ..Noting::default() });
    let error = source.pull(&request()).await.unwrap_err();
    assert!(error.is_unsent(), "{error:?}");
    assert!(cloud.requests().is_empty());
}

#[tokio::test]
async fn waiting_for_ones_turn_does_not_time_out() {
    let cloud = Cloud::of_json([EMPTY]).await;
    let wait = Duration::from_secs(3600);
    let (source, _) = source(&cloud, Noting { wait, ..Noting::default() });
    source.pull(&request()).await.unwrap();
}
