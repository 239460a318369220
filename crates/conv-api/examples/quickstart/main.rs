//! A conversation list from the first pull to the next start, against a cloud on loopback.
//!
//! `cargo run --example quickstart`

use std::{
    error::Error,
    io::{self, Stdout, Write},
    sync::Arc,
    time::Duration,
};

use conv_api::{
    All, BaseUrl, Conversation, ConversationFilter, ConversationList, Conversations, MarkType,
    RestSource, SledDatabase, UserSigSigner,
};
use conv_emulator::Emulator;

mod terminal;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match run(&mut io::stdout()).await {
        Err(error) if is_unread(&*error) => Ok(()),
        ended => ended,
    }
}

async fn run(out: &mut Stdout) -> Result<(), Box<dyn Error>> {
    // A cloud to play with; with a real one you have its region, SDKAppID and secret key.
    let cloud = Emulator::builder().seed(7).account("user_0001").conversations(250);
    let cloud = cloud.plan_limit(500).start().await?;
    let folder = tempfile::tempdir()?;

    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let url: BaseUrl = cloud.base_url().parse()?;
    let source = Arc::new(RestSource::new(url, cloud.sdk_app_id(), signer));
    let conversations = Conversations::builder("user_0001")
        .database(SledDatabase::open(folder.path()).await?)
        .source(Arc::clone(&source))
        .plan_limit(500) // what the plan gives; 100 unless said
        .build()
        .await?;

    // The list answers at once. There is nothing yet, and it says so.
    print_state(out, "before the pull", &conversations.get_conversation_list(All).await?)?;
    let bar = terminal::progress_bar(&conversations);
    conversations.wait_until_complete(Duration::from_secs(30)).await?;
    bar.finish();

    let list = conversations.get_conversation_list(All).await?;
    print_state(out, "after the pull", &list)?;
    let by_default = Conversations::builder("user_0001").source(source).build().await?;
    by_default.sync().await?;
    print_state(out, "with the default plan", &by_default.get_conversation_list(All).await?)?;
    terminal::print_table(out, "top of the list", list.iter().take(12))?;
    writeln!(out, "conversation groups: {}\n", conversations.snapshot().groups().join(", "))?;

    let starred =
        conversations.get_conversation_list(ConversationFilter::mark_type(MarkType::STAR)).await?;
    terminal::print_table(out, "starred", starred.iter().take(5))?;
    let suppliers =
        conversations.get_conversation_list(ConversationFilter::group_name("Suppliers")).await?;
    terminal::print_table(out, "in the group Suppliers", suppliers.iter().take(5))?;
    if let [first, second, ..] = list.conversation_list.as_slice() {
        let two = conversations.get_conversation_list([&second.id, &first.id]).await?;
        terminal::print_table(out, "two of them by ID", two.iter())?;
        let full = conversations.get_conversation_profile(&first.id).await?;
        writeln!(out, "full profile of {}:\n{}\n", first.id, profile_json(&full)?)?;
    }

    // The cloud is gone and the app starts again: the list is still there, as a preview.
    cloud.stop().await;
    conversations.close().await?;
    let conversations = Conversations::builder("user_0001")
        .database(SledDatabase::open(folder.path()).await?)
        .build()
        .await?;
    print_state(out, "after a restart, offline", &conversations.get_conversation_list(All).await?)?;
    Ok(())
}

fn print_state(out: &mut Stdout, when: &str, list: &ConversationList) -> io::Result<()> {
    let report = list.report();
    let limit: Vec<_> = report.limit.iter().map(ToString::to_string).collect();
    writeln!(
        out,
        "{when}: {} rows, isSyncCompleted: {}, {:?} [{}]\n",
        list.len(),
        list.is_sync_completed(),
        report.coverage,
        limit.join(", "),
    )
}

fn profile_json(row: &Conversation) -> Result<String, serde_json::Error> {
    let row = serde_json::to_value(row)?;
    serde_json::to_string_pretty(row.get("groupProfile").or(row.get("userProfile")).unwrap_or(&row))
}

/// Returns true if the reader of the output went away, as `head` does: no failure of this program.
fn is_unread(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
