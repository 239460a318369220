//! The first update of a reader that resumes.

use std::{sync::Arc, task::Poll};

use conv_api::{
    All, Conversation, ConversationPatch, ConversationStore, ListingPatch, LiveChange, LiveUpdate,
    Position, ResumeFrom, Timestamp,
    model::{Delta, Local, Mutation, OutboxChange, Progress, Seq},
    store::Since,
    testing::server::{Process, Server, settle},
};

use crate::{live::reader::poll, support::id};

fn at(name: &str, time: u64) -> ConversationPatch {
    let mut patch = ConversationPatch::new(id(&format!("C2C{name}")));
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(time)));
    patch
}

async fn say(process: &Process, name: &str, time: u64) {
    process.store.apply(Delta::listed([at(name, time)])).await.unwrap();
}

/// A process with six rows, f to a.
async fn six() -> (Arc<Server>, Process) {
    let server = Server::new();
    let process = Process::start(&server).await;
    let rows = (1..).zip(["a", "b", "c", "d", "e", "f"]).map(|(time, name)| at(name, time));
    process.store.apply(Delta::listed(rows)).await.unwrap();
    (server, process)
}

async fn restarted(server: &Arc<Server>, process: Process) -> Process {
    process.store.close().await.unwrap();
    Process::start(server).await
}

/// The rows of a client with a window, and what it says when it comes back.
struct Client {
    rows: Vec<Arc<Conversation>>,
    from: ResumeFrom,
}

const WINDOW: usize = 3;

#[track_caller]
fn first(process: &Process, from: Option<ResumeFrom>) -> LiveUpdate {
    let live = process.conversations.subscribe(All).window(WINDOW);
    let mut live = match from {
        Some(from) => live.resume(from),
        None => live,
    };
    match poll(&mut live) {
        Poll::Ready(Some(update)) => update,
        other => panic!("{other:?}"),
    }
}

impl Client {
    #[track_caller]
    fn of(process: &Process) -> Self {
        let update = first(process, None);
        let mut rows = Vec::new();
        update.apply(&mut rows).unwrap();
        let from = ResumeFrom::from(update.position.unwrap());
        Self { rows, from: from.with_conversations(update.totals.conversations) }
    }

    /// Comes back, and says what it got: the kind, and the rows that were sent.
    #[track_caller]
    fn resume(&mut self, process: &Process) -> (&'static str, Vec<String>) {
        self.resume_from(process, self.from)
    }

    #[track_caller]
    fn resume_from(&mut self, process: &Process, from: ResumeFrom) -> (&'static str, Vec<String>) {
        let update = first(process, Some(from));
        update.apply(&mut self.rows).unwrap();
        let mut expected = process.store.snapshot().list(&All.into());
        expected.truncate(WINDOW);
        assert_eq!(self.rows, expected);
        let name = |text: &str| text.trim_start_matches("C2C").to_owned();
        match &update.change {
            LiveChange::Patch { patches } => {
                ("patch", patches.iter().map(|patch| name(patch.id().as_str())).collect())
            }
            LiveChange::Sync { rows, .. } => {
                ("sync", rows.iter().map(|row| name(row.id.as_str())).collect())
            }
            LiveChange::Reset { .. } => ("reset", Vec::new()),
        }
    }
}

