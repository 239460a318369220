//! Tries belong to a call: no call spends those of another, and an answer gives them back.

use std::time::Duration;

use conv_api::{ErrorClass, UserSigSigner};
use conv_tests::{
    clocks::Leaping,
    online::{builder, emulator, impatient, prompt, script, shown, source_with, truth, unnamed},
    relay::Relay,
};

const LIST: &str = "recentcontact/get_list";

#[tokio::test]
async fn a_page_and_names_that_one_expired_usersig_refuses_are_both_asked_for_again() {
    let cloud = emulator(250).page_size(50).start().await.unwrap();
    for rule in ["code=70001,nth=2,on=get_list", "code=70001,nth=1,on=portrait_get"] {
        script(&cloud, rule);
    }
    let conversations = prompt(&cloud).build().await.unwrap();
    let report = conversations.sync().await.unwrap();
    assert!(report.is_sync_completed());
    let list = conversations.get_conversation_list(conv_api::All).await.unwrap();
    assert_eq!(unnamed(&list), 0);
}

#[tokio::test]
async fn a_usersig_may_expire_twice_in_one_pass() {
    let cloud = emulator(250).page_size(50).start().await.unwrap();
    for call in [2, 5] {
        script(&cloud, &format!("code=70001,nth={call},on=get_list"));
    }
    let conversations = prompt(&cloud).build().await.unwrap();
    conversations.sync().await.unwrap();
    assert_eq!(shown(&conversations).await, truth(&cloud));
}

#[tokio::test]
async fn a_usersig_that_really_expired_is_made_again() {
    let cloud = emulator(20).start().await.unwrap();
    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let source = source_with(&cloud, signer.with_lifetime(Duration::from_secs(600)));
    let conversations = builder(&cloud).source(source).build().await.unwrap();
    for _ in 0..3 {
        conversations.sync().await.unwrap();
        cloud.world().advance(Duration::from_secs(3_600));
    }
}

#[tokio::test]
async fn a_fresh_usersig_that_is_refused_ends_the_pass() {
    let cloud = emulator(20).start().await.unwrap();
    script(&cloud, "code=70001");
    let conversations = prompt(&cloud).build().await.unwrap();
    let error = conversations.sync().await.unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Auth, 70001));
    assert!(cloud.calls().of(LIST) <= 2, "{:?}", cloud.calls());
}

#[tokio::test]
async fn failures_of_group_names_do_not_use_up_the_pages_tries() {
    let cloud = emulator(250).page_size(50).start().await.unwrap();
    script(&cloud, "code=50004,calls=1-5,on=get_contact_group");
    script(&cloud, "status=503,nth=2,on=get_list");
    let conversations = prompt(&cloud).build().await.unwrap();
    assert!(conversations.sync().await.unwrap().is_sync_completed());
    conversations.sync().await.unwrap();
    assert_eq!(shown(&conversations).await, truth(&cloud));
}

#[tokio::test]
async fn a_pass_survives_a_failure_of_every_other_page() {
    let cloud = emulator(250).page_size(25).start().await.unwrap();
    script(&cloud, "status=503,every=2,on=get_list");
    let conversations = prompt(&cloud).build().await.unwrap();
    conversations.sync().await.unwrap();
    assert_eq!(shown(&conversations).await, truth(&cloud));
}

#[tokio::test]
async fn two_failures_with_minutes_of_good_answers_between_are_two_first_failures() {
    let cloud = emulator(250).page_size(25).start().await.unwrap();
    script(&cloud, "status=503,nth=1,on=get_list");
    script(&cloud, "status=503,nth=9,on=get_list");
    let clock = Leaping::default();
    let mut relay = Relay::new(impatient(&cloud));
    relay.slow = Some((clock.clone(), Duration::from_secs(30)));
    let conversations = builder(&cloud).source(relay).clock(clock).build().await.unwrap();
    conversations.sync().await.unwrap();
    assert_eq!(shown(&conversations).await, truth(&cloud));
}
