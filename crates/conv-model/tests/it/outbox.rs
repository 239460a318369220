//! The order, replacement and sending of mutations, and that the cloud ends as the user wanted.

mod apps;
mod cloud;
mod shown;

use std::collections::BTreeSet;

use conv_model::{
    Capacity, Conversation, ConversationId, Enqueued, ErrorClass, GroupName, GroupTarget, IfNewer,
    Mutation, MutationError, MutationFailure, Outbox, Outcome, OutcomeKind, Pending, PendingState,
    Progress, ReadMark, Slot, Timestamp, testing,
};
use proptest::prelude::*;

use self::cloud::Cloud;

fn id(text: &str) -> ConversationId {
    text.parse().unwrap()
}

fn group(name: &str) -> GroupName {
    name.parse().unwrap()
}

fn pin(is_pinned: bool) -> Mutation {
    Mutation::Pin { id: id("C2Calice"), is_pinned }
}

fn member(user: &str, name: &str, is_member: bool) -> Mutation {
    Mutation::Member { id: id(user), group_name: group(name), is_member }
}

fn of_group(name: &str, target: GroupTarget) -> Mutation {
    Mutation::Group { group_name: group(name), target }
}

fn rename(old: &str, new: &str) -> Mutation {
    of_group(old, GroupTarget::Named(group(new)))
}

fn put(outbox: &mut Outbox, mutation: Mutation) -> Enqueued {
    outbox.enqueue(mutation, None, |_| false, &Capacity::default()).unwrap()
}

fn failure() -> MutationFailure {
    MutationFailure::new(ErrorClass::Cloud, Some(50002), "refused")
}

fn waiting(outbox: &Outbox) -> Vec<Mutation> {
    outbox.pending().map(|pending| pending.mutation.clone()).collect()
}

#[test]
fn a_queued_mutation_is_replaced_or_dropped_if_the_cloud_has_it() {
    let mut outbox = Outbox::default();
    let first = put(&mut outbox, pin(true)).number.unwrap();
    for turn in 0..1_000 {
        put(&mut outbox, pin(turn % 2 == 0));
    }
    assert_eq!(waiting(&outbox), [pin(false)]);
    let done = outbox.enqueue(pin(true), None, |_| true, &Capacity::default()).unwrap();
    assert_eq!((done.number, done.slots.len()), (None, 1));
    assert_eq!(done.outcomes[0].kind, OutcomeKind::Replaced);
    assert!(outbox.is_empty() && done.outcomes[0].number > first);
}

#[test]
fn a_group_that_is_renamed_to_its_own_name_asks_for_nothing() {
    let mut outbox = Outbox::default();
    assert_eq!(put(&mut outbox, rename("Work", "Work")).number, None);
    assert!(outbox.is_empty());
    put(&mut outbox, of_group("Work", GroupTarget::Present));
    put(&mut outbox, member("C2Calice", "Work", true));
    let waited = waiting(&outbox);
    let done = put(&mut outbox, rename("Work", "Work"));
    assert_eq!((done.number, done.outcomes), (None, Vec::new()));
    assert_eq!(waiting(&outbox), waited);
}

#[test]
fn a_mutation_in_flight_stays_and_its_answer_ends_no_later_one() {
    let mut outbox = Outbox::default();
    let first = put(&mut outbox, pin(true)).number.unwrap();
    outbox.progress(first, Progress::Sending);
    // Unpinned and pinned again while the call is out: the call is enough.
    let second = put(&mut outbox, pin(false)).number.unwrap();
    assert_eq!(put(&mut outbox, pin(true)).number, Some(first));
    assert_eq!(outbox.pending().count(), 1);
    // Unpinned for good: that waits, and its value shows.
    let third = put(&mut outbox, pin(false)).number.unwrap();
    assert!(outbox.ready().is_empty() && third > second);
    outbox.progress(first, Progress::Acknowledged);
    let ready: Vec<_> = outbox.ready().iter().map(|pending| pending.number).collect();
    assert_eq!(ready, [third]);
    // Late answers of the first.
    for late in [Progress::Acknowledged, Progress::Failed(failure())] {
        assert_eq!(outbox.progress(first, late), Default::default());
    }
    outbox.progress(third, Progress::Sending);
    let done = outbox.progress(third, Progress::Acknowledged);
    assert_eq!((done.outcomes[0].number, &done.outcomes[0].kind), (first, &OutcomeKind::Done));
    assert_eq!(outbox.progress(first, Progress::Settled), Default::default());
}

