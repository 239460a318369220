//! Servers that close connections, and answers that are not the cloud's.

use std::time::Duration;

use conv_api::All;
use conv_tests::{
    clocks::Leaping,
    online::{builder, emulator, id, impatient, prompt, script, shown, truth, unnamed},
};

use super::{ALICE, two};

#[tokio::test]
async fn a_server_that_closes_each_connection_at_its_second_request_is_asked_again_unnoticed() {
    for closing in ["fin", "rst"] {
        let cloud = emulator(250).page_size(50).start().await.unwrap();
        script(&cloud, &format!("one-request={closing}"));
        let clock = Leaping::default();
        let list = builder(&cloud).source(impatient(&cloud)).clock(clock.clone());
        let conversations = list.build().await.unwrap();
        conversations.sync().await.unwrap();
        assert_eq!(clock.leapt(), Duration::ZERO, "{closing}: no call was tried again by the pass");
        assert_eq!(shown(&conversations).await, truth(&cloud), "{closing}");
        let list = conversations.get_conversation_list(All).await.unwrap();
        assert_eq!(unnamed(&list), 0, "{closing}");
    }
}

#[tokio::test]
async fn a_profile_call_on_a_connection_that_was_closed_is_answered() {
    for closing in ["fin", "rst"] {
        let cloud = two().await;
        script(&cloud, &format!("one-request={closing}"));
        let conversations = prompt(&cloud).profile_freshness(Duration::ZERO).build().await.unwrap();
        for _ in 0..4 {
            let full = conversations.get_conversation_profile(&id(ALICE)).await.unwrap();
            assert_eq!(full.show_name(), "Alice", "{closing}");
        }
    }
}

#[tokio::test]
async fn a_broken_connection_is_not_called_a_failure_to_connect() {
    let cloud = two().await;
    script(&cloud, "reset");
    let conversations = prompt(&cloud).build().await.unwrap();
    let error = conversations.sync().await.unwrap_err();
    assert!(!error.to_string().contains("connecting"), "{error}");
}

#[tokio::test]
async fn temporary_errors_say_so_and_the_list_recovers_by_itself() {
    for rule in ["html", "status=404", "code=99999", "status=503", "cut-json"] {
        let cloud = two().await;
        script(&cloud, &format!("{rule},on=get_list"));
        let list = builder(&cloud).source(impatient(&cloud)).clock(Leaping::default());
        let conversations = list.build().await.unwrap();
        let error = conversations.sync().await.unwrap_err();
        assert!(error.may_succeed_later(), "{rule}: {error}");
        cloud.faults().clear();
        let mut events = conversations.events();
        while !conversations.sync_report().is_sync_completed() {
            events.next().await.unwrap();
        }
        assert_eq!(shown(&conversations).await, truth(&cloud), "{rule}");
    }
    let cloud = two().await;
    script(&cloud, "code=70003");
    let conversations = prompt(&cloud).build().await.unwrap();
    assert!(
        !conversations.sync().await.unwrap_err().may_succeed_later(),
        "a wrong key stays wrong"
    );
}
