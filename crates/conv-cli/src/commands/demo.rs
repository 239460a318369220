//! `conv demo`: shows everything in one screen, without a cloud.

use std::time::Duration;

use conv_api::{
    All, BaseUrl, Conversation, ConversationId, Conversations, Facet, LiveChange, LiveList, Patch,
    RestSource, UserSigSigner,
};
use conv_emulator::{Emulator, World};

use crate::{
    Error, Output,
    output::{counted::counted, harmless::harmless, progress::Progress, report, table, time},
};

/// Show sync, list and watch in one screen, against an emulator in this process
///
/// Needs no cloud, no key and no store, and ends by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv demo")]
pub(crate) struct Args {
    /// Seconds between two steps of the demo
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pause: u64,
}

const ACCOUNT: &str = "user_0001";
const SHOWN: usize = 8;

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    let now = time::now().as_secs();
    let emulator = Emulator::builder().account(ACCOUNT).conversations(120).now(now).seed(7);
    let emulator = emulator.plan_limit(100).start().await?;
    let conversations = connect(&emulator).await?;

    output.text("$ conv sync")?;
    let bar = Progress::of(&conversations, 100);
    let report = conversations.sync().await?;
    drop(bar);
    let coverage = report::coverage(&report, time::now());
    output.text(&format!("{}: {coverage}", counted(conversations.snapshot().len(), "row")))?;
    output.text(&report::remarks(&report).join("\n"))?;

    output.text(&format!("\n$ conv list --limit {SHOWN}"))?;
    let list = conversations.get_conversation_list(All).await?;
    let rows = list.iter().take(SHOWN).map(|row| &**row);
    output.text(&table::lines(rows, time::now(), output.width()).join("\n"))?;

    output.text("\n$ conv watch")?;
    let mut live = conversations.subscribe(All);
    live.next().await;
    for (what, change) in STEPS {
        tokio::time::sleep(Duration::from_secs(args.pause)).await;
        let Some(row) = conversations.snapshot().rows().nth(what.row).cloned() else { break };
        let world = emulator.world();
        // Within the second of the newest row, a step's row would be placed by its ID; later, above
        // it. The speed of the device must not decide.
        world.advance(Duration::from_secs(1));
        change(&world, &row.id)?;
        conversations.sync().await?;
        output.text(&format!("{}: {}", what.happens, harmless(row.show_name())))?;
        for line in changes(&mut live).await {
            output.text(&format!("  {line}"))?;
        }
    }
    conversations.close().await?;
    emulator.stop().await;
    Ok(())
}

async fn connect(emulator: &Emulator) -> Result<Conversations, Error> {
    let signer = UserSigSigner::new(emulator.identifier(), emulator.secret_key());
    let url: BaseUrl = emulator
        .base_url()
        .parse()
        .map_err(|_| Error::Usage("emulator has no address".to_owned()))?;
    let source = RestSource::new(url, emulator.sdk_app_id(), signer);
    let builder = Conversations::builder(ACCOUNT).source(source);
    Ok(builder.facet(Facet::Unread).facet(Facet::LastMessage).build().await?)
}

/// A change in the cloud, and the row that it affects.
struct Step {
    happens: &'static str,
    row: usize,
}

type Change = fn(&World, &ConversationId) -> Result<(), conv_emulator::Error>;

const STEPS: [(Step, Change); 4] = [
    (Step { happens: "a message comes", row: 30 }, |world, id| {
        world.touch(ACCOUNT, id.as_str()).map(drop)
    }),
    (Step { happens: "pinned on another device", row: 20 }, |world, id| {
        world.pin(ACCOUNT, id.as_str())
    }),
    (Step { happens: "marked with a star", row: 12 }, |world, id| {
        world.mark(ACCOUNT, id.as_str(), 1, 0)
    }),
    (Step { happens: "deleted on another device", row: 40 }, |world, id| {
        world.remove(ACCOUNT, id.as_str())
    }),
];

/// Describes the steps from the previous list to the current one.
async fn changes(live: &mut LiveList) -> Vec<String> {
    let Some(update) = live.next().await else { return Vec::new() };
    match update.change {
        LiveChange::Patch { patches, .. } => patches.iter().map(words).collect(),
        _ => vec!["the list was read again".to_owned()],
    }
}

fn words(patch: &Patch) -> String {
    let name = |row: &Conversation| harmless(row.show_name()).into_owned();
    match patch {
        Patch::Insert { index, row } => format!("insert {index}: {}", name(row)),
        Patch::Move { from, to, row } => format!("move {from} to {to}: {}", name(row)),
        Patch::Update { index, row } => format!("update {index}: {}", name(row)),
        Patch::Remove { index, id, .. } => format!("remove {index}: {id}"),
    }
}
