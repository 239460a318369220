//! More events than lists can be read.

use std::time::Instant;

use serde_json::json;

use super::stage::{LISTING, Plan, Stage, fresh, shown};

fn group_message(group: &str, sequence: usize) -> String {
    json!({"GroupId": group, "From_Account": "dave", "MsgSeq": sequence, "Type": "Public"})
        .to_string()
}

/// W6: of ten thousand messages to one group, each of those who hold it has a pass per interval, and
/// another list is fresh meanwhile.
#[tokio::test]
async fn a_storm_in_one_group_is_a_few_passes() {
    let holders = ["u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9"];
    let accounts = holders.into_iter().chain(["alice"]).collect();
    let stage = Stage::with(Plan { accounts, ..Plan::default() }).await;
    let world = stage.cloud.world();
    world.add_group("@TGS#77", conv_emulator::GroupType::Public, "Storm");
    let mut watches = Vec::new();
    for account in holders {
        world.touch(account, "GROUP@TGS#77").unwrap();
        watches.push(stage.watch(account).await);
    }
    let alice = stage.watch("alice").await;
    let group = "GROUP@TGS#77".parse().unwrap();
    while stage.accounts.holders(&group).len() < holders.len() {
        tokio::task::yield_now().await;
    }
    let (begun, before) = (Instant::now(), stage.accounts.stats().passes_finished);
    for sequence in 1..=10_000 {
        stage.event("Group.CallbackAfterSendMsg", group_message("@TGS#77", sequence)).await;
        // Passes go on meanwhile.
        tokio::task::yield_now().await;
        if sequence % 2_500 == 0 {
            world.touch("alice", &format!("C2Cfriend{sequence}")).unwrap();
            fresh(&alice).await;
            assert_eq!(shown(&alice), stage.truth("alice"));
        }
    }
    let passes = stage.accounts.stats().passes_finished - before;
    let seconds = begun.elapsed().as_secs() + 1;
    assert!(passes <= (holders.len() as u64 + 1) * (seconds + 1), "{passes} in {seconds} s");
    assert_eq!(stage.outcomes(), [("marked".to_owned(), 10_000)].into());
    world.say_to_group("@TGS#77", "The last").ok();
    for (watch, account) in watches.iter().zip(holders) {
        fresh(watch).await;
        assert_eq!(shown(watch), stage.truth(account));
    }
}

/// W5: names that this host does not know cost a look-up each, and make nothing.
#[tokio::test]
async fn unknown_accounts_make_nothing() {
    let stage = Stage::new().await;
    let _alice = stage.watch("alice").await;
    stage.cloud.reset_calls();
    let (open, (marked, ignored)) = (stage.accounts.stats().accounts_open, stage.marks());
    for batch in 0..20 {
        let members: Vec<_> = (0..5_000)
            .map(|n| json!({"Member_Account": format!("stranger_{}", batch * 5_000 + n)}))
            .collect();
        let body = json!({"GroupId": format!("@TGS#{batch}"), "MemberList": members});
        stage.event("Group.CallbackAfterCreateGroup", body.to_string()).await;
    }
    stage.event("Group.CallbackAfterSendMsg", group_message("@TGS#none", 1)).await;
    assert_eq!(stage.outcomes(), [("unwatched".to_owned(), 21)].into());
    // And one who sent the message.
    assert_eq!(stage.marks(), (marked, ignored + 100_001));
    let stats = stage.accounts.stats();
    assert_eq!((stats.accounts_open, stats.watch.watched, stats.accounts_due), (open, 1, 0));
    assert_eq!(stage.cloud.calls().total, 0);
}

/// W4: forged calls cost no call of the cloud, and no look-up of an account.
#[tokio::test]
async fn forged_calls_cause_no_pull() {
    let stage = Stage::new().await;
    let _alice = stage.watch("alice").await;
    let (listings, before) = (stage.cloud.calls().of(LISTING), stage.accounts.stats().watch);
    let query = stage.query("C2C.CallbackAfterSendMsg");
    let (query, _) = query.rsplit_once('=').unwrap();
    let body = stage.said("dave", "alice", "Hello");
    for n in 0..10_000 {
        let path = format!("/v1/hooks/tencent?{query}={n:064x}");
        let (status, _) = stage.call("POST", &path, body.clone()).await;
        assert_eq!(status, 401);
    }
    assert_eq!(stage.refusals("bad_sign"), 10_000);
    assert_eq!(stage.accounts.stats().watch, before);
    assert_eq!(stage.cloud.calls().of(LISTING), listings);
}
