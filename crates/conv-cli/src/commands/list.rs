//! `conv list`: shows rows of the list, from the store.

use std::{convert::Infallible, num::NonZeroUsize, sync::Arc};

use conv_api::{
    Conversation, ConversationFilter, ConversationId, ConversationQuery, ConversationType,
    Conversations, Coverage, GroupFilter, MarkFilter, SyncReport, model::PageKey,
};
use serde::Serialize;

use super::sync::{note_removed, pull};
use crate::{
    Error, Output,
    args::{CloudArgs, StoreArgs, switch},
    cloud::Counted,
    output::{counted::counted, json::Failure, recovery, report, table, time},
    session,
    store::Opened,
};

/// Show the list, from the store
///
/// Answers at once from the store, and says how complete the list is. With --sync it pulls first;
/// if the cloud cannot be reached, the answer still comes from the store, with exit code 0 and the
/// reason in `notPulled`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  conv list --account user_0001 --unread --limit 20
  conv list --account user_0001 --mark star --type group
  conv list --account user_0001 --options '{\"groupName\":\"Suppliers\"}' --json")]
pub(crate) struct Args {
    #[command(flatten)]
    rows: RowArgs,
    /// Pull before answering
    #[arg(long, env = "CONV_SYNC", value_parser = switch())]
    sync: bool,
    /// Maximum number of rows
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
    /// Begin after this place: `next` of the previous page
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true)]
    after: Option<PageKey>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    cloud: CloudArgs,
}

/// The filter of rows.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Rows")]
pub(crate) struct RowArgs {
    /// Only conversations of this type: c2c, group or system
    #[arg(long = "type", value_name = "TYPE", value_parser = kind)]
    kind: Option<ConversationType>,
    /// Only with this mark: star, unread, fold, hide, your own from 2^32 to 2^63, the SDK's number, or
    /// none for unmarked
    #[arg(long, value_name = "MARK", value_parser = super::mark::filter)]
    mark: Option<MarkFilter>,
    /// Only in this conversation group; '' for those in none
    #[arg(long, value_name = "NAME", value_parser = group)]
    group: Option<GroupFilter>,
    /// Only with unread messages; --unread=false for those without
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true")]
    unread: Option<bool>,
    /// Only these conversations; can be given more than once
    #[arg(long, value_name = "ID", conflicts_with_all = ["kind", "mark", "group", "unread"])]
    id: Vec<ConversationId>,
    /// The SDK's options as JSON: null, a list of IDs, or a filter
    #[arg(long, value_name = "JSON", value_parser = options)]
    #[arg(conflicts_with_all = ["kind", "mark", "group", "unread", "id"])]
    options: Option<ConversationQuery>,
}

impl RowArgs {
    /// Returns the query for these options.
    pub(crate) fn query(&self) -> ConversationQuery {
        if let Some(options) = &self.options {
            return options.clone();
        }
        if let Ok(ids) = ConversationQuery::ids(self.id.iter().cloned()) {
            return ids;
        }
        let mut filter = ConversationFilter::default();
        filter.conversation_type = self.kind;
        filter.mark = self.mark;
        filter.group = self.group.clone();
        filter.has_unread_count = self.unread;
        if filter == ConversationFilter::default() { ConversationQuery::All } else { filter.into() }
    }
}

/// The `data` of the JSON answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    conversation_list: Vec<Arc<Conversation>>,
    is_sync_completed: bool,
    report: SyncReport,
    /// The reason why `--sync` failed, with the number and class of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_pulled: Option<Failure>,
    /// Set if the store cannot be written, so that no pull or change can be kept.
    #[serde(skip_serializing_if = "is_false")]
    is_read_only: bool,
    /// The losses of the store that its opening noticed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lost: Vec<String>,
    /// The start of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<PageKey>,
}

/// A list to answer from.
struct Held {
    conversations: Conversations,
    not_pulled: Option<Failure>,
}

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    let source = args.sync.then(|| args.cloud.required()).transpose()?;
    let opened = match source {
        Some(_) => args.store.open().await?,
        None => args.store.open_to_read().await?,
    };
    recovery::note(&opened.recovery, output);
    let (is_read_only, lost) = (opened.recovery.read_only, recovery::lost(&opened.recovery));
    let Held { conversations, not_pulled } = match source {
        Some(source) => pulled(&args, source, opened, output).await?,
        None => offline(&args, opened, !lost.is_empty()).await?,
    };
    let snapshot = conversations.snapshot();
    let limit = args.limit.unwrap_or(NonZeroUsize::MAX);
    let page = snapshot.page(&args.rows.query(), limit, args.after.as_ref());
    let report = conversations.sync_report();
    let listed = Listed {
        conversation_list: page.rows,
        is_sync_completed: report.is_sync_completed(),
        report,
        not_pulled,
        is_read_only,
        lost,
        next: page.next,
    };
    conversations.close().await?;
    if output.is_json() { output.data(&listed) } else { show(&listed, snapshot.len(), output) }
}

/// Returns the list after a pull; if the pull failed, the list as it was and the reason. The list
/// is an answer even without the cloud, so only a failure that leaves nothing to show ends the
/// command.
async fn pulled(
    args: &Args,
    source: Arc<Counted>,
    opened: Opened,
    output: &Output,
) -> Result<Held, Error> {
    let conversations = session::pulling(&args.store, &args.cloud, source, opened).await?;
    let before = conversations.snapshot();
    let Err(error) = pull(&conversations, &args.cloud).await else {
        note_removed(&before, &conversations.snapshot(), &args.cloud, output);
        return Ok(Held { conversations, not_pulled: None });
    };
    let error = Error::from(error);
    if conversations.sync_report().coverage == Coverage::Empty {
        conversations.close().await?;
        return Err(error);
    }
    output.note(&format!("not pulled: {}", error.words()));
    Ok(Held { conversations, not_pulled: Some(Failure::of(&error)) })
}

/// Returns the list of the store. An account that was never pulled may be a slip of the pen, and an
/// empty list would be no answer.
async fn offline(args: &Args, opened: Opened, has_lost: bool) -> Result<Held, Error> {
    let conversations = session::on(&args.store, opened).build().await?;
    if conversations.sync_report().coverage == Coverage::Empty && !has_lost {
        conversations.close().await?;
        return Err(args.store.never_pulled()?);
    }
    Ok(Held { conversations, not_pulled: None })
}

fn show(listed: &Listed, held: usize, output: &Output) -> Result<(), Error> {
    let rows = listed.conversation_list.iter().map(|row| &**row);
    let mut lines = table::lines(rows, time::now(), output.width());
    let coverage = recovery::coverage(&listed.report, &listed.lost, time::now());
    lines.push(format!(
        "{} of {}, {coverage}",
        listed.conversation_list.len(),
        counted(held, "row")
    ));
    lines.extend(report::remarks(&listed.report));
    if let Some(next) = &listed.next {
        lines.push(format!("more: --after {next}"));
    }
    output.text(&lines.join("\n"))
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn kind(name: &str) -> Result<ConversationType, String> {
    match name.to_ascii_lowercase().as_str() {
        "c2c" => Ok(ConversationType::C2c),
        "group" => Ok(ConversationType::Group),
        "system" | "@tim#system" => Ok(ConversationType::System),
        _ => Err("expected c2c, group or system".to_owned()),
    }
}

fn group(name: &str) -> Result<GroupFilter, Infallible> {
    Ok(name.into())
}

fn options(json: &str) -> Result<ConversationQuery, serde_json::Error> {
    serde_json::from_str(json)
}
