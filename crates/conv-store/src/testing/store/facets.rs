//! Cases of guarded answers, values that are gone, and rows that are too large.

use std::sync::Arc;

use conv_model::{
    Conversation, ConversationId, ConversationPatch, Delta, Facet, Finished, GroupType, Known,
    LastMessage, ListLimit, MessageKind, PassId, Prune, Refused, RemindType, SyncStep, Timestamp,
};

use super::super::{
    Failure, TestResult,
    failure::{ensure, ensure_eq},
    fixture::StoreFixture,
    rows::{apply_all, begin, finish, full, id, listed, named, page, scope, secs, users},
};
use crate::{ConversationStore, Snapshot, record::MAX_BODY};

/// A message of a moment, which says its number.
fn message(sequence: u64, time: Timestamp) -> Known<Arc<LastMessage>> {
    let mut message = LastMessage::new(MessageKind::Text);
    message.sequence = sequence;
    message.time = Some(time);
    Known::Value(Arc::new(message))
}

/// A patch of every facet that an answer can bring; the number shows which answer.
fn answer(user: &str, number: u32) -> Result<ConversationPatch, Failure> {
    let mut patch = named(user, &number.to_string())?;
    patch.unread.count = Some(number);
    patch.last_message = message(number.into(), secs(number.into()));
    Ok(patch)
}

fn row(snapshot: &Snapshot, user: &str) -> Result<Arc<Conversation>, Failure> {
    snapshot.get(&id(user)?).ok_or_else(|| Failure::new(format!("{user} is gone")))
}

/// Returns the number of the answer that each facet is from.
fn answers_of(row: &Conversation) -> (Option<&str>, Option<u32>, Option<u64>) {
    let sequence = row.last_message.value().map(|message| message.sequence);
    (row.profile.name.as_deref(), row.unread.count, sequence)
}

/// An answer describes the moment of its request: a facet that another writer changed since is
/// newer. A facet that was changed before may be overwritten.
pub async fn an_answer_overwrites_nothing_that_is_newer<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    let bare = [listed("all", 1)?, listed("unread", 1)?, listed("none", 1)?];
    apply_all(&store, [Delta::listed(bare), begin(1)]).await?;
    let asked = store.snapshot().written();
    let mut unread = ConversationPatch::new(id("unread")?);
    unread.unread.count = Some(2);
    apply_all(&store, [Delta::updates([answer("all", 2)?, unread])]).await?;

    let late = [answer("all", 1)?, answer("unread", 1)?, answer("none", 1)?];
    let mut late = Delta::updates(late);
    (late.pass, late.asked) = (Some(PassId::new(1)), Some(asked));
    apply_all(&store, [late.clone()]).await?;
    let snapshot = store.snapshot();
    ensure_eq!(
        answers_of(&*row(&snapshot, "all")?),
        (Some("2"), Some(2), Some(2)),
        "all are newer"
    );
    ensure_eq!(
        answers_of(&*row(&snapshot, "unread")?),
        (Some("1"), Some(2), Some(1)),
        "one is newer"
    );
    ensure_eq!(
        answers_of(&*row(&snapshot, "none")?),
        (Some("1"), Some(1), Some(1)),
        "none is newer"
    );

    late.asked = Some(snapshot.written());
    apply_all(&store, [late]).await?;
    ensure_eq!(
        answers_of(&*row(&store.snapshot(), "all")?),
        (Some("1"), Some(1), Some(1)),
        "asked later"
    );
    a_count_cleared_by_a_type_is_no_answer(&store).await
}

