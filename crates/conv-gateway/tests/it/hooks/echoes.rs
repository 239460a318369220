//! R24: a change that was made here comes back as an event of the cloud.

use std::{collections::BTreeSet, time::Duration};

use conv_api::{All, Conversation, ConversationId, Facet, LiveList, Watch, WatchOptions};
use conv_gateway::webhook::Trust;
use serde_json::json;

use super::stage::{LISTING, Plan, Stage};

const READ: &str = "C2C.CallbackAfterMsgReport";
const GROUP: &str = "Group.CallbackAfterCreateGroup";

/// Passes because of marks come soon.
const DELAY: Duration = Duration::from_millis(50);

async fn stage() -> Stage {
    let watch_options = WatchOptions::default().with_delay(DELAY).with_interval(DELAY);
    let facets = vec![Facet::Unread, Facet::LastMessage];
    Stage::with(Plan { trust: Trust::Preview, facets, watch_options, ..Plan::default() }).await
}

fn is_read(row: &Conversation) -> bool {
    row.unread.count == Some(0)
}

/// Takes every state that a live list showed, in order, until nothing follows for a while.
async fn states(live: &mut LiveList, mut see: impl FnMut(&[std::sync::Arc<Conversation>])) {
    let mut rows = Vec::new();
    while let Ok(update) = tokio::time::timeout(10 * DELAY, live.next()).await {
        update.unwrap().apply(&mut rows).unwrap();
        see(&rows);
    }
}

async fn read_all(alice: &Watch, ids: &BTreeSet<ConversationId>) {
    for id in ids {
        let change = alice.list().set_message_read(id).await.unwrap();
        assert_eq!(change.sent().await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_burst_of_own_reads_costs_no_pass_and_no_row_flickers() {
    let stage = stage().await;
    let peers: Vec<_> = (0..20).map(|number| format!("peer{number}")).collect();
    for peer in &peers {
        let _ = stage.said(peer, "alice", "Hello");
    }
    let alice = stage.watch("alice").await;
    let ids: BTreeSet<_> = peers.iter().map(|peer| format!("C2C{peer}").parse().unwrap()).collect();
    let list = alice.list().snapshot();
    assert!(ids.iter().all(|id| !is_read(&list.get(id).unwrap())));
    let mut live = alice.list().subscribe(All);
    read_all(&alice, &ids).await;
    let listings = stage.cloud.calls().of(LISTING);
    for peer in &peers {
        let time = stage.cloud.world().now();
        let body = json!({"Report_Account": "alice", "Peer_Account": peer, "LastReadTime": time,
            "UnreadMsgNum": 0, "EventTime": format!("{time}000")});
        let query = stage.query(READ).replace("=iOS", "=RESTAPI");
        // The cloud tries again.
        stage.let_in(&query, body.to_string()).await;
        stage.let_in(&query, body.to_string()).await;
    }
    let body = json!({"GroupId": "@TGS#1", "Operator_Account": "admin", "Owner_Account": "alice",
        "MemberList": [{"Member_Account": "alice"}]});
    stage.let_in(&stage.query(GROUP).replace("=iOS", "=RESTAPI"), body.to_string()).await;
    let mut read = BTreeSet::new();
    states(&mut live, |rows| {
        for row in rows.iter().filter(|row| ids.contains(&row.id)) {
            assert!(is_read(row) || !read.contains(&row.id), "{} is unread again", row.id);
            assert!(row.provisional.is_empty(), "{:?}", row.provisional);
            read.extend(is_read(row).then(|| row.id.clone()));
        }
    })
    .await;
    assert_eq!(read, ids);
    assert_eq!(stage.cloud.calls().of(LISTING), listings);
}
