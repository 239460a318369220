//! Conversation IDs alone, as a webhook handler needs them: nothing is opened, nothing is called.
//!
//! `cargo run --example ids_only`. A program that needs no more depends on `conv-model` alone.

use conv_api::{
    ConversationId, ParseIdError,
    model::{ConversationIdRef, Peer},
};

fn main() -> Result<(), ParseIdError> {
    // A webhook names users and groups; their conversations have a prefix.
    println!("{} {}", ConversationId::c2c("alice")?, ConversationId::group("@TGS#1NVTZEAE4")?);

    // Read without a copy, a text says what it names, or why it names nothing.
    for text in ["C2Calice", "C2CGROUPy", "GROUP@TGS#_123@TOPIC#_news", "@TIM#SYSTEM", "c2calice"] {
        match ConversationIdRef::parse(text) {
            Ok(id) => println!("{text}: {}", describe(id.peer())),
            Err(error) => println!("{text}: {error}"),
        }
    }
    Ok(())
}

fn describe(peer: Peer<'_>) -> String {
    match peer {
        Peer::User(user) => format!("user {user}"),
        Peer::Group(group) => match (group.community(), group.topic()) {
            (Some(community), Some(topic)) => format!("topic {topic} of community {community}"),
            _ => format!("group {group}"),
        },
        Peer::System => "the system's notices".to_owned(),
    }
}
