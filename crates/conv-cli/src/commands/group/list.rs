//! `conv group list`: the groups and how much is in each.

use std::sync::Arc;

use console::{Alignment, measure_text_width, pad_str};
use conv_api::{ConversationFilter, Conversations, Totals};
use serde::Serialize;

use crate::{
    Error, Output,
    args::StoreArgs,
    output::{counted::counted, harmless::harmless, recovery, time},
    session,
};

/// List the groups, with the number of conversations and of unread messages in each
///
/// As the store has them; without a network.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv group list --account user_0001")]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,
}

/// The `data` of the JSON answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Groups {
    conversation_group_list: Vec<Group>,
    is_sync_completed: bool,
}

/// A conversation group, and sums over the conversations in it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    group_name: Arc<str>,
    #[serde(flatten)]
    totals: Totals,
}

pub(super) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    let opened = args.store.open_to_read().await?;
    recovery::note(&opened.recovery, output);
    let lost = recovery::lost(&opened.recovery);
    let list = session::on(&args.store, opened).build().await?;
    let report = list.sync_report();
    let groups = Groups::of(&list);
    list.close().await?;
    if output.is_json() {
        return output.data(&groups);
    }
    let mut lines = groups.table();
    let groups = counted(groups.conversation_group_list.len(), "group");
    lines.push(format!("{groups}, {}", recovery::coverage(&report, &lost, time::now())));
    output.text(&lines.join("\n"))
}

impl Groups {
    fn of(list: &Conversations) -> Self {
        let groups = list.get_conversation_group_list().into_iter().map(|group_name| {
            let totals = list.totals(ConversationFilter::group_name(&group_name));
            Group { group_name, totals }
        });
        let conversation_group_list = groups.collect();
        let is_sync_completed = list.sync_report().is_sync_completed();
        Self { conversation_group_list, is_sync_completed }
    }

    /// Returns a line per group below a header; none if there are no groups.
    fn table(&self) -> Vec<String> {
        let groups = self.conversation_group_list.iter().map(|Group { group_name, totals }| {
            let Totals { conversations, unread, .. } = totals;
            [harmless(group_name).into_owned(), conversations.to_string(), unread.to_string()]
        });
        let mut rows = vec![["GROUP", "CONVERSATIONS", "UNREAD"].map(str::to_owned)];
        rows.extend(groups);
        if rows.len() == 1 {
            return Vec::new();
        }
        let names = rows.iter().map(|[name, ..]| measure_text_width(name));
        let width = names.max().unwrap_or_default();
        let line = |[name, conversations, unread]: &[String; 3]| {
            let name = pad_str(name, width, Alignment::Left, None);
            format!("{name}  {conversations:<13}  {unread}")
        };
        rows.iter().map(line).collect()
    }
}