fn words(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn the_same_process_goes_on_with_steps() {
    let (_server, process) = six().await;
    let mut client = Client::of(&process);
    assert_eq!(client.resume(&process), ("patch", words(&[])), "it comes though nothing changed");
    say(&process, "a", 9).await;
    say(&process, "a", 10).await;
    assert_eq!(client.resume(&process), ("patch", words(&["d", "a"])));
}

#[tokio::test]
async fn a_restarted_process_sends_what_changed() {
    let (server, process) = six().await;
    let mut client = Client::of(&process);
    say(&process, "e", 9).await;
    let process = restarted(&server, process).await;
    assert_eq!(client.resume(&process), ("sync", words(&["e"])));
}

#[tokio::test]
async fn a_restarted_process_sends_nothing_if_nothing_changed() {
    let (server, process) = six().await;
    let mut client = Client::of(&process);
    let process = restarted(&server, process).await;
    assert_eq!(client.resume(&process), ("patch", words(&[])));
}

#[tokio::test]
async fn a_row_that_came_into_the_window_without_a_change_is_sent() {
    let (server, process) = six().await;
    let mut client = Client::of(&process);
    process.store.apply(Delta::removed([id("C2Ce")])).await.unwrap();
    let process = restarted(&server, process).await;
    // d may have been below f, e and another row that is gone.
    assert_eq!(client.resume(&process), ("sync", words(&["c"])));
}

#[tokio::test]
async fn without_the_count_of_rows_a_window_is_sent_whole() {
    let (server, process) = six().await;
    let mut client = Client::of(&process);
    say(&process, "e", 9).await;
    let process = restarted(&server, process).await;
    let bare = client.from.position.into();
    assert_eq!(client.resume_from(&process, bare), ("sync", words(&["e", "f", "d"])));
}

#[tokio::test]
async fn another_process_takes_the_position() {
    let (server, process) = six().await;
    let other = Process::start(&server).await;
    let mut client = Client::of(&process);
    say(&process, "a", 9).await;
    settle().await;
    assert_eq!(client.resume(&other), ("patch", words(&["d", "a"])));
}

#[tokio::test]
async fn a_position_between_the_commits_of_another_process_is_no_step_of_its_log() {
    let (server, process) = six().await;
    let other = Process::start(&server).await;
    let before = Client::of(&process).from.position;
    tokio::join!(say(&process, "a", 9), say(&process, "b", 10));
    settle().await;
    let between = Position::new(before.epoch, before.write.next());
    let since = |process: &Process, from: Position| {
        process.store.snapshot().since(&All.into(), Some(WINDOW), from)
    };
    assert!(matches!(since(&process, between), Since::Changes(commits) if commits.len() == 1));
    // The other one loaded both writes at once.
    assert!(matches!(since(&other, before), Since::Changes(commits) if commits.len() == 1));
    assert!(matches!(since(&other, between), Since::Sync { .. }));
}

#[tokio::test]
async fn unstored_commits_do_not_move_a_position() {
    use conv_api::{
        PassStatus, Phase,
        model::{PassId, SyncScope, SyncStep},
    };

    let (server, process) = six().await;
    let other = Process::start(&server).await;
    let begin = SyncStep::Begin { scope: SyncScope::new(100, 1), resume: false };
    process.store.apply(Delta::step(PassId::new(1), begin)).await.unwrap();
    let mut client = Client::of(&process);
    for rows in 0..9 {
        let status = PassStatus::running(Phase::Listing, rows, None);
        let (skipped, broken) = (Vec::new(), Vec::new());
        let step = SyncStep::Page { status, checkpoint: None, skipped, broken };
        process.store.apply(Delta::step(PassId::new(1), step)).await.unwrap();
    }
    assert_eq!(Client::of(&process).from, client.from);
    assert_ne!(process.store.snapshot().seq(), client.from.position.write);
    settle().await;
    assert_eq!(client.resume(&other), ("patch", words(&[])));
}

#[tokio::test]
async fn no_position_is_an_error_or_silence() {
    let (_server, process) = six().await;
    let mut client = Client::of(&process);
    let Position { epoch, write } = client.from.position;
    let odd = [
        Position::new(epoch ^ 1, write),
        Position::new(epoch, write.next()),
        Position::new(epoch, Seq::new(u64::MAX)),
        Position::new(0, Seq::ZERO),
    ];
    for position in odd {
        assert_eq!(client.resume_from(&process, position.into()).0, "reset", "{position}");
    }
    let old = Position::new(epoch, Seq::ZERO);
    assert_eq!(client.resume_from(&process, old.into()).0, "sync");
    let whole = process.conversations.subscribe(All).resume(old);
    let Poll::Ready(Some(update)) = poll(&mut { whole }) else { panic!("silence") };
    assert!(matches!(update.change, LiveChange::Reset { .. }), "too old for a whole list");
}

#[tokio::test]
async fn after_a_loss_every_process_resets_its_readers() {
    let (server, process) = six().await;
    let other = Process::start(&server).await;
    let backup = server.backup().await;
    say(&process, "a", 9).await;
    let mut client = Client::of(&process);
    server.restore(&backup).await;
    settle().await;
    // As many other writes as were lost, and more.
    for time in 10..14 {
        say(&other, "b", time).await;
    }
    settle().await;
    for process in [&process, &other, &Process::start(&server).await] {
        assert_eq!(client.resume(process).0, "reset");
        let update = first(process, None);
        assert_ne!(update.position.unwrap().epoch, client.from.position.epoch);
    }
}

#[tokio::test]
async fn a_draft_that_was_cleared_is_sent_after_a_restart() {
    let (server, process) = six().await;
    process.store.put_local(id("C2Cf"), Local::draft("Dear")).await.unwrap();
    let mut client = Client::of(&process);
    process.store.put_local(id("C2Cf"), Local::draft("")).await.unwrap();
    let process = restarted(&server, process).await;
    assert_eq!(client.resume(&process), ("sync", words(&["f"])));
}

#[tokio::test]
async fn a_mutation_that_ended_is_sent_after_a_restart() {
    let (server, process) = six().await;
    let pin = Mutation::Pin { id: id("C2Cf"), is_pinned: true };
    let commit = process.store.mutate(OutboxChange::enqueue([pin])).await.unwrap();
    let mut client = Client::of(&process);
    assert!(client.rows[0].listing.is_pinned);
    let dropped = OutboxChange::progress(commit.numbers[0].unwrap(), Progress::Drop);
    process.store.mutate(dropped).await.unwrap();
    let process = restarted(&server, process).await;
    assert_eq!(client.resume(&process).0, "sync");
}

#[tokio::test]
async fn a_mutation_that_a_restart_interrupted_leaves_no_position_until_it_is_stored() {
    let (server, process) = six().await;
    let pin = Mutation::Pin { id: id("C2Cf"), is_pinned: true };
    let commit = process.store.mutate(OutboxChange::enqueue([pin])).await.unwrap();
    let number = commit.numbers[0].unwrap();
    let sending = OutboxChange::progress(number, Progress::Sending);
    process.store.mutate(sending.clone()).await.unwrap();
    let mut client = Client::of(&process);
    let process = restarted(&server, process).await;
    // The row shows that it waits to be sent, which no write says.
    assert_eq!(process.store.snapshot().position(), None);
    assert_eq!(client.resume(&process).0, "reset");
    process.store.mutate(sending).await.unwrap();
    assert!(process.store.snapshot().position().is_some());
}

#[tokio::test]
async fn updates_say_their_position_in_json() {
    let (server, process) = six().await;
    let client = Client::of(&process);
    say(&process, "e", 9).await;
    let update = serde_json::to_value(first(&process, Some(client.from))).unwrap();
    let position = process.store.snapshot().position().unwrap();
    assert_eq!(
        (&update["type"], &update["position"]),
        (&"patch".into(), &position.to_string().into())
    );
    let process = restarted(&server, process).await;
    let update = serde_json::to_value(first(&process, Some(client.from))).unwrap();
    assert_eq!(update["type"], "sync");
    assert_eq!(update["order"], serde_json::json!(["C2Ce", "C2Cf", "C2Cd"]));
    assert_eq!(update["rows"].as_array().unwrap().len(), 1);
    assert_eq!(update["position"], position.to_string());
}
