use std::sync::Arc;

use conv_model::{
    Commit, Conversation, Delta, ProfileDetail, Removal, RowChange, Seq, SyncState, UserDetail,
    testing,
};
use proptest::prelude::*;

fn row(id: &str) -> Conversation {
    Conversation::new(id.parse().unwrap())
}

#[test]
fn a_row_is_called_by_remark_then_name_then_peer() {
    let mut alice = row("C2CGROUPy");
    assert_eq!(alice.show_name(), "GROUPy");
    alice.profile.name = Some("Alice".into());
    assert_eq!(alice.show_name(), "Alice");
    alice.profile.remark = Some("".into());
    assert_eq!(alice.show_name(), "Alice");
    alice.profile.remark = Some("小爱".into());
    assert_eq!(alice.show_name(), "小爱");
    assert_eq!(row("GROUPC2Cz").show_name(), "C2Cz");
    assert_eq!(row("@TIM#SYSTEM").show_name(), "@TIM#SYSTEM");
}

#[test]
fn a_name_that_shows_nothing_is_passed_over() {
    let mut alice = row("C2Calice");
    for unseen in ["   ", "\u{200B}", "\u{3164}", "\u{2800}", "\u{AD}", "\u{FE0F}", "\u{301}", "\n"]
    {
        alice.profile.remark = Some(unseen.into());
        alice.profile.name = Some(unseen.into());
        assert_eq!(alice.show_name(), "alice", "{unseen:?}");
        alice.profile.name = Some("Alice".into());
        assert_eq!(alice.show_name(), "Alice", "{unseen:?}");
    }
}

#[test]
fn a_removed_row_is_told_by_what_it_was() {
    let alice = Arc::new(row("C2Calice"));
    let gone = RowChange::removed(alice.clone(), Removal::Expired);
    assert_eq!(gone.id(), Some(&alice.id));
    assert!(gone.after.is_none());
    let new = RowChange::set(None, alice.clone());
    assert_eq!((new.id(), new.removal), (Some(&alice.id), None));
}

#[test]
fn an_empty_change_says_nothing() {
    assert_eq!(Delta::listed([]), Delta::default());
    assert_eq!(Delta::updates([]), Delta::default());
    assert_eq!(Delta::removed([]), Delta::default());
    let commit = Commit::new(Seq::new(1), Arc::new(SyncState::default()));
    assert!(commit.changes.is_empty() && commit.needs_profile.is_empty());
}

proptest! {
    #[test]
    fn a_listed_row_lacks_the_detail_alone(row in testing::conversations()) {
        let row = Arc::new(row);
        let listed = row.listed();
        prop_assert_eq!(Arc::ptr_eq(&listed, &row), row.profile.detail.is_none());
        let mut thin = Conversation::clone(&row);
        thin.profile.detail = None;
        prop_assert_eq!(Conversation::clone(&listed), thin);
    }
}

#[test]
fn a_row_without_detail_is_shared_and_not_copied() {
    let mut alice = row("C2Calice");
    let shared = Arc::new(alice.clone());
    assert!(Arc::ptr_eq(&shared.listed(), &shared));
    alice.profile.detail = Some(Arc::new(ProfileDetail::User(UserDetail::default())));
    assert_eq!(*Arc::new(alice).listed(), *shared);
}
