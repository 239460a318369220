//! Every fault of the emulator: the list stays, the error has its class, and a quiet pass mends all.

use std::time::Duration;

use conv_api::{Conversations, Coverage, Error, ErrorClass, RestSource, UserSigSigner};
use conv_emulator::{BadRow, Emulator, Fault, Rule};
use conv_tests::online::{ACCOUNT, cloud, shown, source_with, truth, unnamed};

const LIST: &str = "recentcontact/get_list";

/// A source that does not wait as long as a real one.
fn impatient(cloud: &Emulator) -> RestSource {
    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let url: conv_api::BaseUrl = cloud.base_url().parse().unwrap();
    RestSource::builder(url, cloud.sdk_app_id(), signer).timeout(Duration::from_millis(400)).build()
}

/// Time that jumps over every pause, so that no back-off is waited for.
#[derive(Debug)]
struct Hurried(conv_api::TokioClock);

#[async_trait::async_trait]
impl conv_api::Clock for Hurried {
    fn now(&self) -> Duration {
        self.0.now()
    }

    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

async fn handle(cloud: &Emulator) -> Conversations {
    Conversations::builder(ACCOUNT)
        .source(impatient(cloud))
        .clock(Hurried(conv_api::TokioClock::default()))
        .plan_limit(500)
        .build()
        .await
        .unwrap()
}

/// A pass with a fault on every listing call, after a good one: what it ends with. The rows of the
/// good one must still be there, and a pass after the fault must end in the cloud's truth.
async fn pass_with(fault: Fault) -> Result<(), Error> {
    let cloud = cloud(150).await;
    let conversations = handle(&cloud).await;
    conversations.sync().await.unwrap();
    let before = shown(&conversations).await;

    cloud.faults().push(Rule::always(fault.clone()).on(LIST));
    let outcome = conversations.sync().await;
    assert!(cloud.faults().fired() > 0, "{fault:?}");
    assert_eq!(shown(&conversations).await, before, "{fault:?}");
    let report = conversations.sync_report();
    assert_eq!(report.is_sync_completed(), outcome.is_ok(), "{fault:?}");

    cloud.faults().clear();
    conversations.sync().await.unwrap();
    assert_eq!(shown(&conversations).await, truth(&cloud), "{fault:?}");
    outcome.map(|_| ())
}

#[tokio::test]
async fn a_cloud_that_cannot_be_reached_or_answers_nonsense_fails_the_pass_by_its_class() {
    let cases = [
        (Fault::Status(502), ErrorClass::Transient),
        (Fault::Status(503), ErrorClass::Transient),
        (Fault::Status(429), ErrorClass::RateLimited),
        (Fault::Stalled, ErrorClass::Transient),
        (Fault::Reset, ErrorClass::Transient),
        (Fault::CutJson, ErrorClass::Cloud),
        (Fault::Html, ErrorClass::Cloud),
        (Fault::NotJson, ErrorClass::Cloud),
        (Fault::GzipBomb(16 << 20), ErrorClass::Cloud),
        (Fault::Oversized(5 << 20), ErrorClass::Cloud),
        (Fault::NullItems, ErrorClass::Cloud),
        (Fault::StandingCursor, ErrorClass::Cloud),
    ];
    for (fault, class) in cases {
        let error = pass_with(fault.clone()).await.unwrap_err();
        assert_eq!(error.class(), class, "{fault:?}: {error}");
    }
    let error = pass_with(Fault::TruncatedBody).await.unwrap_err();
    assert!([ErrorClass::Transient, ErrorClass::Cloud].contains(&error.class()), "{error}");
}

#[tokio::test]
async fn an_error_code_of_the_cloud_keeps_its_number_and_gets_its_class() {
    let cases = [
        (50001, ErrorClass::NotFound),
        (50004, ErrorClass::Transient),
        (60007, ErrorClass::RateLimited),
        (60008, ErrorClass::Transient),
        (60010, ErrorClass::Auth),
        (70003, ErrorClass::Auth),
    ];
    for (code, class) in cases {
        let error = pass_with(Fault::Code(code)).await.unwrap_err();
        assert_eq!(error.cloud_code(), Some(code as i32), "{error}");
        assert_eq!(error.class(), class, "{error}");
    }
}

#[tokio::test]
async fn what_harms_a_row_or_nothing_leaves_the_pass_complete() {
    let faults = [
        Fault::Slow(Duration::from_millis(20)),
        Fault::DuplicateRows,
        Fault::UnknownFields,
        Fault::DeepNesting(2_000),
        Fault::BadRow(BadRow::Null),
        Fault::BadRow(BadRow::WrongTypes),
        Fault::BadRow(BadRow::UnknownType),
        Fault::BadRow(BadRow::LongId),
        Fault::BadRow(BadRow::ControlBytes),
        Fault::BadRow(BadRow::NoId),
        Fault::BadRow(BadRow::NegativeTime),
        Fault::BadRow(BadRow::HugeTime),
    ];
    for fault in faults {
        let result = pass_with(fault.clone()).await;
        assert!(result.is_ok(), "{fault:?}: {result:?}");
    }
}

#[tokio::test]
async fn a_bad_row_is_named_in_the_report() {
    let cloud = cloud(50).await;
    cloud.faults().push(Rule::always(Fault::BadRow(BadRow::WrongTypes)).on(LIST));
    let conversations = handle(&cloud).await;
    let report = conversations.sync().await.unwrap();
    assert_eq!(report.skipped.len(), 1, "{report:?}");
    assert_eq!(report.coverage, Coverage::Complete);
}

#[tokio::test]
async fn one_lost_page_is_asked_for_again_and_nobody_notices() {
    for fault in [Fault::Reset, Fault::Status(502), Fault::Code(60007), Fault::CutJson, Fault::Html]
    {
        let cloud = cloud(250).await;
        cloud.faults().push(Rule::nth(2, fault.clone()).on(LIST));
        let conversations = handle(&cloud).await;
        conversations.sync().await.unwrap();
        assert_eq!(shown(&conversations).await, truth(&cloud), "{fault:?}");
        assert_eq!(cloud.calls().of(LIST), 7, "{fault:?}");
    }
}

#[tokio::test]
async fn an_empty_page_or_a_missing_complete_flag_does_not_end_a_listing_early() {
    for fault in [Fault::EmptyPage, Fault::NoCompleteFlag] {
        let cloud = cloud(250).await;
        cloud.faults().push(Rule::nth(2, fault.clone()).on(LIST));
        let conversations = handle(&cloud).await;
        conversations.sync().await.unwrap();
        assert_eq!(shown(&conversations).await, truth(&cloud), "{fault:?}");
    }
}

#[tokio::test]
async fn an_expired_usersig_is_signed_anew_within_the_pass() {
    let cloud = cloud(250).await;
    cloud.faults().push(Rule::nth(2, Fault::Code(70001)).on(LIST));
    let conversations = handle(&cloud).await;
    conversations.sync().await.unwrap();
    assert_eq!(shown(&conversations).await, truth(&cloud));
}

#[tokio::test]
async fn names_that_fail_for_some_come_with_the_next_pass() {
    let cloud = cloud(60).await;
    cloud.faults().push(Rule::always(Fault::PartialFailure).on("profile/portrait_get"));
    let conversations = handle(&cloud).await;
    conversations.sync().await.unwrap();
    let list = conversations.get_conversation_list(conv_api::All).await.unwrap();
    assert!(list.is_sync_completed());
    assert!(unnamed(&list) > 0);
    cloud.faults().clear();
    conversations.sync().await.unwrap();
    let list = conversations.get_conversation_list(conv_api::All).await.unwrap();
    assert_eq!(unnamed(&list), 0);
}

#[tokio::test]
async fn a_wrong_key_is_an_auth_error_at_once() {
    let cloud = cloud(10).await;
    let source = source_with(&cloud, UserSigSigner::new(cloud.identifier(), "another key"));
    let conversations = Conversations::builder(ACCOUNT).source(source).build().await.unwrap();
    let error = conversations.sync().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Auth);
    assert!(error.cloud_code().is_some());
    assert_eq!(cloud.calls().of(LIST), 1);
}

#[tokio::test]
async fn a_cloud_that_is_gone_leaves_the_list() {
    let cloud = cloud(30).await;
    let conversations = handle(&cloud).await;
    conversations.sync().await.unwrap();
    let before = shown(&conversations).await;
    cloud.stop().await;
    assert_eq!(conversations.sync().await.unwrap_err().class(), ErrorClass::Transient);
    assert_eq!(shown(&conversations).await, before);
    assert!(!conversations.sync_report().is_sync_completed());
    let named = conversations.get_conversation_profile(&before[0].0.parse().unwrap()).await;
    assert!(named.is_ok(), "a cached row is answered from the cache");
}
