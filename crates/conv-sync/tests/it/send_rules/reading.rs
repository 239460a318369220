//! Marking conversations as read.

use conv_model::{ConversationId, Mutation, OutcomeKind, PendingState, ReadMark, Timestamp};
use conv_sync::{
    SendOptions, WriteCall, WriteCapabilities,
    testing::{NOW, Script},
};

use crate::send_support::{MINUTE, World, user};

fn read(id: ConversationId, seconds: u64) -> Mutation {
    let time = Timestamp::from_secs(NOW.as_secs() + seconds);
    Mutation::Read { id, until: ReadMark::new(time, seconds), count: 0 }
}

#[test]
fn groups_are_marked_as_read_only_where_that_was_asked_for() {
    let team = ConversationId::group("team").unwrap();
    let mut world = World::new();
    let number = world.send(read(team.clone(), 1));
    assert_eq!(world.state(number), Some(PendingState::Failed));
    let options = SendOptions::default().with_read_groups(true);
    let mut world = World::with(options, WriteCapabilities::default());
    let number = world.send(read(team, 1));
    assert_eq!(world.state(number), None, "done");
    assert_eq!(world.calls().len(), 1);
}

#[test]
fn a_groups_number_of_unread_messages_is_computed_at_sending_and_not_repeated_blindly() {
    let team = ConversationId::group("team").unwrap();
    let options = SendOptions::default().with_read_groups(true);
    let mut world = World::with(options, WriteCapabilities::default());
    world.cloud.add_row(team.clone());
    world.view.read(&world.cloud);
    world.cloud.script(Script::LoseAnswer);
    let mut row = world.cloud.row(&team).unwrap();
    row.unread.count = Some(9);
    world.view.rows.insert(team.clone(), row.into());
    world.send(read(team.clone(), 0));
    assert!(matches!(world.calls()[..], [WriteCall::Read { unread: Some(0), .. }]));
    world.advance(5 * MINUTE);
    assert_eq!(world.calls().len(), 1, "its outcome is unknown");
    world.pass();
    assert_eq!(world.calls().len(), 2);
}

#[test]
fn an_older_reading_than_the_acknowledged_one_is_never_sent() {
    let mut world = World::with_users(&["alice"]);
    world.send(read(user("alice"), 5));
    let older = world.send(read(user("alice"), 3));
    assert_eq!(world.calls().len(), 1);
    assert_eq!(world.outcome(older), Some(&OutcomeKind::Done));
}

#[test]
fn a_group_of_which_no_message_is_known_to_be_read_is_not_sent() {
    let team = ConversationId::group("team").unwrap();
    let options = SendOptions::default().with_read_groups(true);
    for (count, sent) in [(9, 0), (0, 0)] {
        let mut world = World::with(options.clone(), WriteCapabilities::default());
        world.cloud.add_row(team.clone());
        let mut row = world.cloud.row(&team).unwrap();
        // It came after those that the user saw.
        row.listing.time = Some(Timestamp::from_secs(NOW.as_secs() + 7));
        row.unread.count = Some(count);
        world.view.rows.insert(team.clone(), row.into());
        let number = world.send(read(team.clone(), 5));
        assert_eq!(world.calls().len(), sent, "{count}");
        assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
    }
}

#[test]
fn new_messages_of_a_group_stay_unread_after_a_lost_answer() {
    let team = ConversationId::group("team").unwrap();
    let options = SendOptions::default().with_read_groups(true);
    let mut world = World::with(options, WriteCapabilities::default());
    world.cloud.add_row(team.clone());
    let show = |world: &mut World, seconds: u64, count: u32| {
        let mut row = world.cloud.row(&team).unwrap();
        row.listing.time = Some(Timestamp::from_secs(NOW.as_secs() + seconds));
        row.unread.count = Some(count);
        world.view.rows.insert(team.clone(), row.into());
    };
    show(&mut world, 10, 5);
    world.cloud.script(Script::LoseAnswer);
    let Mutation::Read { id, until, .. } = read(team.clone(), 10) else { panic!() };
    let number = world.send(Mutation::Read { id, until, count: 5 });
    // The cloud has read the five. Seven come, and the next pass lists them.
    show(&mut world, 30, 7);
    world.advance(MINUTE);
    world.stale_pass();
    world.advance(5 * MINUTE);
    assert_eq!(world.calls().len(), 1, "a second call could only say how many stay unread");
    assert_eq!(world.outcome(number), Some(&OutcomeKind::Done));
    assert_eq!(world.view.shown(&team).unwrap().unread.count, Some(7));
}
