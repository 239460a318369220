//! Conversation IDs: what parses prints as it was read, in either spelling.

use conv_api::model::{ConversationId, ConversationIdRef, Peer};

pub fn conversation_id(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let borrowed = ConversationIdRef::parse(text);
    let owned = text.parse::<ConversationId>();
    assert_eq!(borrowed.map(ConversationIdRef::to_owned), owned);
    if let Ok(id) = owned {
        prints_as_it_was_read(&id, text);
    }
    if let Ok(id) = ConversationId::from_native(text) {
        assert_eq!(id.to_native().as_deref(), Some(text));
        prints_as_it_was_read(&id, id.as_str());
    }
}

fn prints_as_it_was_read(id: &ConversationId, text: &str) {
    assert_eq!(id.to_string(), text);
    assert_eq!(text.parse().as_ref(), Ok(id));
    let again = match id.peer() {
        Peer::User(user) => ConversationId::c2c(user.as_str()),
        Peer::Group(group) => ConversationId::group(group.as_str()),
        Peer::System => Ok(ConversationId::system()),
    };
    assert_eq!(again.as_ref(), Ok(id));
    assert_eq!(id.borrowed(), ConversationIdRef::parse(text).unwrap());
    if let Some(native) = id.to_native() {
        assert_eq!(ConversationId::from_native(&native).as_ref(), Ok(id));
        assert!(native.parse::<ConversationId>().is_err(), "one text, one meaning: {native}");
    }
    let json = serde_json::to_string(id).unwrap();
    assert_eq!(serde_json::from_str::<ConversationId>(&json).unwrap(), *id);
}