#[test]
fn an_acknowledged_change_is_undone_whatever_the_list_shows() {
    let mut outbox = Outbox::default();
    let first = put(&mut outbox, pin(true)).number.unwrap();
    outbox.progress(first, Progress::Sending);
    outbox.progress(first, Progress::Acknowledged);
    let undo = outbox.enqueue(pin(false), None, |_| true, &Capacity::default()).unwrap();
    assert!(undo.number.is_some());
    assert_eq!(waiting(&outbox), [pin(true), pin(false)]);
    // Acknowledged mutations and those that wait for them settle in turn.
    outbox.progress(first, Progress::Settled);
    assert_eq!(waiting(&outbox), [pin(false)]);
}

#[test]
fn a_value_that_is_asked_for_again_after_its_acknowledgement_is_sent_again() {
    let mut outbox = Outbox::default();
    let first = put(&mut outbox, pin(true)).number.unwrap();
    outbox.progress(first, Progress::Sending);
    assert_eq!(put(&mut outbox, pin(true)).number, Some(first), "the call is enough");
    outbox.progress(first, Progress::Acknowledged);
    // Another device may have unpinned it since.
    assert!(put(&mut outbox, pin(true)).number > Some(first));
    assert_eq!(outbox.ready().len(), 1);
}

#[test]
fn a_failed_mutation_is_listed_until_it_is_dropped_retried_or_replaced() {
    let mut outbox = Outbox::default();
    let number = put(&mut outbox, pin(true)).number.unwrap();
    outbox.progress(number, Progress::Sending);
    let done = outbox.progress(number, Progress::Failed(failure()));
    assert_eq!(done.outcomes[0].kind, OutcomeKind::Failed(failure()));
    let base = std::sync::Arc::new(conv_model::Conversation::new(id("C2Calice")));
    let shown = outbox.shown(&base).unwrap();
    assert!(!shown.listing.is_pinned);
    assert_eq!(shown.pending.pin, Some(PendingState::Failed));
    assert!(outbox.ready().is_empty());
    // Of an old change that would expire at once, and be taken for the attempt that failed.
    let now = Timestamp::from_secs(1_775_000_000);
    outbox.progress(number, Progress::RetryAt(now));
    assert_eq!(outbox.ready().len(), 1);
    assert_eq!(outbox.get(number).unwrap().queued_at, Some(now));
    outbox.progress(number, Progress::Sending);
    outbox.progress(number, Progress::Failed(failure()));
    outbox.progress(number, Progress::Drop);
    assert!(outbox.is_empty());
}

#[test]
fn only_what_never_left_can_be_taken_back() {
    let mut outbox = Outbox::default();
    let number = put(&mut outbox, pin(true)).number.unwrap();
    outbox.progress(number, Progress::Sending);
    assert_eq!(outbox.progress(number, Progress::Drop), Default::default());
    let lost = Progress::Returned { failure: failure(), is_uncertain: true };
    outbox.progress(number, lost);
    assert_eq!(outbox.progress(number, Progress::Drop), Default::default());
    let mut outbox = Outbox::default();
    let number = put(&mut outbox, pin(true)).number.unwrap();
    let done = outbox.progress(number, Progress::Drop);
    assert_eq!(done.outcomes[0].kind, OutcomeKind::Cancelled);
}

#[test]
fn a_renaming_takes_along_what_waits_for_the_old_name() {
    let mut outbox = Outbox::default();
    put(&mut outbox, member("C2Calice", "Work", true));
    let on_its_way = put(&mut outbox, member("C2Cbob", "Work", true)).number.unwrap();
    outbox.progress(on_its_way, Progress::Sending);
    put(&mut outbox, rename("Work", "Team"));
    let expected =
        [member("C2Calice", "Team", true), member("C2Cbob", "Work", true), rename("Work", "Team")];
    assert_eq!(waiting(&outbox), expected);
    // The renaming waits for the call that names the old name; the rest waits for the renaming.
    assert!(outbox.ready().is_empty());
    outbox.progress(on_its_way, Progress::Acknowledged);
    assert_eq!(outbox.ready()[0].mutation, rename("Work", "Team"));
    assert_eq!(outbox.ready().len(), 1);
    let base = std::sync::Arc::new(conv_model::Conversation::new(id("C2Cbob")));
    assert_eq!(outbox.shown(&base).unwrap().listing.groups, ["Team".into()]);
}

