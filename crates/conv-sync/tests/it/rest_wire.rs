//! Requests and replies on the wire, and the errors of bad replies.

use std::{
    error::Error,
    io,
    time::{Duration, Instant},
};

use conv_model::{AccountId, ErrorClass};
use conv_sync::{
    BaseUrl, ConversationSource, PullRequest, RestSource, Retry, SourceError, UserSig,
    UserSigSigner, UserSigVerifier,
};

use crate::cloud::{ADMIN, APP, Answer, Cloud, DATE, DATE_SECS, End, KEY, OneEach, http, json};

pub const EMPTY: &str =
    r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","SessionItem":[],"CompleteFlag":1}"#;

pub fn request() -> PullRequest {
    let account: AccountId = "user_0001".parse().unwrap();
    PullRequest::new(account, None, 100)
}

async fn error_of(answer: Answer) -> SourceError {
    let cloud = Cloud::new([answer]).await;
    cloud.source().pull(&request()).await.unwrap_err()
}

#[track_caller]
fn is_protocol(error: &SourceError, what: &str) {
    let SourceError::Protocol { what: said } = error else { panic!("{error:?}") };
    assert!(said.contains(what), "{said}");
    assert_eq!(error.retry(), Retry::BackOff);
}

/// All that an error can print.
pub fn shown(error: &SourceError) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(" {error} {error:?}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn a_call_has_the_documented_envelope() {
    let cloud = Cloud::of_json([EMPTY, EMPTY]).await;
    let source = cloud.source();
    for _ in 0..2 {
        source.pull(&request()).await.unwrap();
    }
    let [first, second] = &cloud.requests()[..] else { panic!() };
    let (path, query) = first.target().split_once('?').unwrap();
    assert_eq!(path, "/v4/recentcontact/get_list");
    let names: Vec<_> = query.split('&').map(|pair| pair.split_once('=').unwrap().0).collect();
    assert_eq!(names, ["sdkappid", "identifier", "usersig", "random", "contenttype"]);
    assert_eq!(first.query("sdkappid"), "1400000000");
    assert_eq!(first.query("identifier"), "admin%20name%2B%2F%3D~");
    assert_eq!(first.query("contenttype"), "json");
    first.query("random").parse::<u32>().unwrap();
    assert_ne!(first.query("random"), second.query("random"));
    assert!(first.head.starts_with("POST "));
    let head = first.head.to_ascii_lowercase();
    assert!(head.contains("content-type: application/json"), "{head}");
    assert!(!head.contains("accept-encoding"), "{head}");
    // One UserSig serves until it expires.
    assert_eq!(first.query("usersig"), second.query("usersig"));
    let verifier = UserSigVerifier::new(APP, KEY);
    let now = UserSig::parse(first.query("usersig")).unwrap().claims().issued_at;
    verifier.verify(first.query("usersig"), ADMIN, now).unwrap();
}

#[tokio::test]
async fn http_errors_say_their_status_and_nothing_of_the_body() {
    let html = b"<html>secret page of the proxy</html>";
    for (status, class, retry) in [
        ("502 Bad Gateway", ErrorClass::Transient, Retry::BackOff),
        ("503 Service Unavailable", ErrorClass::Transient, Retry::BackOff),
        ("302 Found", ErrorClass::Transient, Retry::BackOff),
        ("429 Too Many Requests", ErrorClass::RateLimited, Retry::BackOff),
        ("403 Forbidden", ErrorClass::Auth, Retry::Never),
        ("404 Not Found", ErrorClass::Transient, Retry::BackOff),
        ("204 No Content", ErrorClass::Transient, Retry::BackOff),
    ] {
        let body = if status.starts_with("204") { &b""[..] } else { html };
        let error = error_of(http(status, "Location: http://127.0.0.1:1/x\r\n", body)).await;
        let SourceError::Http { status: said, .. } = error else { panic!("{error:?}") };
        assert!(status.starts_with(&said.to_string()));
        assert_eq!((error.class(), error.retry()), (class, retry), "{status}");
        assert!(!shown(&error).contains("secret"), "{error:?}");
    }
}

#[tokio::test]
async fn retry_after_counts_in_seconds_or_to_a_date() {
    for (header, seconds) in [
        ("Retry-After: 17\r\n", Some(17)),
        ("Retry-After: Tue, 14 Nov 2023 22:14:20 GMT\r\n", Some(60)),
        ("Retry-After: Tue, 14 Nov 2023 22:12:20 GMT\r\n", Some(0)),
        ("Retry-After: soon\r\n", None),
        ("", None),
    ] {
        let error = error_of(http("429 Too Many Requests", header, b"")).await;
        assert_eq!(error.retry_after(), seconds.map(Duration::from_secs), "{header}");
    }
}

