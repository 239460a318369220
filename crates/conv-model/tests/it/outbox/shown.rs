//! The pending parts that a row shows.

use std::sync::Arc;

use conv_model::{
    Conversation, GroupTarget, MarkType, Mutation, Outbox, Pending, PendingFacets, PendingState,
    Progress, Timestamp, overlay, testing,
};
use proptest::prelude::*;

use super::{failure, id, member, of_group, pin, put, rename};

fn base() -> Arc<Conversation> {
    Arc::new(Conversation::new(id("C2Calice")))
}

fn mark(bit: u32) -> Mutation {
    let mark_type = MarkType::from_bit(bit).unwrap();
    Mutation::Mark { id: id("C2Calice"), mark_type, is_set: true }
}

fn step(outbox: &mut Outbox, mutation: Mutation, steps: &[Progress]) {
    let number = put(outbox, mutation).number.unwrap();
    for progress in steps {
        outbox.progress(number, progress.clone());
    }
}

#[test]
fn each_part_is_told_by_itself() {
    let mut outbox = Outbox::default();
    step(&mut outbox, pin(true), &[Progress::Sending]);
    step(&mut outbox, mark(0), &[Progress::Sending, Progress::Acknowledged]);
    let pending = outbox.shown(&base()).unwrap().pending;
    let states = (pending.pin, pending.marks, pending.custom_data);
    assert_eq!(states, (Some(PendingState::Sending), Some(PendingState::Settling), None));
    let other = Arc::new(Conversation::new(id("C2Cbob")));
    assert!(Arc::ptr_eq(&outbox.shown(&other).unwrap(), &other));
}

#[test]
fn of_one_part_what_came_least_far_counts_and_a_failure_is_never_hidden() {
    let mut outbox = Outbox::default();
    step(&mut outbox, mark(0), &[Progress::Sending, Progress::Acknowledged]);
    step(&mut outbox, mark(1), &[]);
    let marks = |outbox: &Outbox| outbox.shown(&base()).unwrap().pending.marks;
    assert_eq!(marks(&outbox), Some(PendingState::Queued));
    step(&mut outbox, mark(2), &[Progress::Sending, Progress::Failed(failure())]);
    assert_eq!(marks(&outbox), Some(PendingState::Failed));
    step(&mut outbox, mark(3), &[]);
    assert_eq!(marks(&outbox), Some(PendingState::Failed));
}

#[test]
fn a_group_that_is_renamed_is_pending_in_the_rows_that_are_in_it() {
    let mut outbox = Outbox::default();
    put(&mut outbox, rename("Work", "Team"));
    let mut inside = Conversation::clone(&base());
    inside.listing.groups = vec!["Work".into()];
    let shown = outbox.shown(&Arc::new(inside)).unwrap();
    assert_eq!(shown.listing.groups, ["Team".into()]);
    assert_eq!(shown.pending.groups, Some(PendingState::Queued));
    assert_eq!(outbox.shown(&base()).unwrap().pending, PendingFacets::default());
    // A row that is to be put into a group waits by itself.
    let mut outbox = Outbox::default();
    put(&mut outbox, of_group("New", GroupTarget::Present));
    assert_eq!(outbox.shown(&base()).unwrap().pending.groups, None);
    put(&mut outbox, member("C2Calice", "New", true));
    assert_eq!(outbox.shown(&base()).unwrap().pending.groups, Some(PendingState::Queued));
}

#[test]
fn a_deletion_is_told_once_news_or_a_failure_shows_the_row() {
    let mut outbox = Outbox::default();
    let delete = Mutation::Delete {
        id: id("C2Calice"),
        seen: Timestamp::from_secs(5),
        clears_history: false,
        if_newer: Default::default(),
    };
    put(&mut outbox, delete);
    assert_eq!(outbox.shown(&base()), None);
    let mut news = Conversation::clone(&base());
    news.listing.time = Some(Timestamp::from_secs(6));
    let deletion = outbox.shown(&Arc::new(news)).unwrap().pending.deletion;
    assert_eq!(deletion, Some(PendingState::Queued));
}

proptest! {
    #[test]
    fn a_row_shows_its_overlay_and_names_what_is_pending_of_it(
        outbox in testing::outboxes(),
        row in testing::conversations(),
    ) {
        let mut own: Vec<&Arc<Pending>> = outbox
            .pending()
            .filter(|one| one.mutation.conversation_id().is_none_or(|id| *id == row.id))
            .collect();
        own.sort_by_key(|one| one.number);
        let counts = |one: &&&Arc<Pending>| one.state.is_shown();
        let expected = overlay(&row, own.iter().filter(counts).map(|one| &one.mutation));
        let shown = outbox.shown(&Arc::new(row.clone()));
        let mut bare = shown.as_deref().cloned();
        bare.iter_mut().for_each(|row| row.pending = PendingFacets::default());
        prop_assert_eq!(bare, expected);
        let Some(shown) = shown else { return Ok(()) };
        let has_own = own.iter().any(|one| one.mutation.conversation_id().is_some());
        prop_assert!(!has_own || !shown.pending.is_empty());
        prop_assert!(has_own || shown.pending.is_empty() || shown.pending.groups.is_some());
    }
}