#[test]
fn a_renamed_groups_member_is_replaced_under_a_new_number() {
    let mut outbox = Outbox::default();
    let added = put(&mut outbox, member("C2Calice", "Work", true)).number.unwrap();
    let renamed = put(&mut outbox, rename("Work", "Team"));
    let replaced = Outcome::new(added, member("C2Calice", "Work", true), OutcomeKind::Replaced);
    assert_eq!(renamed.outcomes, [replaced]);
    assert!(outbox.get(added).is_none() && outbox.get(renamed.number.unwrap()).is_some());
}

#[test]
fn a_group_that_is_being_created_keeps_its_first_members() {
    let mut outbox = Outbox::default();
    let created = put(&mut outbox, of_group("a", GroupTarget::Present)).number.unwrap();
    put(&mut outbox, member("C2Calice", "a", true));
    outbox.progress(created, Progress::Sending);
    put(&mut outbox, rename("a", "b"));
    let created = outbox.get(created).unwrap();
    assert_eq!(outbox.first_members(created).len(), 1);
}

#[test]
fn names_that_never_left_leave_no_trace() {
    let mut outbox = Outbox::default();
    put(&mut outbox, of_group("a", GroupTarget::Present));
    put(&mut outbox, member("C2Calice", "a", true));
    put(&mut outbox, rename("a", "b"));
    put(&mut outbox, rename("b", "c"));
    let expected = [member("C2Calice", "c", true), of_group("c", GroupTarget::Present)];
    assert_eq!(waiting(&outbox), expected);
    assert_eq!(outbox.shown_groups([]), BTreeSet::from(["c".into()]));
    let created = std::sync::Arc::clone(outbox.ready()[0]);
    assert_eq!(outbox.first_members(&created).len(), 1);
    put(&mut outbox, of_group("c", GroupTarget::Absent));
    assert!(outbox.is_empty());
    // For a group that the cloud has, two renamings become one, and renaming it back cancels them.
    put(&mut outbox, rename("x", "y"));
    put(&mut outbox, rename("y", "z"));
    assert_eq!(waiting(&outbox), [rename("x", "z")]);
    put(&mut outbox, rename("z", "x"));
    assert!(outbox.is_empty());
    put(&mut outbox, rename("x", "y"));
    put(&mut outbox, of_group("y", GroupTarget::Absent));
    assert_eq!(waiting(&outbox), [of_group("x", GroupTarget::Absent)]);
}

#[test]
fn a_deletion_ends_what_goes_with_the_row_and_later_changes_wait_for_it() {
    let mut outbox = Outbox::default();
    put(&mut outbox, pin(true));
    put(&mut outbox, member("C2Calice", "Work", true));
    let delete = Mutation::Delete {
        id: id("C2Calice"),
        seen: Timestamp::from_secs(9),
        clears_history: false,
        if_newer: IfNewer::GiveUp,
    };
    let done = put(&mut outbox, delete.clone());
    assert_eq!(done.outcomes[0].mutation, pin(true));
    // It waits for the membership, which outlives the row; what follows waits for it.
    put(&mut outbox, pin(true));
    assert_eq!(outbox.ready().len(), 1);
    assert_eq!(outbox.ready()[0].mutation, member("C2Calice", "Work", true));
}

#[test]
fn reading_goes_forward_only() {
    let read = |time, count| {
        let until = ReadMark::new(Timestamp::from_secs(time), 0);
        Mutation::Read { id: id("C2Calice"), until, count }
    };
    let mut outbox = Outbox::default();
    put(&mut outbox, read(20, 5));
    put(&mut outbox, read(10, 0));
    assert_eq!(waiting(&outbox), [read(20, 5)]);
    put(&mut outbox, read(30, 6));
    assert_eq!(waiting(&outbox), [read(30, 6)]);
}

/// A list of one conversation, whose messages come at these times; own ones count as not unread.
struct Badge {
    outbox: Outbox,
    row: Conversation,
}

impl Badge {
    fn new() -> Self {
        let mut badge = Self { outbox: Outbox::default(), row: Conversation::new(id("C2Calice")) };
        badge.comes(20, 5);
        badge
    }