/// An empty page with this `Date`, or none.
fn dated(date: Option<&str>) -> Answer {
    let Answer::Bytes(bytes) = json(EMPTY) else { unreachable!() };
    let date = date.map(|date| format!("Date: {date}\r\n")).unwrap_or_default();
    let bytes = String::from_utf8(bytes).unwrap();
    Answer::Bytes(bytes.replace(&format!("Date: {DATE}\r\n"), &date).into_bytes())
}

#[tokio::test]
async fn a_pages_time_is_the_clouds_as_its_replies_agree_on_it() {
    const FAR: &str = "Fri, 14 Nov 2098 22:13:20 GMT";
    const FAR_SECS: u64 = 4_066_841_600;
    const HERE: Option<u64> = Some(DATE_SECS);
    const THERE: Option<u64> = Some(FAR_SECS);
    for (dates, expected) in [
        (vec![None, Some("soon"), Some(DATE), None], vec![None, None, HERE, HERE]),
        (vec![Some(DATE), Some(FAR), Some(DATE)], vec![HERE; 3]),
        (vec![Some(DATE), Some(FAR), Some(FAR)], vec![HERE, HERE, THERE]),
        (vec![Some(FAR), Some(DATE), Some(DATE)], vec![THERE, THERE, HERE]),
    ] {
        let cloud = Cloud::new(dates.iter().copied().map(dated)).await;
        let source = cloud.source();
        for expected in expected {
            let time = source.pull(&request()).await.unwrap().server_time;
            let is_near = match (time.map(|time| time.as_secs()), expected) {
                (Some(time), Some(expected)) => (expected..expected + 60).contains(&time),
                (time, expected) => time == expected,
            };
            assert!(is_near, "{dates:?}: {time:?}");
        }
    }
}

