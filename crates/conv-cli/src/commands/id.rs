//! `conv id`: takes conversation IDs apart.

use std::io::{self, BufRead, Read};

use conv_api::{
    ConversationId, ParseIdError,
    model::{GroupId, Peer},
};
use serde::Serialize;

use crate::{
    Error, Output,
    output::{harmless::harmless, json},
};

/// Take conversation IDs apart, or report the rule that they break
///
/// With --json-lines it reads one JSON string per line from standard input and answers each with
/// one object: {"ok":true,"type":"C2C","peer":"alice","text":"C2Calice"} or
/// {"ok":false,"reason":"…"}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  conv id C2Calice 'GROUP@TGS#1NVTZEAE4'
  echo '\"C2Calice\"' | conv id --json-lines")]
pub(crate) struct Args {
    /// The IDs, in the web SDK's spelling
    #[arg(value_name = "ID", required_unless_present = "json_lines")]
    ids: Vec<String>,
    /// Read JSON strings from standard input, one per line
    #[arg(long, conflicts_with = "ids")]
    json_lines: bool,
}

/// The maximum length of a line, far above any ID; the rest of a longer line is skipped.
const LONGEST_LINE: u64 = 1 << 16;

/// The answer for one text.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Answer {
    Good {
        ok: bool,
        #[serde(rename = "type")]
        kind: &'static str,
        peer: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        community: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        topic: Option<String>,
        text: String,
    },
    Bad {
        ok: bool,
        reason: String,
        /// The text as it was given, if it was given on the command line.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
}

/// The `data` of the JSON answer.
#[derive(Debug, Serialize)]
struct Answers<'a> {
    ids: &'a [Answer],
}

pub(crate) fn run(args: &Args, output: &Output) -> Result<(), Error> {
    if args.json_lines {
        return json_lines(io::stdin().lock());
    }
    let broken =
        args.ids.iter().find_map(|text| Some((text, text.parse::<ConversationId>().err()?)));
    if output.is_json() {
        let answers: Vec<_> = args.ids.iter().map(|text| Answer::of_argument(text)).collect();
        let data = Answers { ids: &answers };
        let Some((text, rule)) = broken else { return output.data(&data) };
        let error = Box::new(Error::BadId(format!("{text:?}: {rule}")));
        return Err(Error::With { error, data: serde_json::to_value(&data).unwrap_or_default() });
    }
    let lines: Vec<_> = args.ids.iter().map(|text| words(text)).collect();
    output.text(&lines.join("\n"))?;
    match broken {
        Some((text, rule)) if args.ids.len() > 1 => Err(Error::BadId(format!("{text:?}: {rule}"))),
        Some((_, rule)) => Err(Error::BadId(rule.to_string())),
        None => Ok(()),
    }
}

/// Answers line by line without buffering, since a program may wait for each answer.
fn json_lines(mut input: impl BufRead) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    let mut text = Vec::new();
    loop {
        text.clear();
        if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text)? == 0 {
            return Ok(());
        }
        if text.len() as u64 == LONGEST_LINE && !text.ends_with(b"\n") {
            input.skip_until(b'\n')?;
        }
        json::line(&mut stdout, &Answer::of_line(&text))?;
    }
}

impl Answer {
    fn of(parsed: Result<ConversationId, ParseIdError>) -> Self {
        match parsed {
            Ok(id) => Self::Good {
                ok: true,
                kind: id.conversation_type().as_str(),
                peer: peer(&id),
                community: group(&id).and_then(GroupId::community).map(str::to_owned),
                topic: group(&id).and_then(GroupId::topic).map(str::to_owned),
                text: id.to_string(),
            },
            Err(rule) => Self::bad(rule.to_string()),
        }
    }

    fn of_argument(given: &str) -> Self {
        let mut answer = Self::of(given.parse());
        if let Self::Bad { text, .. } = &mut answer {
            *text = Some(given.to_owned());
        }
        answer
    }

    fn of_line(line: &[u8]) -> Self {
        match serde_json::from_slice::<String>(line) {
            Ok(text) => Self::of(text.parse()),
            Err(_) => Self::bad("expected one JSON string in a line".to_owned()),
        }
    }

    fn bad(reason: String) -> Self {
        Self::Bad { ok: false, reason, text: None }
    }
}

/// The ID without its prefix, like the SDK's `toAccount`; absent for the system conversation.
fn peer(id: &ConversationId) -> String {
    match id.peer() {
        Peer::User(user) => user.to_string(),
        Peer::Group(group) => group.to_string(),
        Peer::System => String::new(),
    }
}

fn group(id: &ConversationId) -> Option<GroupId<'_>> {
    match id.peer() {
        Peer::Group(group) => Some(group),
        Peer::User(_) | Peer::System => None,
    }
}

fn words(text: &str) -> String {
    let shown = harmless(text);
    let parts = match text.parse::<ConversationId>() {
        Ok(id) => parts(&id),
        Err(rule) => format!("not an ID: {rule}"),
    };
    format!("{shown}\n  {parts}")
}

fn parts(id: &ConversationId) -> String {
    match id.peer() {
        Peer::User(user) => format!("conversation with user {user}"),
        Peer::Group(group) => match (group.community(), group.topic()) {
            (Some(community), Some(topic)) => format!("topic {topic} of community {community}"),
            (Some(community), None) => format!("community {community}"),
            _ => format!("group {group}"),
        },
        Peer::System => "system notifications".to_owned(),
    }
}
