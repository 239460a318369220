//! Rows whose time is over.

use conv_model::{ConversationPatch, Delta, Prune, Removal, Timestamp};

use super::super::{
    TestResult,
    failure::ensure_eq,
    fixture::StoreFixture,
    rows::{apply_all, begin, finish, id, listed, secs, users},
};
use crate::ConversationStore;

/// The retention of rows in these cases, in seconds.
const RETENTION: u64 = 100;

fn expire(now: Timestamp) -> Delta {
    let mut delta = Delta::default();
    delta.prune = Some(Prune::Expired { now, retention: RETENTION });
    delta
}

/// A row goes if its time ended after the last finished pass and by now. One that the pass still
/// returned stays, however old; so does one without a time; and before any pass has finished,
/// nothing goes.
pub async fn rows_expire_after_the_last_pass_and_by_now<F: StoreFixture>(
    fixture: &F,
) -> TestResult {
    let store = fixture.open().await?;
    let mut timeless = ConversationPatch::new(id("timeless")?);
    timeless.listing = Some(conv_model::ListingPatch::at(Timestamp::ZERO));
    let rows = [
        listed("long over", 10)?,
        listed("over when read", 50)?,
        listed("just after", 51)?,
        listed("just now", 80)?,
        listed("not yet", 81)?,
        timeless,
        ConversationPatch::new(id("unlisted")?),
    ];
    let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    apply_all(&store, [Delta::listed(rows), expire(secs(500))]).await?;
    ensure_eq!(store.snapshot().len(), 7, "rows before any pass");
    apply_all(&store, [begin(1), finish(1, secs(150), ids)]).await?;
    let commits = apply_all(&store, [expire(secs(180))]).await?;
    let stay = ["not yet", "over when read", "long over", "timeless", "unlisted"];
    ensure_eq!(users(&store.snapshot()), stay, "rows");
    let causes = commits.iter().flat_map(|commit| &commit.changes).map(|change| change.removal);
    ensure_eq!(causes.collect::<Vec<_>>(), [Some(Removal::Expired); 2], "why they went");
    Ok(())
}
