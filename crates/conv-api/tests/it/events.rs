//! Events in the SDK's words.

use conv_api::{
    All, ConversationPatch, Conversations, Coverage, Event, ListingPatch, Timestamp,
    testing::ScriptedSource,
};

use crate::{
    live::reader::poll,
    support::{id, over},
};

fn all(events: &mut conv_api::Events) -> Vec<Event> {
    std::iter::from_fn(|| match poll(events) {
        std::task::Poll::Ready(event) => event,
        std::task::Poll::Pending => None,
    })
    .collect()
}

fn listed(name: &str) -> ConversationPatch {
    let mut patch = ConversationPatch::new(id(name));
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(1_700_000_000)));
    patch
}

async fn offline() -> Conversations {
    Conversations::builder("user_0001").build().await.unwrap()
}

#[tokio::test]
async fn each_event_tells_what_changed_and_nothing_else() {
    let conversations = offline().await;
    let mut events = conversations.events();
    assert_eq!(all(&mut events), []);
    conversations.merge(listed("C2Calice")).await.unwrap();
    let [Event::ConversationListUpdated, Event::SyncReportUpdated(report)] = &all(&mut events)[..]
    else {
        panic!("a row came, and the list is no longer empty")
    };
    assert_eq!(report.coverage, Coverage::CacheOnly);

    let mut unread = listed("C2Calice");
    unread.unread.count = Some(3);
    conversations.merge(unread).await.unwrap();
    let seen = all(&mut events);
    assert_eq!(
        seen[..2],
        [Event::ConversationListUpdated, Event::TotalUnreadMessageCountUpdated(3)]
    );

    let mut grouped = listed("C2Calice");
    grouped.listing.as_mut().unwrap().groups = Some(vec!["Suppliers".into()]);
    conversations.merge(grouped).await.unwrap();
    assert_eq!(
        all(&mut events),
        [
            Event::ConversationListUpdated,
            Event::ConversationGroupListUpdated(vec!["Suppliers".into()]),
        ]
    );
}

#[tokio::test]
async fn a_row_that_changed_back_causes_no_event() {
    let conversations = offline().await;
    conversations.merge(listed("C2Calice")).await.unwrap();
    let mut events = conversations.events();
    let mut later = listed("C2Calice");
    later.listing = Some(ListingPatch::at(Timestamp::from_secs(1_800_000_000)));
    conversations.merge(later).await.unwrap();
    conversations.merge(listed("C2Calice")).await.unwrap();
    assert_eq!(all(&mut events), []);
}

#[tokio::test]
async fn a_slow_reader_gets_each_kind_once() {
    let conversations = offline().await;
    let mut events = conversations.events();
    for n in 0..600 {
        let mut row = listed(&format!("C2Cuser{}", n % 50));
        row.unread.count = Some(n);
        conversations.merge(row).await.unwrap();
    }
    let seen = all(&mut events);
    assert_eq!(seen[0], Event::ConversationListUpdated);
    let unread = conversations.totals(All).unread;
    assert_eq!(seen[1], Event::TotalUnreadMessageCountUpdated(unread));
    assert!(matches!(seen[2], Event::SyncReportUpdated(_)) && seen.len() == 3);
}

#[tokio::test]
async fn a_pass_is_followed_by_its_report() {
    let conversations = over(ScriptedSource::with_rows(3)).await;
    let mut events = conversations.events();
    let pass = tokio::spawn({
        let conversations = conversations.clone();
        async move { conversations.sync().await }
    });
    let mut reports = Vec::new();
    while !reports.iter().any(conv_api::SyncReport::is_sync_completed) {
        if let Event::SyncReportUpdated(report) = events.next().await.unwrap() {
            assert_ne!(reports.last(), Some(&report), "reports are sent when they change");
            reports.push(report);
        }
    }
    pass.await.unwrap().unwrap();
}

#[tokio::test]
async fn events_have_the_sdks_names() {
    let json = |event: Event| serde_json::to_value(event).unwrap();
    let unread = json(Event::TotalUnreadMessageCountUpdated(7));
    let expected = serde_json::json!({"name": "onTotalUnreadMessageCountUpdated", "data": 7});
    assert_eq!(unread, expected);
    let list = json(Event::ConversationListUpdated);
    assert_eq!(list, serde_json::json!({"name": "onConversationListUpdated"}));
    let groups = json(Event::ConversationGroupListUpdated(vec!["Suppliers".into()]));
    assert_eq!(groups["name"], "onConversationGroupListUpdated");
    assert_eq!(groups["data"][0], "Suppliers");
}