    fn comes(&mut self, time: u64, unread: u32) {
        self.row.listing.time = Some(Timestamp::from_secs(time));
        self.row.unread.count = Some(unread);
    }

    fn read(&mut self, time: u64) -> u64 {
        let until = ReadMark::new(Timestamp::from_secs(time), 0);
        let read = Mutation::Read { id: self.row.id.clone(), until, count: 0 };
        let read = self.outbox.counted(None, &read, Some(&self.row));
        put(&mut self.outbox, read).number.unwrap()
    }

    fn shows(&self) -> Option<u32> {
        self.outbox.shown(&self.row.clone().into()).unwrap().unread.count
    }
}

#[test]
fn a_badge_counts_new_messages_alone_after_readings_that_wait() {
    // Opened twice, or opened and then seen in part.
    for again in [20, 25] {
        let mut badge = Badge::new();
        badge.read(20);
        badge.comes(if again == 20 { 20 } else { 30 }, if again == 20 { 5 } else { 6 });
        badge.read(again);
        badge.comes(40, 7);
        assert_eq!(badge.shows(), Some(2), "{again}");
    }
    // Own messages between.
    let mut badge = Badge::new();
    badge.read(20);
    badge.comes(30, 5);
    badge.read(30);
    badge.comes(40, 6);
    assert_eq!(badge.shows(), Some(1));
}

#[test]
fn a_badge_counts_new_messages_alone_beside_a_reading_under_way() {
    let refused = || Progress::Returned { failure: failure(), is_uncertain: false };
    for returns in [false, true] {
        let mut badge = Badge::new();
        let first = badge.read(20);
        badge.outbox.progress(first, Progress::Sending);
        badge.comes(30, 6);
        badge.read(30);
        if returns {
            badge.outbox.progress(first, refused());
        }
        badge.comes(40, 7);
        assert_eq!(badge.shows(), Some(1));
        badge.read(40);
        badge.comes(50, 8);
        assert_eq!(badge.shows(), Some(1), "{returns}");
    }
}

/// The cloud may have read the first five: taken off once more, they would hide new ones.
#[test]
fn a_badge_hides_no_message_after_a_lost_answer() {
    let mut badge = Badge::new();
    let first = badge.read(20);
    badge.outbox.progress(first, Progress::Sending);
    let lost = Progress::Returned { failure: failure(), is_uncertain: true };
    badge.outbox.progress(first, lost);
    assert_eq!(badge.shows(), Some(0));
    badge.comes(40, 7);
    assert_eq!(badge.shows(), Some(7));
}

#[test]
fn a_full_outbox_refuses_more_and_changes_nothing() {
    let mut outbox = Outbox::default();
    let mut capacity = Capacity::default();
    (capacity.pending, capacity.bytes) = (1, 1_000);
    outbox.enqueue(pin(true), None, |_| false, &capacity).unwrap();
    let before = outbox.clone();
    let more = outbox.enqueue(member("C2Cbob", "Work", true), None, |_| false, &capacity);
    assert!(matches!(more, Err(MutationError::OutboxFull { pending: 1, .. })), "{more:?}");
    assert_eq!(outbox, before);
    // A mutation that replaces another one needs no room.
    outbox.enqueue(pin(false), None, |_| false, &capacity).unwrap();
}

#[test]
fn what_failed_leaves_room_for_other_changes_and_its_oldest_leave() {
    let mut outbox = Outbox::default();
    let mut capacity = Capacity::default();
    capacity.pending = 2;
    // The first two wait while all others fail.
    let [late, queued] = ["C2Clate", "C2Cqueued"].map(|user| {
        let done = outbox.enqueue(member(user, "Work", true), None, |_| false, &capacity);
        done.unwrap().number.unwrap()
    });
    capacity.pending = 3;
    for n in 0..=Outbox::MAX_FAILED {
        let user = format!("C2C{n}");
        let done = outbox.enqueue(member(&user, "Work", true), None, |_| false, &capacity).unwrap();
        let number = done.number.unwrap();
        outbox.progress(number, Progress::Sending);
        let done = outbox.progress(number, Progress::Failed(failure()));
        let failed: Vec<_> = done.outcomes.iter().map(|outcome| outcome.number).collect();
        assert_eq!(failed, [number], "its own outcome alone");
        let oldest = (n == Outbox::MAX_FAILED).then(|| member("C2C0", "Work", true).slot());
        let own = member(&user, "Work", true).slot();
        assert!(done.slots.iter().eq([own].iter().chain(&oldest).collect::<BTreeSet<_>>()));
    }
    assert_eq!(outbox.of_conversation(&id("C2C0")).count(), 0, "the oldest one left");
    assert_eq!(outbox.pending().count(), 2 + Outbox::MAX_FAILED);

    // One that was accepted before all of them and fails after them stays.
    outbox.progress(late, Progress::Sending);
    outbox.progress(late, Progress::Failed(failure()));
    assert_eq!(outbox.get(late).unwrap().state, PendingState::Failed);
    assert_eq!(outbox.of_conversation(&id("C2C1")).count(), 0);
    assert_eq!(outbox.get(queued).unwrap().state, PendingState::Queued);
}

