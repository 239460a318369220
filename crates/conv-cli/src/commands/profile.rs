//! `conv profile ID`: shows one conversation with its full profile.

use std::sync::Arc;

use conv_api::{Conversation, ConversationId, Conversations};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Error, Output,
    args::{CloudArgs, StoreArgs},
    error::NAME_A_CLOUD,
    output::{harmless::harmless, recovery},
    session,
};

/// Show one conversation with its full profile
///
/// Asks the cloud, if one is named. Without a cloud, or if it cannot be reached, answers from the
/// store. Does not add a row to the list, and does not create a store.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv profile GROUP@TGS#1NVTZEAE4 --account user_0001 --region singapore --sdkappid 1400000000")]
pub(crate) struct Args {
    /// The conversation: C2C and a userID, or GROUP and a groupID
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    cloud: CloudArgs,
}

/// The `data` of the JSON answer.
#[derive(Debug, Serialize)]
struct Profile {
    conversation: Arc<Conversation>,
}

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    let id: ConversationId = args.id.parse().map_err(conv_api::Error::Id)?;
    let conversations = open(&args, output).await?;
    let found = conversations.get_conversation_profile(&id).await;
    conversations.close().await?;
    let conversation = found.map_err(|error| match error {
        conv_api::Error::NoSource => Error::Usage(format!(
            "the list has no conversation {id}, and no cloud is named to ask: {NAME_A_CLOUD}"
        )),
        error => error.into(),
    })?;
    if output.is_json() {
        output.data(&Profile { conversation })
    } else {
        output.text(&words(&conversation)?)
    }
}

/// Opens the list with the store and the cloud, if there are any.
async fn open(args: &Args, output: &Output) -> Result<Conversations, Error> {
    let source = args.cloud.source()?;
    let builder = match (&source, args.store.open_existing().await?) {
        (_, Some(opened)) => {
            recovery::note(&opened.recovery, output);
            session::on(&args.store, opened)
        }
        (Some(_), None) => Conversations::builder(args.store.account.as_str()),
        (None, None) => return Err(args.store.missing()?),
    };
    let builder = match source {
        Some(source) => builder.source(source),
        None => builder,
    };
    Ok(builder.build().await?)
}

/// Returns a line for each set value, with the SDK's names.
fn words(row: &Conversation) -> Result<String, Error> {
    let json = serde_json::to_value(row).map_err(std::io::Error::from)?;
    let mut lines = vec![harmless(row.show_name()).into_owned()];
    describe(&mut lines, "  ", &json);
    Ok(lines.join("\n"))
}

fn describe(lines: &mut Vec<String>, indent: &str, value: &Value) {
    let Value::Object(members) = value else { return };
    for (name, value) in members {
        let shown = match value {
            Value::String(text) if !text.is_empty() => harmless(text).into_owned(),
            Value::Bool(true) => "yes".to_owned(),
            Value::Number(number) if number.as_u64() != Some(0) => number.to_string(),
            Value::Array(items) if !items.is_empty() => harmless(&value.to_string()).into_owned(),
            Value::Object(_) => {
                let mut inner = Vec::new();
                describe(&mut inner, &format!("{indent}  "), value);
                if !inner.is_empty() {
                    lines.push(format!("{indent}{name}"));
                    lines.extend(inner);
                }
                continue;
            }
            _ => continue,
        };
        lines.push(format!("{indent}{name}: {shown}"));
    }
}
