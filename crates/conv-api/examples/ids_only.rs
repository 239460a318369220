//! Conversation IDs alone, as a webhook handler needs them: nothing is opened, nothing is called.
//!
//! `cargo run --example ids_only`. A program that needs no more depends on `conv-model` alone.

use std::{
    error::Error,
    io::{self, Write},
};

use conv_api::{
    ConversationId,
    model::{ConversationIdRef, Peer},
};

fn main() -> Result<(), Box<dyn Error>> {
    match run(&mut io::stdout()) {
        Err(error) if is_unread(&*error) => Ok(()),
        ended => ended,
    }
}

fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    // A webhook names users and groups; their conversations have a prefix.
    writeln!(
        out,
        "{} {}",
        ConversationId::c2c("alice")?,
        ConversationId::group("@TGS#1NVTZEAE4")?
    )?;

    // Read without a copy, a text says what it names, or why it names nothing.
    for text in ["C2Calice", "C2CGROUPy", "GROUP@TGS#_123@TOPIC#_news", "@TIM#SYSTEM", "c2calice"] {
        match ConversationIdRef::parse(text) {
            Ok(id) => writeln!(out, "{text}: {}", describe(id.peer()))?,
            Err(error) => writeln!(out, "{text}: {error}")?,
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

/// Returns true if the reader of the output went away, as `head` does: no failure of this program.
fn is_unread(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