#[test]
fn a_change_of_what_failed_needs_room() {
    let mut outbox = Outbox::default();
    let mut capacity = Capacity::default();
    capacity.pending = 1;
    outbox.enqueue(pin(true), None, |_| false, &capacity).unwrap();
    outbox.progress(1, Progress::Sending);
    outbox.progress(1, Progress::Failed(failure()));
    outbox.enqueue(member("C2Cbob", "Work", true), None, |_| false, &capacity).unwrap();
    let again = outbox.enqueue(pin(true), None, |_| false, &capacity);
    assert!(matches!(again, Err(MutationError::OutboxFull { pending: 1, .. })), "{again:?}");
}

#[test]
fn independent_changes_do_not_wait_for_one_another() {
    let mut outbox = Outbox::default();
    for user in ["C2Ca", "C2Cb", "C2Cc"] {
        put(&mut outbox, member(user, "Work", true));
    }
    let first = outbox.ready()[0].number;
    outbox.progress(first, Progress::Sending);
    outbox.progress(first, Progress::Failed(failure()));
    assert_eq!(outbox.ready().len(), 2);
}

proptest! {
    /// Offline and online in any mixture, with answers that are lost: the cloud ends as if each
    /// change had been made at once.
    #[test]
    fn the_cloud_ends_as_the_user_wanted(
        steps in proptest::collection::vec((testing::mutations(), 0..4_usize, any::<bool>()), 1..40),
    ) {
        let (mut wanted, mut cloud) = (Cloud::default(), Cloud::default());
        let mut outbox = Outbox::default();
        for (mutation, sends, is_lost) in steps {
            // A user sees no row that is deleted, and these have a rule of their own.
            if matches!(mutation, Mutation::Delete { .. }) || !wanted.allows(&mutation) {
                continue;
            }
            wanted.apply(&mutation);
            let is_met = |mutation: &Mutation| cloud.has(mutation);
            outbox.enqueue(mutation, None, is_met, &Capacity::default()).unwrap();
            for turn in 0..sends {
                cloud.send(&mut outbox, turn, is_lost);
            }
        }
        // Each is sent once more at most.
        let mut left = outbox.pending().count();
        while cloud.send(&mut outbox, 0, false) {
            prop_assert!(left > 0, "it has no end: {:?}", outbox);
            left -= 1;
        }
        prop_assert!(outbox.pending().all(|p| p.state == PendingState::Settling), "{:?}", outbox);
        prop_assert_eq!(cloud, wanted);
    }

    #[test]
    fn an_outbox_survives_its_records(outbox in testing::outboxes()) {
        let records: Vec<Pending> = outbox
            .pending()
            .map(|pending| serde_json::to_string(pending).unwrap())
            .map(|text| serde_json::from_str(&text).unwrap())
            .collect();
        prop_assert_eq!(Outbox::restore(records, outbox.last_number()), outbox);
    }

    #[test]
    fn the_index_by_conversation_and_group_is_whole(outbox in testing::outboxes()) {
        let ids: BTreeSet<_> =
            outbox.pending().filter_map(|p| p.mutation.conversation_id().cloned()).collect();
        let own: usize = ids.iter().map(|id| outbox.of_conversation(id).count()).sum();
        prop_assert_eq!(own + outbox.of_groups().count(), outbox.pending().count());
        for pending in outbox.pending() {
            let slot: Slot = pending.mutation.slot();
            prop_assert!(outbox.of_slot(&slot).any(|other| other == pending));
        }
    }
}