/// A profile that says that a group counts no messages clears its count. That is not a newer answer
/// than one about unread messages that was asked for before.
async fn a_count_cleared_by_a_type_is_no_answer<S: ConversationStore>(store: &S) -> TestResult {
    let group = ConversationId::group("meeting")?;
    let mut row = listed("x", 1)?;
    row.id = group.clone();
    apply_all(store, [Delta::listed([row])]).await?;
    let asked = store.snapshot().written();
    let (mut kind, mut unread) =
        (ConversationPatch::new(group.clone()), ConversationPatch::new(group.clone()));
    kind.profile.group_type = Some(GroupType::Meeting);
    unread.unread.count = Some(3);
    unread.unread.remind_type = Some(RemindType::Discard);
    for patch in [kind, unread] {
        let mut late = Delta::updates([patch]);
        late.asked = Some(asked);
        apply_all(store, [late]).await?;
    }
    let row = store.snapshot().get(&group).ok_or_else(|| Failure::new("meeting is gone"))?;
    let unread = (row.unread.count, row.unread.remind_type.clone());
    ensure_eq!(unread, (Some(0), Some(RemindType::Discard)), "an unread state asked for before");
    Ok(())
}

/// That a group's type is learned changes its count, and does not change what is unread: an answer
/// that was on its way then is taken in.
pub async fn a_type_that_hides_a_count_is_no_news_of_what_is_unread<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    let mut row = listed("x", 1)?;
    row.id = ConversationId::group("meeting")?;
    let meeting = row.id.clone();
    apply_all(&store, [Delta::listed([row]), begin(1)]).await?;
    let asked = store.snapshot().written();
    let mut profile = ConversationPatch::new(meeting.clone());
    profile.profile.group_type = Some(GroupType::Meeting);
    let mut unread = ConversationPatch::new(meeting.clone());
    (unread.unread.count, unread.unread.remind_type) = (Some(5), Some(RemindType::Discard));
    for patch in [profile, unread] {
        let mut answer = Delta::updates([patch]);
        (answer.pass, answer.asked) = (Some(PassId::new(1)), Some(asked));
        apply_all(&store, [answer]).await?;
    }
    let row = store.snapshot().get(&meeting).ok_or_else(|| Failure::new("the row is gone"))?;
    ensure_eq!(row.unread.remind_type, Some(RemindType::Discard), "how it is announced");
    ensure_eq!(row.unread.count, Some(0), "its count");
    Ok(())
}

/// A message that the cloud reports as gone is no longer shown, and stays gone when the store is
/// opened again.
pub async fn a_message_that_is_gone_is_shown_no_more<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let mut gone = ConversationPatch::new(id("alice")?);
    gone.last_message = Known::Nothing;
    apply_all(&store, [Delta::listed([full("alice", 1)?]), Delta::updates([gone])]).await?;
    ensure_eq!(row(&store.snapshot(), "alice")?.last_message, Known::Nothing, "what is known");
    store.close().await?;
    drop(store);
    let store = fixture.open().await?;
    ensure_eq!(row(&store.snapshot(), "alice")?.last_message, Known::Nothing, "after reopening");
    Ok(())
}

/// The cloud keeps a message for a time. A row may stay longer; what the message said may not.
pub async fn a_message_goes_with_its_retention<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let mut rows = [listed("old", 90)?, listed("fresh", 90)?, listed("undated", 90)?];
    for (patch, time) in rows.iter_mut().zip([secs(10), secs(60), Timestamp::ZERO]) {
        patch.last_message = message(1, time);
    }
    apply_all(&store, [Delta::listed(rows), begin(1)]).await?;
    let finished = Finished::new(Some(secs(100)), vec![ListLimit::Retention(50)], scope());
    let step =
        SyncStep::Finish { finished, upstream: None, skipped: Vec::new(), broken: Vec::new() };
    apply_all(&store, [Delta::step(PassId::new(1), step)]).await?;
    for (user, stays) in [("old", false), ("fresh", true), ("undated", true)] {
        let row = row(&store.snapshot(), user)?;
        ensure_eq!(row.last_message.value().is_some(), stays, "whether a message stays");
        ensure!(row.last_message.is_known(), "{user}: what is known");
    }
    Ok(())
}

