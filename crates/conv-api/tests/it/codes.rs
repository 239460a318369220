//! One error has one number, whichever door it leaves by.

use std::sync::Arc;

use conv_api::{
    Error, ErrorClass, Event, PassStatus, SourceError, StoreError, model::PassId,
    model::Superseded, sync::Retry,
};

use crate::support::{Mood, Moody, over};

fn http(status: u16) -> SourceError {
    SourceError::Http { status, retry_after: None }
}

fn cloud(code: i32, class: ErrorClass) -> SourceError {
    SourceError::Cloud { code, class, retry: Retry::Never, message: "?".into(), retry_after: None }
}

#[tokio::test(start_paused = true)]
async fn report_events_and_error_have_the_same_class_and_number() {
    let errors = [
        (SourceError::network("reset"), 2800),
        (SourceError::TimedOut, 2801),
        (http(404), 2800),
        (http(403), 2800),
        (SourceError::Protocol { what: "HTML".into() }, 990_006),
        (
            SourceError::Signer(Arc::from(Box::<dyn std::error::Error + Send + Sync>::from("?"))),
            990_008,
        ),
        (cloud(50001, ErrorClass::NotFound), 50001),
        (cloud(70003, ErrorClass::Auth), 70003),
    ];
    for (error, code) in errors {
        let source = Moody::new(3);
        let conversations = over(source.clone()).await;
        let mut events = conversations.events();
        Moody::set(&source.pulls, Mood::Fails(error.clone()));
        let failed = conversations.sync().await.unwrap_err();
        assert_eq!(failed.code(), code, "{error}");
        let shown = |report: &conv_api::SyncReport| match &report.pass {
            PassStatus::Failed(failure) => Some((failure.class, failure.code)),
            _ => None,
        };
        let expected = Some((failed.class(), code));
        assert_eq!(shown(&conversations.sync_report()), expected);
        let Some(Event::SyncReportUpdated(event)) = events.next().await else { panic!() };
        assert_eq!(shown(&event), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_facet_that_failed_has_the_number_of_its_error() {
    let errors = [
        (SourceError::TimedOut, 2801),
        (http(403), 2800),
        (SourceError::NotFound, 2501),
        (SourceError::Protocol { what: "HTML".into() }, 990_006),
        (cloud(70003, ErrorClass::Auth), 70003),
    ];
    for (error, code) in errors {
        let source = Moody::new(3);
        let conversations = over(source.clone()).await;
        Moody::set(&source.names, Mood::Fails(error.clone()));
        let report = conversations.sync().await.unwrap();
        assert_eq!(report.failed.len(), 3, "{error}");
        let expected = (error.class(), code);
        assert!(report.failed.iter().all(|facet| (facet.class, facet.code) == expected), "{error}");
        assert_eq!(Error::Source(error).code(), code);
    }
}

#[test]
fn errors_that_waiting_may_mend_are_distinguished_from_the_others() {
    let passing = [
        SourceError::TimedOut,
        SourceError::network("reset"),
        SourceError::Protocol { what: "HTML".into() },
        SourceError::CursorExpired,
        http(404),
        http(429),
        http(503),
        cloud(99_999, ErrorClass::Cloud),
        cloud(60007, ErrorClass::RateLimited),
        SourceError::Signer(Arc::from(Box::<dyn std::error::Error + Send + Sync>::from("down"))),
    ];
    let lasting = [
        http(401),
        http(403),
        cloud(70003, ErrorClass::Auth),
        cloud(50001, ErrorClass::NotFound),
        cloud(50002, ErrorClass::InvalidArgument),
        cloud(60020, ErrorClass::Unsupported),
        SourceError::NotFound,
        SourceError::Cancelled,
        SourceError::Unsupported { what: "groups".into() },
        SourceError::InvalidArgument { what: "an ID".into() },
    ];
    for error in passing {
        assert!(Error::Source(error.clone()).may_succeed_later(), "{error}");
    }
    for error in lasting {
        assert!(!Error::Source(error.clone()).may_succeed_later(), "{error}");
    }
}

#[test]
fn a_store_may_be_free_or_have_room_later_and_is_not_mended_by_waiting() {
    let full = || StoreError::io("writing", std::io::Error::other("no space left on device"));
    let remote = |class| StoreError::remote(class, std::io::Error::other("?"));
    let passing = [
        full(),
        StoreError::Locked { path: "cache".into() },
        StoreError::OpenTimedOut { limit: std::time::Duration::from_secs(1) },
        StoreError::Superseded(Superseded { newest: PassId::new(9) }),
        remote(ErrorClass::Transient),
        remote(ErrorClass::Store),
    ];
    let lasting = [
        StoreError::Closed,
        StoreError::NoRuntime,
        StoreError::NewerSchema { found: 9, known: 1 },
        StoreError::Corrupt { what: "?".into() },
        StoreError::TooLarge { bytes: 9, limit: 1 },
        remote(ErrorClass::Auth),
    ];
    assert!(passing.into_iter().all(|error| Error::Store(error).may_succeed_later()));
    assert!(lasting.into_iter().all(|error| !Error::Store(error).may_succeed_later()));
    assert!(Error::TimedOut.may_succeed_later());
    for error in [Error::NoSource, Error::Stopped, Error::Panicked] {
        assert!(!error.may_succeed_later());
    }
}