#[tokio::test]
async fn invalid_json_is_named_and_not_quoted() {
    is_protocol(&error_of(json("<html>secret</html>")).await, "invalid JSON");
    is_protocol(&error_of(json("\u{FEFF}{}")).await, "ErrorCode");
    is_protocol(&error_of(json("")).await, "ends early");
    is_protocol(&error_of(json(&EMPTY[..40])).await, "ends early");
    is_protocol(&error_of(json("[\"OK\",0,\"\"]")).await, "list");
    is_protocol(&error_of(json("{}")).await, "ErrorCode");
    is_protocol(&error_of(json(r#"{"ErrorCode":"x"}"#)).await, "ErrorCode");
    is_protocol(&error_of(json(r#"{"ErrorCode":0,"ActionStatus":"FAIL"}"#)).await, "ErrorCode");
    let error = error_of(json("<html>secret</html>")).await;
    assert!(!shown(&error).contains("secret"));
    let deep = format!("{{\"ErrorCode\":0,\"x\":{}", "[".repeat(200_000));
    is_protocol(&error_of(json(&deep)).await, "ends early");
}

#[tokio::test]
async fn a_body_that_ends_early_is_no_reply() {
    let Answer::Bytes(bytes) = json(EMPTY) else { unreachable!() };
    let cut = bytes.len() - 5;
    is_protocol(&error_of(Answer::Bytes(bytes[..cut].to_vec())).await, "ends early");
}

#[tokio::test]
async fn a_broken_connection_is_the_networks() {
    let Answer::Bytes(bytes) = json(EMPTY) else { unreachable!() };
    for sent in [0, 30, bytes.len() - 5] {
        let error = error_of(Answer::Reset(bytes[..sent].to_vec())).await;
        assert!(matches!(error, SourceError::Network { .. }), "{sent}: {error:?}");
        assert_eq!(error.retry(), Retry::BackOff);
        // Before the head is whole, hyper may report a closed connection of its own.
        if sent > 30 {
            assert_eq!(io_kind(&error), Some(io::ErrorKind::ConnectionReset));
        }
    }
    let nowhere: BaseUrl = "http://127.0.0.1:1".parse().unwrap();
    let source = RestSource::new(nowhere, APP, UserSigSigner::new(ADMIN, KEY));
    let error = source.pull(&request()).await.unwrap_err();
    assert!(error.to_string().contains("connecting"), "{error}");
    assert!(error.is_unsent(), "{error:?}");
    let unknown: BaseUrl = "https://conv.invalid".parse().unwrap();
    let unknown = RestSource::new(unknown, APP, UserSigSigner::new(ADMIN, KEY));
    let unresolved = unknown.pull(&request()).await.unwrap_err();
    assert!(unresolved.is_unsent(), "{unresolved:?}");
    assert_eq!(io_kind(&error), Some(io::ErrorKind::ConnectionRefused));
}

fn io_kind(error: &SourceError) -> Option<io::ErrorKind> {
    Some(error.source()?.downcast_ref::<io::Error>()?.kind())
}

#[tokio::test]
async fn a_kept_connection_that_breaks_costs_a_second_try_and_no_call() {
    for end in [End::Finish, End::Reset] {
        let server = OneEach::new(end, 100).await;
        let (source, asked) = (server.source(), request());
        let call = || async { source.pull(&asked).await.unwrap() };
        call().await;
        // Several connections are kept, and each of them is as bad.
        tokio::join!(call(), call(), call());
        for _ in 0..6 {
            call().await;
        }
        assert!(server.refused() > 0, "no kept connection was used");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_twice_fails_the_call_and_is_not_called_connecting() {
    for end in [End::Finish, End::Reset] {
        let server = OneEach::new(end, 1).await;
        let source = server.source();
        source.pull(&request()).await.unwrap();
        let error = source.pull(&request()).await.unwrap_err();
        assert!(matches!(error, SourceError::Network { .. }), "{error:?}");
        assert!(!error.to_string().contains("connecting"), "{error}");
        assert_eq!(server.refused(), 2);
    }
}

#[tokio::test]
async fn an_answer_that_stalls_times_out() {
    let Answer::Bytes(bytes) = json(EMPTY) else { unreachable!() };
    let short = Duration::from_millis(100);
    for sent in [0, 20, bytes.len() - 5] {
        for whole in [true, false] {
            let cloud = Cloud::new([Answer::Stall(bytes[..sent].to_vec())]).await;
            let builder = cloud.builder();
            let builder = if whole { builder.timeout(short) } else { builder.read_timeout(short) };
            let begun = Instant::now();
            let error = builder.build().pull(&request()).await.unwrap_err();
            assert!(matches!(error, SourceError::TimedOut), "{sent}: {error:?}");
            assert!(begun.elapsed() < Duration::from_secs(4));
        }
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_four_megabytes() {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    let stated = format!("{head}Content-Length: 4194305\r\n\r\n");
    // Refused by what it states, before any of it comes.
    is_protocol(&error_of(Answer::Stall(stated.into_bytes())).await, "4 MiB");
    let unstated = format!("{head}\r\n");
    is_protocol(&error_of(Answer::Endless(unstated.into_bytes())).await, "4 MiB");
    // Just below the bound all is well.
    let largest = format!("{EMPTY}{}", " ".repeat(4 * 1024 * 1024 - EMPTY.len()));
    let cloud = Cloud::of_json([largest]).await;
    cloud.source().pull(&request()).await.unwrap();
}

#[tokio::test]
async fn a_compressed_body_is_not_inflated() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(EMPTY.as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    let error = error_of(http("200 OK", "Content-Encoding: gzip\r\n", &gzip)).await;
    is_protocol(&error, "invalid JSON");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Cloud::of_json([EMPTY]).await;
    let location = format!("Location: {}/v4/x\r\n", other.base);
    for status in ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let error = error_of(http(status, &location, b"")).await;
        assert!(matches!(error, SourceError::Http { .. }));
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn each_class_of_code_is_told_apart() {
    for (code, class, retry) in [
        (60007, ErrorClass::RateLimited, Retry::BackOff),
        (60010, ErrorClass::Auth, Retry::Never),
        (50004, ErrorClass::Transient, Retry::BackOff),
        (50001, ErrorClass::NotFound, Retry::Never),
        (50002, ErrorClass::InvalidArgument, Retry::Never),
        (60020, ErrorClass::Unsupported, Retry::Never),
        (70003, ErrorClass::Auth, Retry::Never),
        (70050, ErrorClass::Auth, Retry::Never),
        (99999, ErrorClass::Cloud, Retry::Once),
        (-5, ErrorClass::Cloud, Retry::Once),
    ] {
        let body = format!(r#"{{"ActionStatus":"FAIL","ErrorCode":{code},"ErrorInfo":"e\nx"}}"#);
        let error = error_of(json(&body)).await;
        assert_eq!(error.code(), Some(code));
        assert_eq!((error.class(), error.retry()), (class, retry), "{code}");
        assert!(error.to_string().ends_with("e\\u{a}x"), "{error}");
    }
    let locked = error_of(json(r#"{"ErrorCode":70050}"#)).await;
    assert_eq!(locked.retry_after(), Some(Duration::from_secs(60)));
    let wordy = format!(r#"{{"ErrorCode":60003,"ErrorInfo":"{}"}}"#, "w".repeat(100_000));
    assert!(error_of(json(&wordy)).await.to_string().len() < 300);
}

#[tokio::test]
async fn an_embedders_own_client_is_used_within_the_same_bounds() {
    let client = reqwest::Client::builder().user_agent("their-own/1").no_proxy().build().unwrap();
    let endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let cloud = Cloud::new([json(EMPTY), Answer::Endless(endless), Answer::Stall(vec![])]).await;
    let source = cloud.builder().client(client).timeout(Duration::from_millis(500)).build();
    source.pull(&request()).await.unwrap();
    assert!(cloud.requests()[0].head.contains("their-own/1"));
    is_protocol(&source.pull(&request()).await.unwrap_err(), "4 MiB");
    let error = source.pull(&request()).await.unwrap_err();
    assert!(matches!(error, SourceError::TimedOut));
}
