//! Prints for each argument what the conversation ID names, or why it is invalid.
//!
//! The part of a webhook handler that reads IDs: it takes them from the command line, without any
//! from a list of its own, and ends with 1 if one was refused.

use std::process::ExitCode;

use conv_model::{ConversationIdRef, ParseIdError, Peer};

const SAMPLES: [&str; 5] = [
    "C2Calice",
    "C2CGROUPy",
    "GROUPg1",
    "GROUP@TGS#_123@TOPIC#_news",
    "@TIM#SYSTEM",
];

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = if given.is_empty() {
        SAMPLES.to_vec()
    } else {
        given.iter().map(String::as_str).collect()
    };
    let mut code = ExitCode::SUCCESS;
    for text in texts {
        match describe(text) {
            Ok(line) => println!("{text:?}: {line}"),
            Err(reason) => {
                eprintln!("{text:?}: {reason}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn describe(text: &str) -> Result<String, ParseIdError> {
    Ok(match ConversationIdRef::parse(text)?.peer() {
        Peer::User(user) => format!("user {user}"),
        Peer::Group(group) => match (group.community(), group.topic()) {
            (Some(community), Some(topic)) => format!("topic {topic} of community {community}"),
            _ => format!("group {group}"),
        },
        Peer::System => "system notifications".to_owned(),
    })
}
