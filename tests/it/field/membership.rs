//! An administrator's call sees every group; a list shows what its user may see.

use std::time::Duration;

use conv_api::{Facet, model::Known};
use conv_tests::online::{ACCOUNT, row, rows, script};

use super::{ALICE, TEAM, all_facets, later, listed, two};

#[tokio::test]
async fn a_former_member_sees_no_new_messages_of_the_group() {
    let cloud = two().await;
    let conversations = listed(&cloud).await;
    cloud.world().leave(ACCOUNT, "team").unwrap();
    cloud.world().say_to_group("team", "the secret plan").unwrap();
    let report = later(&cloud, &conversations).await;
    assert!(report.failed.is_empty(), "not being a member is knowledge: {report:?}");
    assert!(!format!("{:?}", rows(&conversations).await).contains("secret"));
    // He comes back, and sees what is said from then on.
    let now = cloud.world().now();
    cloud.world().join(ACCOUNT, "team", now + 1).unwrap();
    later(&cloud, &conversations).await;
    assert!(!format!("{:?}", rows(&conversations).await).contains("secret"));
    cloud.world().say_to_group("team", "welcome back").unwrap();
    later(&cloud, &conversations).await;
    let team = row(&conversations, TEAM).await;
    assert_eq!(team.last_message.value().unwrap().preview().to_string(), "welcome back");
}

#[tokio::test]
async fn messages_from_before_a_member_joined_are_not_shown() {
    let cloud = two().await;
    let now = cloud.world().now();
    cloud.world().join(ACCOUNT, "team", now + 60).unwrap();
    cloud.world().advance(Duration::from_secs(120));
    let conversations = listed(&cloud).await;
    assert_eq!(row(&conversations, TEAM).await.last_message, Known::Nothing);
}

#[tokio::test]
async fn while_memberships_are_not_known_nothing_of_a_group_is_shown() {
    let cloud = two().await;
    script(&cloud, "code=50004,on=get_joined_group_list");
    let conversations = all_facets(&cloud).build().await.unwrap();
    let report = conversations.sync().await.unwrap();
    let lacks = report.failed.iter().filter(|failed| failed.id.as_str() == TEAM);
    assert!(lacks.clone().any(|failed| failed.facet == Facet::LastMessage), "{report:?}");
    assert_eq!(row(&conversations, TEAM).await.last_message, Known::Unknown);
    assert!(row(&conversations, ALICE).await.last_message.value().is_some());
    assert_eq!(cloud.calls().of("group_open_http_svc/group_msg_get_simple"), 0);
}

#[tokio::test]
async fn a_list_of_joined_groups_in_small_pages_is_read_whole() {
    let cloud = two().await;
    script(&cloud, "page-size=1,on=get_joined_group_list");
    for number in 0..5 {
        let group = format!("other{number}");
        cloud.world().add_group(&group, conv_emulator::GroupType::Public, "Another");
        cloud.world().say(ACCOUNT, &format!("GROUP{group}"), "hello").unwrap();
    }
    let conversations = listed(&cloud).await;
    assert!(rows(&conversations).await.iter().all(|row| row.last_message.value().is_some()));
}
