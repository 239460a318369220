//! The values that a row shows, and the mutations that are refused at once.

use std::collections::{BTreeMap, BTreeSet};

use conv_model::{
    Conversation, ConversationId, ErrorClass, GroupName, GroupTarget, IfNewer, Known, LastMessage,
    Limits, MarkType, Mutation, MutationError, ReadMark, RemindType, ShownList, Timestamp, overlay,
    testing,
};
use proptest::prelude::*;

fn id(text: &str) -> ConversationId {
    text.parse().unwrap()
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn group(name: &str) -> GroupName {
    name.parse().unwrap()
}

fn row(time: u64) -> Conversation {
    let mut row = Conversation::new(id("C2Calice"));
    row.listing.time = Some(at(time));
    row.unread.count = Some(7);
    row
}

fn read(until: u64, count: u32) -> Mutation {
    Mutation::Read { id: id("C2Calice"), until: ReadMark::new(at(until), 0), count }
}

fn delete(seen: u64, clears_history: bool) -> Mutation {
    let if_newer = IfNewer::GiveUp;
    Mutation::Delete { id: id("C2Calice"), seen: at(seen), clears_history, if_newer }
}

#[test]
fn reading_clears_what_was_seen_and_keeps_what_came_later() {
    let unread = |base: &Conversation, mutation| overlay(base, [&mutation]).unwrap().unread.count;
    assert_eq!(unread(&row(100), read(100, 7)), Some(0));
    // Two came since.
    let mut later = row(160);
    later.unread.count = Some(9);
    assert_eq!(unread(&later, read(100, 7)), Some(2));
    // The cloud has read them already, and one came.
    later.unread.count = Some(1);
    assert_eq!(unread(&later, read(100, 7)), Some(1));
    // The count has yet to include what came.
    later.unread.count = Some(7);
    assert_eq!(unread(&later, read(100, 7)), Some(1));
    later.unread.count = Some(0);
    assert_eq!(unread(&later, read(100, 0)), Some(0));
    later.unread.count = None;
    assert_eq!(unread(&later, read(100, 7)), None);
}

#[test]
fn a_deleted_row_returns_with_news_and_without_its_old_message() {
    assert_eq!(overlay(&row(100), [&delete(100, true)]), None);
    assert_eq!(overlay(&row(99), [&delete(100, true)]), None);
    let mut news = row(101);
    let mut message = LastMessage::new(conv_model::MessageKind::Text);
    message.time = Some(at(100));
    news.last_message = Known::Value(message.into());
    news.listing.marks = news.listing.marks.with(MarkType::STAR);
    let shown = overlay(&news, [&delete(100, true)]).unwrap();
    assert_eq!((shown.last_message, shown.listing), (Known::Nothing, news.listing.clone()));
    assert_eq!(overlay(&news, [&delete(100, false)]).unwrap(), news);
}

#[test]
fn groups_show_in_order_whatever_becomes_of_them() {
    let id = id("C2Calice");
    let member = |name: &str, is_member| Mutation::Member {
        id: id.clone(),
        group_name: group(name),
        is_member,
    };
    let rename = Mutation::Group { group_name: group("b"), target: GroupTarget::Named(group("z")) };
    let mutations = [member("c", true), member("a", true), member("b", true), rename];
    let shown = overlay(&row(1), &mutations).unwrap();
    assert_eq!(shown.listing.groups, ["a".into(), "c".into(), "z".into()]);
    let absent = Mutation::Group { group_name: group("c"), target: GroupTarget::Absent };
    let shown = overlay(&shown, [&absent, &member("z", false)]).unwrap();
    assert_eq!(shown.listing.groups, ["a".into()]);
}

/// A list of some rows with conversation groups.
#[derive(Default)]
struct List {
    rows: BTreeMap<ConversationId, Conversation>,
    groups: Option<BTreeSet<String>>,
}

impl ShownList for List {
    fn row(&self, id: &ConversationId) -> Option<&Conversation> {
        self.rows.get(id)
    }

    fn pinned(&self) -> usize {
        self.rows.values().filter(|row| row.listing.is_pinned).count()
    }

    fn marked(&self) -> usize {
        let is_marked = |row: &&Conversation| {
            !row.listing.marks.is_empty() || !row.listing.custom_data.is_empty()
        };
        self.rows.values().filter(is_marked).count()
    }

    fn members(&self, group: &str) -> usize {
        let is_in = |row: &&Conversation| row.listing.groups.iter().any(|name| **name == *group);
        self.rows.values().filter(is_in).count()
    }

    fn groups(&self) -> Option<usize> {
        self.groups.as_ref().map(BTreeSet::len)
    }

    fn has_group(&self, group: &str) -> Option<bool> {
        self.groups.as_ref().map(|groups| groups.contains(group))
    }
}

fn list(count: usize, change: impl Fn(&mut Conversation)) -> List {
    let rows = (0..=count).map(|number| {
        let mut row = Conversation::new(id(&format!("C2Cu{number:04}")));
        if number < count {
            change(&mut row);
        }
        (row.id.clone(), row)
    });
    List { rows: rows.collect(), groups: None }
}

fn refused(list: &List, mutation: &Mutation) -> Option<(MutationError, Option<i32>)> {
    let error = mutation.check(list, &Limits::default()).err()?;
    let code = error.code();
    Some((error, code))
}

#[test]
fn the_limits_of_the_cloud_are_known_before_it_is_asked() {
    let last = |count: usize| id(&format!("C2Cu{count:04}"));
    let pin = |id, is_pinned| Mutation::Pin { id, is_pinned };
    let pinned = |row: &mut Conversation| row.listing.is_pinned = true;
    assert_eq!(refused(&list(49, pinned), &pin(last(49), true)), None);
    let full = list(50, pinned);
    let error = (MutationError::TooManyPinned(50), Some(51012));
    assert_eq!(refused(&full, &pin(last(50), true)), Some(error));
    assert_eq!(refused(&full, &pin(last(0), true)), None);
    assert_eq!(refused(&full, &pin(last(0), false)), None);

    let starred = |row: &mut Conversation| row.listing.custom_data = "x".into();
    let star = |id, is_set| Mutation::Mark { id, mark_type: MarkType::STAR, is_set };
    let full = list(1_000, starred);
    let error = (MutationError::TooManyMarked(1_000), Some(51008));
    assert_eq!(refused(&full, &star(last(1_000), true)), Some(error));
    assert_eq!(refused(&full, &star(last(3), true)), None);
    let text =
        |length| Mutation::CustomData { id: last(0), custom_data: "x".repeat(length).into() };
    assert_eq!(refused(&full, &text(256)), None);
    assert_eq!(refused(&full, &text(257)), Some((MutationError::CustomDataTooLong(257), None)));
    let reserved = MarkType::from_bit(4).unwrap();
    let mark = Mutation::Mark { id: last(0), mark_type: reserved, is_set: true };
    assert_eq!(refused(&full, &mark), Some((MutationError::ReservedMark(reserved), None)));

    let member = |id, is_member| Mutation::Member { id, group_name: group("Work"), is_member };
    let full = list(1_000, |row| row.listing.groups = vec!["Work".into()]);
    let error = (MutationError::TooManyMembers(group("Work"), 1_000), Some(51008));
    assert_eq!(refused(&full, &member(last(1_000), true)), Some(error));
    assert_eq!(refused(&full, &member(last(0), false)), None);
}

#[test]
fn groups_are_judged_by_the_names_that_are_known() {
    let mut list = list(1, |_| ());
    let of = |name: &str, target| Mutation::Group { group_name: group(name), target };
    let work = GroupTarget::Named(group("Work"));
    // Nothing is known: the cloud will say.
    assert_eq!(refused(&list, &of("Family", work.clone())), None);
    list.groups = Some((0..20).map(|number| number.to_string()).collect());
    let create = of("Work", GroupTarget::Present);
    assert_eq!(refused(&list, &create), Some((MutationError::TooManyGroups(20), Some(51010))));
    let missing = Some((MutationError::NoSuchGroup(group("Work")), Some(51009)));
    assert_eq!(refused(&list, &of("Work", GroupTarget::Absent)), missing);
    let id = id("C2Cu0000");
    let member = Mutation::Member { id, group_name: group("Work"), is_member: true };
    assert_eq!(refused(&list, &member), missing);
    let taken = of("1", GroupTarget::Named(group("2")));
    assert_eq!(refused(&list, &taken), Some((MutationError::GroupExists(group("2")), None)));
    assert_eq!(refused(&list, &of("1", GroupTarget::Present)), None);
    assert_eq!(refused(&list, &of("1", work)), None);
    // It has its own name already.
    assert_eq!(refused(&list, &of("1", GroupTarget::Named(group("1")))), None);
}

#[test]
fn no_group_gets_a_name_with_a_control_character() {
    let mut list = list(1, |_| ());
    let of = |name: &str, target| Mutation::Group { group_name: group(name), target };
    for bad in ["two\nlines", "\0", "bell\u{7}", "\u{85}"] {
        let error = Some((MutationError::ControlInGroupName(group(bad)), None));
        assert_eq!(refused(&list, &of(bad, GroupTarget::Present)), error);
        assert_eq!(refused(&list, &of("Work", GroupTarget::Named(group(bad)))), error);
    }
    // One that got such a name elsewhere can be mended, and goes.
    list.groups = Some(["two\nlines".to_owned()].into());
    let mended = of("two\nlines", GroupTarget::Named(group("Work")));
    assert_eq!(refused(&list, &mended), None);
    assert_eq!(refused(&list, &of("two\nlines", GroupTarget::Absent)), None);
}

#[test]
fn aspects_that_a_conversation_lacks_are_refused() {
    let mut list = list(0, |_| ());
    let system = Conversation::new(ConversationId::system());
    list.rows.insert(system.id.clone(), system);
    let id = ConversationId::system();
    let until = ReadMark::default();
    let read = Mutation::Read { id: id.clone(), until, count: 0 };
    assert_eq!(refused(&list, &read), Some((MutationError::WrongKind(id), None)));
    let remind_type = RemindType::Discard;
    let user: ConversationId = "C2Cu0000".parse().unwrap();
    let error = Mutation::Remind { id: user.clone(), remind_type }
        .check(&list, &Limits::default())
        .unwrap_err();
    assert_eq!((error.class(), error), (ErrorClass::Unsupported, MutationError::WrongKind(user)));
    let unknown = Mutation::Pin { id: "C2Cnobody".parse().unwrap(), is_pinned: true };
    assert_eq!(refused(&list, &unknown).unwrap().1, Some(2500));
}

proptest! {
    #[test]
    fn a_mutation_survives_json(mutation in testing::mutations()) {
        let text = serde_json::to_string(&mutation).unwrap();
        prop_assert_eq!(serde_json::from_str::<Mutation>(&text).unwrap(), mutation);
    }

    #[test]
    fn setting_a_value_twice_is_setting_it_once(
        base in testing::conversations(), mutation in testing::mutations(),
    ) {
        let Some(once) = overlay(&base, [&mutation]) else { return Ok(()) };
        // Reading is counted from the cloud's number, so that a second time would count twice.
        if !matches!(mutation, Mutation::Read { .. }) {
            let twice = overlay(&once, [&mutation]);
            prop_assert_eq!(twice.as_ref(), Some(&once));
        }
        prop_assert_eq!(once.local, base.local);
        prop_assert_eq!(once.profile, base.profile);
    }
}
