//! Faults in the field, over the real wire: each test says what a list shows then.

mod budgets;
mod connection;
mod disk;
mod drafts;
mod group_names;
mod keys;
mod large_items;
mod limits;
mod marks;
mod membership;
mod messages;
mod numbers;
mod odd_rows;
mod order_of_answers;
mod order_of_calls;
mod panics;
mod patches;
mod resuming;
mod taken_away;
mod texts;
mod time;

use std::time::Duration;

use conv_api::{Conversations, ConversationsBuilder, Facet, SyncReport};
use conv_emulator::{Emulator, GroupType};
use conv_tests::online::{ACCOUNT, emulator, prompt};

const ALICE: &str = "C2Calice";
const TEAM: &str = "GROUPteam";

/// A cloud whose user has two conversations: with Alice, and with a team.
async fn two() -> Emulator {
    let cloud = emulator(0).start().await.unwrap();
    let world = cloud.world();
    world.add_user("alice", "Alice");
    world.add_group("team", GroupType::Public, "The team");
    world.say(ACCOUNT, ALICE, "hello from alice").unwrap();
    world.say(ACCOUNT, TEAM, "hello from the team").unwrap();
    cloud
}

/// A list that reads every facet, and names again after a second.
fn all_facets(cloud: &Emulator) -> ConversationsBuilder {
    let builder = prompt(cloud).name_freshness(Duration::from_secs(1));
    builder.facet(Facet::Unread).facet(Facet::LastMessage)
}

async fn listed(cloud: &Emulator) -> Conversations {
    let conversations = all_facets(cloud).build().await.unwrap();
    conversations.sync().await.unwrap();
    conversations
}

/// A pass that ends well, some time later.
async fn later(cloud: &Emulator, conversations: &Conversations) -> SyncReport {
    cloud.world().advance(Duration::from_secs(10));
    let report = conversations.sync().await.unwrap();
    assert!(report.is_sync_completed());
    report
}
