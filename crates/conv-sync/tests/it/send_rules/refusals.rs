//! Refusals that end a change, and refusals that mean it is done.

use conv_model::{ConversationId, ErrorClass, IfNewer, MarkType, Mutation, PendingState};
use conv_sync::{
    Retry, SendOptions, SourceError, WriteCapabilities, WriteKind,
    testing::{NOW, Script},
};

use crate::send_support::{
    SECOND, World, custom, member, permanent, pin, refused, star, unpin, user,
};

#[test]
fn a_permanent_refusal_fails_the_mutation_and_shows_the_base_again() {
    let mut world = World::with_users(&["alice"]);
    world.cloud.fail_item(user("alice"), permanent());
    let number = world.send(star("alice"));
    assert_eq!(world.state(number), Some(PendingState::Failed));
    let failure = world.pending(number).unwrap().failure.clone().unwrap();
    assert_eq!((failure.class, failure.code), (ErrorClass::InvalidArgument, Some(50002)));
    assert!(world.view.shown(&user("alice")).unwrap().listing.marks.is_empty());
    assert_eq!(world.calls().len(), 1);
}

#[test]
fn removing_what_is_not_there_is_done() {
    let mut world = World::with_users(&["alice"]);
    let gone = || refused(10010, ErrorClass::NotFound, Retry::Never);
    for mutation in [
        unpin("alice"),
        custom("alice", ""),
        Mutation::Mark { id: user("alice"), mark_type: MarkType::STAR, is_set: false },
        member("alice", "Family", false),
    ] {
        world.cloud.script(Script::Refuse(gone()));
        let number = world.send(mutation);
        assert_eq!(world.state(number), Some(PendingState::Settling));
    }
    world.cloud.script(Script::Refuse(gone()));
    let number = world.send(pin("alice"));
    assert_eq!(world.state(number), Some(PendingState::Failed), "setting it is not");
}

#[test]
fn an_invisible_conversation_is_not_taken_as_gone() {
    let mut world = World::with_users(&["alice"]);
    let error = refused(10007, ErrorClass::NotFound, Retry::Never);
    world.cloud.script(Script::Refuse(error));
    let number = world.send(unpin("alice"));
    assert_eq!(world.state(number), Some(PendingState::Failed));
}

#[test]
fn a_change_that_the_cloud_does_not_offer_fails_without_a_call() {
    let capabilities = WriteCapabilities::of([WriteKind::Pin]);
    let mut world = World::with(SendOptions::default(), capabilities);
    world.add_users(&["alice"]);
    let number = world.send(star("alice"));
    assert_eq!(world.state(number), Some(PendingState::Failed));
    assert_eq!(world.pending(number).unwrap().failure.as_ref().unwrap().code, Some(3122));
    assert_eq!(world.calls(), []);
}

/// A deletion of a group's conversation that was refused twice with a code that has two meanings.
fn doubted_deletion(exists: Result<Option<bool>, SourceError>) -> (World, u64) {
    let mut world = World::new();
    let id = ConversationId::group("team").unwrap();
    world.cloud.add_row(id.clone());
    world.view.read(&world.cloud);
    world.pass();
    world.group_exists = exists;
    for _ in 0..2 {
        world.cloud.script(Script::Refuse(refused(51_007, ErrorClass::Cloud, Retry::Once)));
    }
    let if_newer = IfNewer::default();
    let number = world.send(Mutation::Delete { id, seen: NOW, clears_history: false, if_newer });
    world.advance(2 * SECOND);
    (world, number)
}

#[test]
fn a_group_is_believed_to_be_gone_only_if_the_cloud_says_so_of_the_group() {
    let (world, number) = doubted_deletion(Ok(Some(false)));
    assert_eq!((world.calls().len(), world.state(number)), (2, Some(PendingState::Settling)));
    let (mut world, number) = doubted_deletion(Ok(Some(true)));
    world.advance(2 * SECOND);
    assert_eq!((world.calls().len(), world.state(number)), (3, Some(PendingState::Settling)));
    let (world, number) = doubted_deletion(Ok(None));
    assert_eq!((world.calls().len(), world.state(number)), (2, Some(PendingState::Failed)));
}
