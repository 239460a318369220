//! The child's part: reports its findings, then writes until it is killed.

use std::{
    env,
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
};

use conv_model::{
    ConversationId, ConversationPatch, Delta, ListingPatch, Local, Mutation, OutboxChange, PassId,
    SyncStep, Timestamp,
};
use tokio::{runtime::Builder, task::JoinSet};

use super::{
    super::{
        Failure, TestResult,
        rows::{checkpointed, id, scope},
    },
    FOLDER, Kind, Line, Open, ROUND, Stores,
};
use crate::{ConversationStore, Snapshot};

/// The rows of a page, and the bytes of each: more than an engine buffers.
const PAGE_ROWS: usize = 100;
const ROW_BYTES: usize = 400;
/// Numbers of a round are above those of the rounds before.
const PER_ROUND: u64 = 1_000_000;

/// Runs the child's part. Does nothing unless the environment names a folder.
pub fn child(open: impl Open) -> TestResult {
    let (Ok(folder), Ok(round)) = (env::var(FOLDER), env::var(ROUND)) else {
        return Ok(());
    };
    let first = round.parse::<u64>()? * PER_ROUND;
    // The harness has begun a line.
    println!();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let stores = open(PathBuf::from(folder)).await?;
        tell(&stores)?;
        say(&Line::Open)?;
        if first > 0 { write(stores, first).await } else { Ok(()) }
    });
    result.or_else(|failure: Failure| say(&Line::Amiss(failure.to_string())))
}

fn say(line: &Line) -> TestResult {
    let mut output = io::stdout().lock();
    // In one piece: a kill must not leave half of a number.
    output.write_all(format!("{}\n", line.print()).as_bytes())?;
    Ok(output.flush()?)
}

fn tell(stores: &Stores) -> TestResult {
    for (number, store) in stores.iter().enumerate() {
        let snapshot = store.snapshot();
        let one = id("one")?;
        let row = snapshot.get(&one).and_then(|row| row.listing.time).map_or(0, |at| at.as_secs());
        let draft = snapshot.local(&one).and_then(|local| local.draft_text().cloned());
        let draft = draft.map_or(Ok(0), |draft| draft.parse())?;
        say(&Line::Found(number, Kind::Page, whole_page(&snapshot)?))?;
        say(&Line::Found(number, Kind::Row, row))?;
        say(&Line::Found(number, Kind::Draft, draft))?;
        say(&Line::Found(number, Kind::Mutation, mutation(&snapshot)?))?;
    }
    Ok(())
}

/// The number of the mutation that is there, and shown if its row is.
fn mutation(snapshot: &Snapshot) -> Result<u64, Failure> {
    let changed = id("changed")?;
    let pending: Vec<_> = snapshot.outbox().pending().collect();
    let text = match pending.as_slice() {
        [] => return Ok(0),
        [one] => match &one.mutation {
            Mutation::CustomData { custom_data, .. } => custom_data,
            other => return Err(Failure::new(format!("unexpected {other:?}"))),
        },
        more => return Err(Failure::new(format!("torn: {} mutations of one slot", more.len()))),
    };
    match snapshot.get(&changed) {
        Some(row) if row.listing.custom_data != *text => {
            Err(Failure::new(format!("torn: {text} is pending, the row shows something else")))
        }
        _ => Ok(text.parse()?),
    }
}

/// The number of the page that is there, whole, with its own cursor.
fn whole_page(snapshot: &Snapshot) -> Result<u64, Failure> {
    let checkpoint = snapshot.sync().checkpoint.as_ref();
    let number = checkpoint.map_or(Ok(0), |checkpoint| checkpoint.cursor.as_str().parse())?;
    let time = |id: &ConversationId| {
        snapshot.get(id).and_then(|row| row.listing.time).map_or(0, |time| time.as_secs())
    };
    for name in page_names() {
        let found = time(&id(&name)?);
        if found != number {
            let what = format!("torn: {name} is of page {found}, the cursor of {number}");
            return Err(Failure::new(what));
        }
    }
    let marks = snapshot.rows().filter(|row| row.id.as_str().starts_with("C2Cmark"));
    let marks: Vec<_> = marks.map(|row| row.id.as_str().to_owned()).collect();
    let expected: Vec<_> = (number > 0).then(|| format!("C2Cmark{number}")).into_iter().collect();
    if marks != expected {
        return Err(Failure::new(format!("torn: the page is {number}, its mark {marks:?}")));
    }
    Ok(number)
}

fn page_names() -> impl Iterator<Item = String> {
    (0..PAGE_ROWS).map(|row| format!("row{row}"))
}

async fn write(stores: Stores, first: u64) -> TestResult {
    let mut tasks = JoinSet::new();
    for (number, store) in stores.into_iter().enumerate() {
        tasks.spawn(pages(number, Arc::clone(&store), first));
        tasks.spawn(rows(number, Arc::clone(&store), first));
        tasks.spawn(drafts(number, Arc::clone(&store), first));
        tasks.spawn(mutations(number, store, first));
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

fn listed(name: &str, number: u64) -> Result<ConversationPatch, Failure> {
    let mut listing = ListingPatch::at(Timestamp::from_secs(number));
    listing.custom_data = Some("x".repeat(ROW_BYTES).into());
    let mut patch = ConversationPatch::new(id(name)?);
    patch.listing = Some(listing);
    Ok(patch)
}

async fn pages(number: usize, store: Arc<dyn ConversationStore>, first: u64) -> TestResult {
    // A pass that goes on keeps the cursor, which shows the page.
    let begin = SyncStep::Begin { scope: scope(), resume: true };
    store.apply(Delta::step(PassId::new(first), begin)).await?;
    let mut last = whole_page(&store.snapshot())?;
    for page in first.. {
        let mut delta = checkpointed(first, &page.to_string());
        for name in page_names().chain([format!("mark{page}")]) {
            delta.listed.push(listed(&name, page)?);
        }
        if last > 0 {
            delta.removed.push(id(&format!("mark{last}"))?);
        }
        store.apply(delta).await?;
        say(&Line::Done(number, Kind::Page, page))?;
        last = page;
    }
    Ok(())
}

async fn rows(number: usize, store: Arc<dyn ConversationStore>, first: u64) -> TestResult {
    for row in first.. {
        store.apply(Delta::listed([listed("one", row)?])).await?;
        say(&Line::Done(number, Kind::Row, row))?;
    }
    Ok(())
}

async fn drafts(number: usize, store: Arc<dyn ConversationStore>, first: u64) -> TestResult {
    for draft in first.. {
        store.put_local(id("one")?, Local::draft(draft.to_string())).await?;
        say(&Line::Done(number, Kind::Draft, draft))?;
    }
    Ok(())
}

async fn mutations(number: usize, store: Arc<dyn ConversationStore>, first: u64) -> TestResult {
    let changed = id("changed")?;
    store.apply(Delta::listed([ConversationPatch::new(changed.clone())])).await?;
    for mutation in first.. {
        let custom_data = mutation.to_string().into();
        let change = Mutation::CustomData { id: changed.clone(), custom_data };
        store.mutate(OutboxChange::enqueue([change])).await?;
        say(&Line::Done(number, Kind::Mutation, mutation))?;
    }
    Ok(())
}
