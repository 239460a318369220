//! The emulator, and a handle on it over the real wire.

use std::{sync::Arc, time::Duration};

use conv_api::{
    All, Conversation, ConversationId, ConversationList, Conversations, ConversationsBuilder,
    RestSource, UserSigSigner, model::GroupIdKind,
};
use conv_emulator::{Emulator, Listed, Rule};

use crate::clocks::Prompt;

pub const ACCOUNT: &str = "user_0001";

/// A cloud with this many conversations and a plan that gives all.
pub async fn cloud(conversations: usize) -> Emulator {
    emulator(conversations).start().await.unwrap()
}

pub fn emulator(conversations: usize) -> conv_emulator::Builder {
    Emulator::builder().seed(7).account(ACCOUNT).conversations(conversations).plan_limit(500)
}

pub fn source(cloud: &Emulator) -> RestSource {
    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    source_with(cloud, signer)
}

pub fn source_with(cloud: &Emulator, signer: UserSigSigner) -> RestSource {
    let url: conv_api::BaseUrl = cloud.base_url().parse().unwrap();
    RestSource::new(url, cloud.sdk_app_id(), signer)
}

/// A source that does not wait as long as a real one.
pub fn impatient(cloud: &Emulator) -> RestSource {
    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let url: conv_api::BaseUrl = cloud.base_url().parse().unwrap();
    RestSource::builder(url, cloud.sdk_app_id(), signer).timeout(Duration::from_millis(400)).build()
}

/// A handle for clouds that fail: it waits neither long nor between tries.
pub fn prompt(cloud: &Emulator) -> ConversationsBuilder {
    builder(cloud).source(impatient(cloud)).clock(Prompt::default())
}

pub fn builder(cloud: &Emulator) -> ConversationsBuilder {
    Conversations::builder(ACCOUNT).source(source(cloud)).plan_limit(500)
}

pub async fn online(cloud: &Emulator) -> Conversations {
    builder(cloud).build().await.unwrap()
}

/// A handle whose list is complete.
pub async fn synced(cloud: &Emulator) -> Conversations {
    let conversations = online(cloud).await;
    conversations.sync().await.unwrap();
    conversations
}

/// Rows whose name should be known but is not. Topics have none: no documented call gives it.
pub fn unnamed(list: &ConversationList) -> usize {
    let is_topic = |row: &Conversation| {
        row.id.group_id().is_some_and(|group| group.kind() == GroupIdKind::Topic)
    };
    list.iter().filter(|row| !row.profile.is_known() && !is_topic(row)).count()
}

/// Returns what a list must show of the cloud's truth: ID, time, pin, marks, groups, custom data.
pub fn truth(cloud: &Emulator) -> Vec<(String, u64, bool, u64, Vec<String>, String)> {
    let rows = cloud.world().listing(ACCOUNT).unwrap();
    let row = |row: Listed| (row.id, row.time, row.pinned, row.marks, row.groups, row.custom_mark);
    rows.into_iter().map(row).collect()
}

/// Returns what a list shows, in the same form.
pub async fn shown(
    conversations: &Conversations,
) -> Vec<(String, u64, bool, u64, Vec<String>, String)> {
    let list = conversations.get_conversation_list(conv_api::All).await.unwrap();
    let rows = list.iter().map(|row| {
        (
            row.id.to_string(),
            row.listing.time.map_or(0, |time| time.as_secs()),
            row.listing.is_pinned,
            row.listing.marks.bits(),
            row.listing.groups.iter().map(ToString::to_string).collect(),
            row.listing.custom_data.to_string(),
        )
    });
    rows.collect()
}

/// Adds a rule as a command line spells it.
pub fn script(cloud: &Emulator, rule: &str) {
    cloud.faults().push(rule.parse::<Rule>().unwrap());
}

pub fn id(text: &str) -> ConversationId {
    text.parse().unwrap()
}

/// The rows of the list, without the times at which names were read.
pub async fn rows(conversations: &Conversations) -> Vec<Conversation> {
    let list = conversations.get_conversation_list(All).await.unwrap();
    let row = |row: &Arc<Conversation>| {
        let mut row = Conversation::clone(row);
        row.profile.read_at = None;
        row
    };
    list.iter().map(row).collect()
}

/// The row of the list.
pub async fn row(conversations: &Conversations, text: &str) -> Arc<Conversation> {
    let list = conversations.get_conversation_list([&id(text)]).await.unwrap();
    Arc::clone(list.conversation_list.first().unwrap())
}
