//! A row shows messages that events state: only ever more.

use std::{slice, sync::Arc};

use conv_model::{
    AccountId, Conversation, ConversationId, GroupType, Known, LastMessage, MessageKind,
    Suggestion, Timestamp, suggested,
    testing::{conversations, timestamps},
};
use proptest::{collection::vec, prelude::*};

fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn message(time: Timestamp, sequence: u64) -> LastMessage {
    let mut message = LastMessage::new(MessageKind::Text);
    (message.time, message.sequence) = (Some(time), sequence);
    message
}

fn row(id: &str, time: u64, count: Option<u32>) -> Conversation {
    let mut row = Conversation::new(id.parse().unwrap());
    (row.listing.time, row.unread.count) = (Some(at(time)), count);
    row.last_message = Known::Value(Arc::new(message(at(time), 5)));
    row
}

/// A message with a sequence of its own.
fn of(row: &Conversation, time: Timestamp, sequence: u64, is_unread: bool) -> Suggestion {
    let one = Suggestion::new(row.id.clone(), sequence.to_string(), time);
    let one = one.showing(message(time, sequence));
    if is_unread { one.unread() } else { one }
}

fn some() -> impl Strategy<Value = Vec<(Timestamp, bool)>> {
    vec((timestamps(), any::<bool>()), 0..6)
}

proptest! {
    /// No time is lowered, no count and no message gets lost, nothing becomes known, and nothing else
    /// changes.
    #[test]
    fn suggestions_only_raise(base in conversations(), messages in some()) {
        let all: Vec<_> = messages
            .iter()
            .enumerate()
            .map(|(number, (time, is_unread))| of(&base, *time, number as u64 + 1, *is_unread))
            .collect();
        let shown = suggested(&base, base.unread.count, &all);
        prop_assert!(shown.listing.time >= base.listing.time);
        prop_assert!(shown.unread.count >= base.unread.count);
        prop_assert_eq!(shown.unread.count.is_some(), base.unread.count.is_some());
        prop_assert_eq!(shown.last_message.is_known(), base.last_message.is_known());
        let mut back = shown.clone();
        back.listing.time = base.listing.time;
        back.unread.count = base.unread.count;
        back.last_message = base.last_message.clone();
        back.provisional = base.provisional;
        prop_assert_eq!(&back, &base);
        let differs = [
            shown.listing.time != base.listing.time,
            shown.unread != base.unread,
            shown.last_message != base.last_message,
        ];
        let said = shown.provisional;
        prop_assert_eq!([said.time, said.unread, said.last_message], differs);
    }

    #[test]
    fn their_order_does_not_matter(base in conversations(), messages in some(), turn in 0..6_usize) {
        let mut all: Vec<_> = messages
            .iter()
            .enumerate()
            .map(|(number, (time, is_unread))| of(&base, *time, number as u64 + 10, *is_unread))
            .collect();
        let shown = suggested(&base, base.unread.count, &all);
        all.reverse();
        prop_assert_eq!(&suggested(&base, base.unread.count, &all), &shown);
        let by = turn % all.len().max(1);
        all.rotate_left(by);
        prop_assert_eq!(&suggested(&base, base.unread.count, &all), &shown);
    }

    #[test]
    fn what_is_provisional_is_in_the_json(base in conversations(), messages in some()) {
        let all: Vec<_> =
            messages.iter().map(|(time, is_unread)| of(&base, *time, 9, *is_unread)).collect();
        let shown = suggested(&base, base.unread.count, &all);
        let json = serde_json::to_value(&shown).unwrap();
        prop_assert_eq!(json.get("provisional").is_some(), !shown.provisional.is_empty());
        let read: Conversation = serde_json::from_value(json).unwrap();
        prop_assert_eq!(read.provisional, shown.provisional);
    }
}

#[test]
fn a_count_is_raised_once_however_far_the_cloud_has_counted() {
    let counts = |count, from, added| {
        let base = row("C2Calice", 10, count);
        let mut one = of(&base, at(20), 6, true);
        one.unread = added;
        suggested(&base, from, [&one]).unread.count
    };
    assert_eq!(counts(Some(3), Some(3), 2), Some(5));
    // The cloud has counted one of them, both, or more.
    assert_eq!([4, 5, 9].map(|now| counts(Some(now), Some(3), 2)), [Some(5), Some(5), Some(9)]);
    // The user has read on another device.
    assert_eq!(counts(Some(0), Some(3), 2), Some(2));
    assert_eq!(counts(None, None, 2), None);
    assert_eq!(counts(Some(u32::MAX), Some(u32::MAX), 2), Some(u32::MAX));
}

#[test]
fn the_newest_message_shows_where_one_is_known() {
    let base = row("GROUPg", 10, None);
    let text = |base: &Conversation, all: &[Suggestion]| {
        suggested(base, None, all).last_message.value().map(|last| last.sequence)
    };
    let (later, latest) = (of(&base, at(11), 7, false), of(&base, at(11), 8, false));
    assert_eq!(text(&base, &[latest.clone(), later.clone()]), Some(8));
    // Older than what the cloud said.
    assert_eq!(text(&base, &[of(&base, at(9), 9, false)]), Some(5));
    let mut unknown = base.clone();
    unknown.last_message = Known::Unknown;
    assert_eq!(text(&unknown, slice::from_ref(&later)), None);
    unknown.last_message = Known::Nothing;
    assert_eq!(text(&unknown, slice::from_ref(&later)), Some(7));
    // A recall leaves the place, not the text.
    let mut recalled = later.unread();
    recalled.take_back();
    let shown = suggested(&base, None, [&recalled]);
    assert_eq!((shown.listing.time, shown.last_message), (Some(at(11)), base.last_message));
}

#[test]
fn what_counts_no_unread_messages_gets_none() {
    let mut base = row("GROUPg", 10, Some(0));
    base.profile.group_type = Some(GroupType::Meeting);
    assert_eq!(suggested(&base, Some(0), [&of(&base, at(20), 6, true)]).unread.count, Some(0));
    let other = row("C2Cother", 10, Some(0));
    assert_eq!(suggested(&other, Some(0), [&of(&base, at(20), 6, true)]), other);
}

#[test]
fn a_message_is_unread_for_others_alone() {
    let [alice, bob]: [AccountId; 2] = ["alice", "bob"].map(|name| name.parse().unwrap());
    let id = ConversationId::group("g").unwrap();
    let one = Suggestion::new(id, "6", at(20)).unread();
    assert_eq!(one.clone().for_account(&bob).unread, 0, "of an unknown sender");
    let one = one.from_account(alice.clone());
    assert_eq!((one.clone().for_account(&alice).unread, one.for_account(&bob).unread), (0, 1));
}
