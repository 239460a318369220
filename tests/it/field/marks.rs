//! A mark stays until a pass that began after it has succeeded.

use conv_api::{Conversations, PassStatus};
use conv_emulator::Emulator;
use conv_tests::{
    clocks::Leaping,
    online::{ACCOUNT, builder, impatient, script, shown, truth},
};

use super::{ALICE, two};

async fn leaping(cloud: &Emulator) -> Conversations {
    let list = builder(cloud).source(impatient(cloud)).clock(Leaping::default());
    list.build().await.unwrap()
}

async fn until(conversations: &Conversations, is_so: impl Fn(&PassStatus) -> bool) {
    let mut events = conversations.events();
    while !is_so(&conversations.sync_report().pass) {
        events.next().await.unwrap();
    }
}

async fn until_shown(conversations: &Conversations, cloud: &Emulator) {
    let mut events = conversations.events();
    while !conversations.sync_report().is_sync_completed()
        || shown(conversations).await != truth(cloud)
    {
        events.next().await.unwrap();
    }
}

#[tokio::test]
async fn a_mark_in_an_outage_is_served_when_the_outage_is_over() {
    let cloud = two().await;
    let conversations = leaping(&cloud).await;
    conversations.sync().await.unwrap();
    script(&cloud, "status=503");
    cloud.world().touch(ACCOUNT, ALICE).unwrap();
    cloud.world().pin(ACCOUNT, ALICE).unwrap();
    conversations.request_sync().unwrap();
    for _ in 0..3 {
        until(&conversations, |pass| matches!(pass, PassStatus::Failed(_))).await;
        until(&conversations, |pass| !matches!(pass, PassStatus::Failed(_))).await;
    }
    cloud.faults().clear();
    until_shown(&conversations, &cloud).await;
}

#[tokio::test]
async fn a_mark_during_a_pass_that_then_fails_is_served_by_itself() {
    let cloud = two().await;
    let conversations = leaping(&cloud).await;
    conversations.sync().await.unwrap();
    script(&cloud, "html,calls=1-5,on=get_list");
    conversations.request_sync().unwrap();
    until(&conversations, |pass| matches!(pass, PassStatus::Running { .. })).await;
    cloud.world().pin(ACCOUNT, ALICE).unwrap();
    conversations.request_sync().unwrap();
    until_shown(&conversations, &cloud).await;
}
