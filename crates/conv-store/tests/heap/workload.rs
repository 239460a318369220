//! Rows as a real list has them.

use std::sync::Arc;

use conv_model::{
    Conversation, ConversationId, GroupType, Known, LastMessage, MarkType, MessageKind, Payload,
    Timestamp,
};

/// A name, a picture, a last message; one of ten marked, one of twenty pinned, one of eight with
/// unread messages, one of eight in a conversation group, every fourth a group.
pub(crate) fn row(number: usize) -> Conversation {
    let is_group = number % 4 == 3;
    let id = if is_group {
        ConversationId::group(&format!("@TGS#{number:08}"))
    } else {
        ConversationId::c2c(&format!("user_{number:08}"))
    };
    let mut row = Conversation::new(id.unwrap());
    // The newest are spread over all IDs.
    let age = number.wrapping_mul(2_654_435_761) % 10_000_019;
    row.listing.time = Some(Timestamp::from_secs(1_700_000_000 + age as u64));
    row.listing.is_pinned = number % 20 == 0;
    if number % 10 == 1 {
        row.listing.marks = row.listing.marks.with(MarkType::STAR);
    }
    if number % 8 == 5 {
        row.listing.groups = vec![Arc::from(["Suppliers", "Customers"][number / 8 % 2])];
    }
    row.profile.name = Some(format!("Name of {number}").into());
    row.profile.avatar =
        Some(format!("https://example.com/avatars/{number:08}/picture_200x200.png").into());
    row.profile.group_type = is_group.then_some(GroupType::Public);
    row.profile.read_at = Some(Timestamp::from_secs(1_700_000_000));
    row.unread.count = Some(if number % 8 == 2 { 3 } else { 0 });
    row.last_message = Known::Value(Arc::new(message(number)));
    row
}

fn message(number: usize) -> LastMessage {
    let mut message = LastMessage::new(MessageKind::Text);
    message.time = Some(Timestamp::from_secs(1_700_000_000));
    message.sequence = number as u64;
    message.from_account = format!("user_{number:08}").into();
    message.payload = Some(Payload::of_text("See you tomorrow at the usual place, then."));
    message
}

pub(crate) fn rows(count: usize) -> Vec<Arc<Conversation>> {
    (0..count).map(|number| Arc::new(row(number))).collect()
}