/// A pass that could not identify all its rows finishes without removing any, and names those that
/// it did not confirm; the next one that can forgets them.
pub async fn an_unsure_pass_removes_nobody_and_says_whom<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    let others = Delta::listed([listed("made by others", 5)?]);
    let rows = [listed("alice", 1)?, listed("ghost", 2)?];
    apply_all(&store, [Delta::listed(rows), begin(1), others]).await?;
    let mut unsure = finish(1, secs(9), []);
    let keep = Arc::new([id("alice")?].into_iter().collect());
    unsure.prune = Some(Prune::Unconfirmed { keep });
    apply_all(&store, [unsure]).await?;
    let snapshot = store.snapshot();
    ensure_eq!(users(&snapshot), ["made by others", "ghost", "alice"], "rows");
    ensure!(snapshot.report().is_sync_completed(), "the pass finished");
    ensure_eq!(snapshot.report().unconfirmed, [id("ghost")?], "rows that no listing confirmed");

    let keep = [id("alice")?, id("made by others")?];
    apply_all(&store, [begin(2), finish(2, secs(10), keep)]).await?;
    ensure_eq!(users(&store.snapshot()), ["made by others", "alice"], "rows of a sure pass");
    let unconfirmed = store.snapshot().report().unconfirmed;
    ensure_eq!(unconfirmed, Vec::<ConversationId>::new(), "no row any more");
    Ok(())
}

/// A facet that is too large stays as it was and the rest of its row goes in; a row that is too large
/// is left out. Both are named, in the commit and in the report, and keep no other out.
pub async fn one_large_item_keeps_no_other_out<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    apply_all(&store, [Delta::listed([full("alice", 1)?]), begin(1)]).await?;
    let large: Arc<str> = "x".repeat(MAX_BODY).into();
    let mut alice = listed("alice", 2)?;
    alice.profile.avatar = Some(Arc::clone(&large));
    alice.profile.name = Some("Alicia".into());
    let mut huge = listed("huge", 3)?;
    if let Some(listing) = &mut huge.listing {
        listing.custom_data = Some(large);
    }
    let commits = apply_all(&store, [page(1, vec![alice, huge, listed("bob", 4)?])]).await?;
    let refused: Vec<_> = commits.into_iter().flat_map(|commit| commit.refused).collect();
    let expected =
        [Refused::new(id("alice")?, Some(Facet::Profile)), Refused::new(id("huge")?, None)];
    ensure_eq!(refused, expected, "what was refused");
    let snapshot = store.snapshot();
    ensure_eq!(users(&snapshot), ["alice", "bob"], "rows");
    let alice = row(&snapshot, "alice")?;
    ensure_eq!(alice.listing.time, Some(secs(2)), "the rest of the row");
    ensure_eq!(alice.show_name(), "Alicia", "the name beside a large picture");
    let avatar = alice.profile.avatar.as_deref();
    ensure_eq!(avatar, Some("https://example.com/a.png"), "the picture as it was");
    let report = snapshot.report();
    ensure_eq!(report.failed.len(), 1, "facets in the report");
    ensure_eq!(report.skipped.len(), 1, "rows in the report");
    Ok(())
}

/// A group may be a meeting until its type is known: a total that counted it would shrink.
pub async fn totals_wait_for_the_type_of_a_group<F: StoreFixture>(fixture: &F) -> TestResult {
    let store = fixture.open().await?;
    let group = |name: &str| ConversationId::group(name);
    let mut rows = Vec::new();
    for name in ["team", "meeting"] {
        let mut patch = listed("x", 1)?;
        patch.id = group(name)?;
        patch.unread.count = Some(5);
        rows.push(patch);
    }
    apply_all(&store, [Delta::listed(rows)]).await?;
    ensure_eq!(store.snapshot().totals().unread, 0, "unread in groups of unknown type");
    let mut types = Vec::new();
    for (name, kind) in [("team", GroupType::Public), ("meeting", GroupType::Meeting)] {
        let mut patch = ConversationPatch::new(group(name)?);
        patch.profile.group_type = Some(kind);
        types.push(patch);
    }
    apply_all(&store, [Delta::updates(types)]).await?;
    ensure_eq!(store.snapshot().totals().unread, 5, "unread in groups of known type");
    Ok(())
}
