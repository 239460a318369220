//! An answer describes the moment it was asked for, however late it comes.

use std::sync::Arc;

use conv_api::{
    ConversationPatch, Facet, ListingPatch, Timestamp,
    model::{Known, LastMessage, MessageKind, Payload},
};
use conv_tests::{
    online::{id, impatient, row},
    relay::Relay,
};

use super::{ALICE, all_facets, later, two};

#[tokio::test]
async fn facts_recorded_while_an_answer_was_on_its_way_stay() {
    for facet in [Facet::Unread, Facet::LastMessage] {
        let cloud = two().await;
        let relay = Arc::new(Relay::new(impatient(&cloud)));
        let list = all_facets(&cloud).source(Arc::clone(&relay));
        let conversations = list.build().await.unwrap();
        conversations.sync().await.unwrap();
        assert_eq!(row(&conversations, ALICE).await.unread.count, Some(1));

        *relay.hold.lock().unwrap() = Some(facet);
        let pass = {
            let conversations = conversations.clone();
            tokio::spawn(async move { conversations.sync().await })
        };
        relay.held.notified().await;
        let time = Timestamp::from_secs(cloud.world().now() + 5);
        let mut message = LastMessage::new(MessageKind::Text);
        message.time = Some(time);
        message.payload = Some(Payload::of_text("the newer one"));
        let mut patch = ConversationPatch::new(id(ALICE));
        patch.listing = Some(ListingPatch::at(time));
        patch.unread.count = Some(0);
        patch.last_message = Known::Value(Arc::new(message));
        conversations.merge(patch).await.unwrap();
        relay.gate.add_permits(1);
        pass.await.unwrap().unwrap();

        let kept = row(&conversations, ALICE).await;
        assert_eq!(kept.listing.time, Some(time), "{facet:?}");
        match facet {
            Facet::Unread => assert_eq!(kept.unread.count, Some(0)),
            _ => {
                let message = kept.last_message.value().unwrap();
                assert_eq!(message.preview().to_string(), "the newer one");
            }
        }
        // A pass that asks afterwards is believed again.
        later(&cloud, &conversations).await;
        let row = row(&conversations, ALICE).await;
        assert_eq!(row.unread.count, Some(1));
        let message = row.last_message.value().unwrap();
        assert_eq!(message.preview().to_string(), "hello from alice");
    }
}
