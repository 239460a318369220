//! The SDK's JSON of a conversation: what reads in, stays as it is from then on.

use conv_api::Conversation;

pub fn conversation_json(data: &[u8]) {
    let Ok(first) = serde_json::from_slice::<Conversation>(data) else { return };
    // Unknown is shown as zero, so the first writing may tell more than was read.
    let shown = serde_json::to_string(&first).unwrap();
    let second: Conversation = serde_json::from_str(&shown).unwrap();
    let shown_again = serde_json::to_string(&second).unwrap();
    assert_eq!(shown_again, shown);
    assert_eq!(serde_json::from_str::<Conversation>(&shown_again).unwrap(), second);
    assert_eq!((&second.id, &second.listing), (&first.id, &first.listing));
}