#[test]
fn a_deletion_of_a_group_ends_what_was_acknowledged_of_its_members_before() {
    let mut outbox = Outbox::default();
    let member_of = |name| member("C2Calice", name, true);
    let added = put(&mut outbox, member_of("Work")).number.unwrap();
    let other = put(&mut outbox, member_of("Home")).number.unwrap();
    let deleted = put(&mut outbox, of_group("Work", GroupTarget::Absent)).number.unwrap();
    assert!(outbox.get(added).is_none(), "what was not sent is given up at once");

    let added = put(&mut outbox, member_of("Work")).number.unwrap();
    let again = put(&mut outbox, of_group("Work", GroupTarget::Absent)).number;
    assert_eq!((again, outbox.get(added)), (Some(deleted), None));

    for number in [other, deleted] {
        outbox.progress(number, Progress::Sending);
    }
    outbox.progress(other, Progress::Acknowledged);
    let later = put(&mut outbox, member_of("Work")).number.unwrap();
    outbox.progress(deleted, Progress::Acknowledged);
    assert!(outbox.get(other).is_some() && outbox.get(later).is_some());

    outbox.progress(later, Progress::Sending);
    outbox.progress(later, Progress::Acknowledged);
    let last = put(&mut outbox, of_group("Work", GroupTarget::Absent)).number.unwrap();
    outbox.progress(last, Progress::Sending);
    let done = outbox.progress(last, Progress::Acknowledged);
    let member = member_of("Work");
    assert!(done.slots.contains(&member.slot()));
    assert!(done.outcomes.contains(&Outcome::new(later, member, OutcomeKind::Replaced)));
    assert!(outbox.get(later).is_none());
}

#[test]
fn a_change_that_is_held_for_one_app_blocks_none_of_another() {
    let mut outbox = Outbox::default();
    let foreign = put(&mut outbox, of_group("Work", GroupTarget::Absent)).number.unwrap();
    outbox.assign_app(0, 1);
    outbox.progress(foreign, Progress::Held(failure()));
    let own = put(&mut outbox, of_group("Work", GroupTarget::Present)).number.unwrap();
    let added = put(&mut outbox, member("C2Calice", "Work", true)).number.unwrap();
    let numbers =
        |outbox: &Outbox| -> Vec<u64> { outbox.ready().iter().map(|one| one.number).collect() };
    assert_eq!(numbers(&outbox), [] as [u64; 0], "the app is not known");
    outbox.assign_app(foreign, 2);
    assert_eq!(numbers(&outbox), [own]);
    let first = outbox.first_members(outbox.get(own).unwrap());
    assert_eq!(first.iter().map(|one| one.number).collect::<Vec<_>>(), [added]);
    outbox.progress(own, Progress::Sending);
    outbox.progress(own, Progress::Acknowledged);
    assert_eq!(outbox.get(foreign).unwrap().state, PendingState::Held);
}

#[test]
fn a_change_for_another_app_is_neither_shown_nor_replaced() {
    let mut outbox = Outbox::default();
    let foreign = put(&mut outbox, pin(true)).number.unwrap();
    outbox.assign_app(0, 1);
    assert!(outbox.hold_others(1).slots.is_empty());
    assert_eq!(outbox.hold_others(2).slots.len(), 1);
    let base = std::sync::Arc::new(conv_model::Conversation::new(id("C2Calice")));
    let shown = outbox.shown(&base).unwrap();
    assert!(!shown.listing.is_pinned);
    assert_eq!(shown.pending.pin, Some(PendingState::Held));

    // Changes of this app are replaced among themselves.
    let first = put(&mut outbox, pin(true)).number.unwrap();
    outbox.assign_app(foreign, 2);
    assert_eq!(outbox.ready().iter().map(|one| one.number).collect::<Vec<_>>(), [first]);
    let done = put(&mut outbox, pin(false));
    assert_eq!(done.outcomes.iter().map(|one| one.number).collect::<Vec<_>>(), [first]);
    let delete = Mutation::Delete {
        id: id("C2Calice"),
        seen: Timestamp::ZERO,
        clears_history: false,
        if_newer: IfNewer::GiveUp,
    };
    put(&mut outbox, delete);
    assert_eq!(outbox.get(foreign).unwrap().state, PendingState::Held, "it is kept");

    outbox.progress(foreign, Progress::Released);
    assert!(!outbox.get(foreign).unwrap().is_foreign);
}
