//! Faults of the calls beside the listing: they cost their own facet, never the list.

use conv_api::{Conversations, Facet};
use conv_emulator::{Emulator, Fault, Rule};
use conv_tests::online::{cloud, emulator, prompt, shown, truth, unnamed};

async fn handle(cloud: &Emulator) -> Conversations {
    prompt(cloud).facet(Facet::Unread).facet(Facet::LastMessage).build().await.unwrap()
}

#[tokio::test]
async fn a_command_that_always_fails_costs_its_facet_alone_and_the_next_pass_asks_again() {
    let commands = [
        ("get_contact_group", None),
        ("portrait_get", Some(Facet::Profile)),
        ("get_group_info", Some(Facet::Profile)),
        ("get_joined_group_list", Some(Facet::Unread)),
        ("get_c2c_unread_msg_num", Some(Facet::Unread)),
        ("admin_getroammsg", Some(Facet::LastMessage)),
        ("group_msg_get_simple", Some(Facet::LastMessage)),
    ];
    for fault in ["status=503", "code=50004", "code=99999", "reset", "cut-json", "html"] {
        for (command, facet) in commands {
            let cloud = emulator(20).page_size(10).start().await.unwrap();
            let rule: Rule = format!("{fault},on={command}").parse().unwrap();
            cloud.faults().push(rule);
            let conversations = handle(&cloud).await;
            let report = conversations.sync().await.unwrap();
            assert!(report.is_sync_completed(), "{fault} {command}");
            match facet {
                Some(facet) => {
                    let is_named = report.failed.iter().any(|failed| failed.facet == facet);
                    assert!(is_named, "{fault} {command}: {report:?}");
                    assert!(report.not_fetched.contains(&facet), "{fault} {command}");
                }
                None => assert!(!report.skipped.is_empty(), "{fault} {command}: {report:?}"),
            }
            cloud.faults().clear();
            let report = conversations.sync().await.unwrap();
            assert!(report.skipped.is_empty(), "{fault} {command}: {report:?}");
            let may_come = |class: conv_api::ErrorClass| class.is_retryable();
            let left: Vec<_> = report.failed.iter().filter(|f| may_come(f.class)).collect();
            assert!(left.is_empty(), "{fault} {command}: {left:?}");
            assert_eq!(shown(&conversations).await, truth(&cloud), "{fault} {command}");
        }
    }
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
