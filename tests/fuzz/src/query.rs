//! Queries: what reads in writes out and reads in equal.

use conv_api::{Conversation, ConversationId, ConversationQuery};

pub fn query(data: &[u8]) {
    let Ok(query) = serde_json::from_slice::<ConversationQuery>(data) else { return };
    let json = serde_json::to_string(&query).unwrap();
    assert_eq!(serde_json::from_str::<ConversationQuery>(&json).unwrap(), query);
    let system = Conversation::new(ConversationId::system());
    assert!(query.matches(&system) || query != ConversationQuery::All);
    if let ConversationQuery::Ids(ids) = &query {
        assert!(ids.iter().all(|id| query.matches(&Conversation::new(id.clone()))));
    }
}
