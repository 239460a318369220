//! A page that is lost, empty or odd, and the pages after it.

use conv_api::{Conversations, Coverage};
use conv_emulator::{BadRow, Emulator, Fault, Rule};
use conv_tests::online::{cloud, prompt, shown, truth};

const LIST: &str = "recentcontact/get_list";

async fn handle(cloud: &Emulator) -> Conversations {
    prompt(cloud).build().await.unwrap()
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
async fn an_expired_usersig_is_signed_again_within_the_pass() {
    let cloud = cloud(250).await;
    cloud.faults().push(Rule::nth(2, Fault::Code(70001)).on(LIST));
    let conversations = handle(&cloud).await;
    conversations.sync().await.unwrap();
    assert_eq!(shown(&conversations).await, truth(&cloud));
}
