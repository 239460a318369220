//! Facts that an event states of its own: only ever upwards.

use std::sync::Arc;

use conv_gateway::webhook::{Provisional, Trust, Who};
use conv_model::{
    Conversation, ConversationPatch, Known, LastMessage, MessageKind, Payload, Timestamp, merge,
};

use super::event;

const NOW: Timestamp = Timestamp::from_secs(1_775_000_000);

fn row(id: &str, time: Timestamp) -> Conversation {
    let mut row = Conversation::new(id.parse().unwrap());
    row.listing.time = Some(time);
    row.last_message = Known::Value(message(time, 5, "before"));
    row
}

fn message(time: Timestamp, sequence: u64, text: &str) -> Arc<LastMessage> {
    let mut message = LastMessage::new(MessageKind::Text);
    (message.time, message.sequence) = (Some(time), sequence);
    message.payload = Some(Payload::of_text(text));
    Arc::new(message)
}

/// The fact of a message to the group `g`.
fn of_group(command: &str, time: Timestamp, sequence: u64, text: &str) -> Provisional {
    let time = time.as_secs();
    let body = format!(
        r#"{{"GroupId":"g","From_Account":"bob","MsgSeq":{sequence},"MsgTime":{time},"MsgBody":[
        {{"MsgType":"TIMTextElem","MsgContent":{{"Text":"{text}"}}}}]}}"#
    );
    let mut facts = event(command, &body).marks(None).provisional;
    assert_eq!(facts.len(), 1);
    facts.remove(0)
}

fn sent(time: Timestamp, sequence: u64, text: &str) -> Provisional {
    of_group("Group.CallbackAfterSendMsg", time, sequence, text)
}

fn edit(sequence: u64, text: &str) -> Provisional {
    of_group("Group.CallbackAfterModifyMsg", Timestamp::ZERO, sequence, text)
}

/// Time and text of a row after a fact; `None` if the fact changes nothing.
fn after(fact: &Provisional, trust: Trust, row: &Conversation) -> Option<(u64, String)> {
    let patch: ConversationPatch = fact.patch(trust, row, NOW)?;
    let row = merge(Some(row), &patch);
    let text = row.last_message.value().and_then(|last| last.payload.as_ref()?.text());
    Some((row.listing.time.unwrap().as_secs() - NOW.as_secs() + 100, text.unwrap_or_default()))
}

/// Some seconds before now, counted from 100 before it.
fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(NOW.as_secs() - 100 + seconds)
}

#[test]
fn each_level_of_trust_takes_more() {
    let (held, fact) = (row("GROUPg", at(100)), sent(NOW.plus_secs(10), 6, "new"));
    assert_eq!(after(&fact, Trust::default(), &held), None);
    assert_eq!(after(&fact, Trust::Bump, &held), Some((110, "before".into())));
    assert_eq!(after(&fact, Trust::Preview, &held), Some((110, "new".into())));
}

#[test]
fn a_time_is_never_lowered_and_never_far_ahead() {
    let held = row("GROUPg", at(100));
    for time in [NOW, Timestamp::from_secs(NOW.as_secs() - 1), NOW.plus_secs(61), at(0)] {
        assert_eq!(after(&sent(time, 4, "other"), Trust::Preview, &held), None, "{time:?}");
    }
    assert!(after(&sent(NOW.plus_secs(60), 6, "new"), Trust::Bump, &held).is_some());
}

#[test]
fn messages_in_reverse_end_with_the_newest() {
    let mut held = row("GROUPg", NOW);
    // All of one second: the sequence orders.
    for (sequence, text) in [(9, "last"), (7, "middle"), (8, "later")] {
        let fact = sent(NOW.plus_secs(1), sequence, text);
        if let Some(patch) = fact.patch(Trust::Preview, &held, NOW) {
            held = merge(Some(&held), &patch);
        }
    }
    let last = held.last_message.value().unwrap();
    assert_eq!((last.sequence, last.payload.as_ref().unwrap().text().unwrap()), (9, "last".into()));
    assert_eq!(last.from_account.as_ref(), "bob");
}

#[test]
fn a_last_message_that_is_not_kept_stays_unknown() {
    let mut held = row("GROUPg", NOW);
    held.last_message = Known::Unknown;
    let patch = sent(NOW.plus_secs(1), 6, "new").patch(Trust::Preview, &held, NOW).unwrap();
    assert!(matches!(patch.last_message, Known::Unknown));
    held.last_message = Known::Nothing;
    let patch = sent(NOW.plus_secs(1), 6, "new").patch(Trust::Preview, &held, NOW).unwrap();
    assert!(patch.last_message.value().is_some());
}

#[test]
fn an_edit_changes_the_text_of_its_own_message_alone() {
    let held = row("GROUPg", NOW);
    assert_eq!(after(&edit(5, "edited"), Trust::Preview, &held), Some((100, "edited".into())));
    assert_eq!(after(&edit(5, "edited"), Trust::Bump, &held), None);
    assert_eq!(after(&edit(4, "edited"), Trust::Preview, &held), None);
    let mut recalled = held.clone();
    let mut last = LastMessage::clone(recalled.last_message.value().unwrap());
    last.is_revoked = true;
    recalled.last_message = Known::Value(Arc::new(last));
    assert_eq!(after(&edit(5, "edited"), Trust::Preview, &recalled), None);
}

#[test]
fn a_fact_is_of_its_row_and_of_its_accounts() {
    let fact = sent(NOW.plus_secs(1), 6, "new");
    assert_eq!(fact.who, Who::Holders("GROUPg".parse().unwrap()));
    assert_eq!(after(&fact, Trust::Preview, &row("GROUPother", NOW)), None);
    let body = r#"{"From_Account":"a","To_Account":"b","MsgTime":1775000001}"#;
    let facts = |more: &str| {
        let body = body.replace('}', &format!("{more}}}"));
        let facts = event("C2C.CallbackAfterSendMsg", &body).marks(None).provisional;
        facts.into_iter().map(|fact| (fact.who, fact.row.to_string())).collect::<Vec<_>>()
    };
    let of = |who: &str, row: &str| (Who::Account(who.parse().unwrap()), row.to_owned());
    assert_eq!(facts(""), [of("a", "C2Cb"), of("b", "C2Ca")]);
    for none in [r#","SendMsgResult":1"#, r#","OnlineOnlyFlag":1"#] {
        assert!(facts(none).is_empty(), "{none}");
    }
}

#[test]
fn a_store_is_told_as_much_as_the_level_asks_for() {
    let fact = sent(NOW.plus_secs(1), 6, "new");
    assert_eq!(fact.suggestion(Trust::default(), NOW), None);
    let bump = fact.suggestion(Trust::Bump, NOW).unwrap();
    assert_eq!((bump.time, bump.unread, &*bump.key), (NOW.plus_secs(1), 1, "6"));
    assert_eq!(bump.from_account, Some("bob".parse().unwrap()));
    assert!(bump.last_message.is_none());
    let preview = fact.suggestion(Trust::Preview, NOW).unwrap();
    assert_eq!(preview.last_message.unwrap().payload.as_ref().unwrap().text().unwrap(), "new");
    assert_eq!(sent(NOW.plus_secs(61), 6, "new").suggestion(Trust::Preview, NOW), None);
    assert_eq!(edit(6, "other").suggestion(Trust::Preview, NOW), None);
}

#[test]
fn a_recall_names_its_messages() {
    let keys = |command: &str, body: &str| {
        let facts = event(command, body).marks(None).provisional;
        let recalls = facts.iter().map(|fact| fact.suggestion(Trust::Bump, NOW).unwrap());
        recalls
            .map(|it| (it.id.to_string(), it.key.to_string(), it.is_recalled))
            .collect::<Vec<_>>()
    };
    let of = |row: &str, key: &str| (row.to_owned(), key.to_owned(), true);
    let body = r#"{"GroupId":"g","MsgSeqList":[{"MsgSeq":6},{"MsgSeq":"7"}]}"#;
    assert_eq!(keys("Group.CallbackAfterRecallMsg", body), [of("GROUPg", "6"), of("GROUPg", "7")]);
    let body = r#"{"From_Account":"a","To_Account":"b","MsgKey":"1_2_3"}"#;
    let both = [of("C2Cb", "1_2_3"), of("C2Ca", "1_2_3")];
    assert_eq!(keys("C2C.CallbackAfterMsgWithDraw", body), both);
}
