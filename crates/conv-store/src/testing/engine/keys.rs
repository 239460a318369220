//! Keys that are easily mixed up.

use conv_model::{Aspect, ConversationId, MarkType, ParseIdError, Slot};

use super::{
    super::{TestResult, failure::ensure_eq, fixture::EngineFixture},
    write::{Records, commit, deletion, load, local, row, write},
};
use crate::Record;

/// IDs that begin alike, differ in case or in spaces, or look like paths, wildcards and
/// separators.
fn hostile() -> Result<Vec<ConversationId>, ParseIdError> {
    let users = [
        "a",
        "A",
        "aa",
        "a ",
        " a",
        " ",
        "  ",
        "a/b",
        "a\\b",
        "../a",
        ".",
        "..",
        "%00",
        "a%2Fb",
        "*",
        "?",
        "a:b",
        "a|b",
        "~",
        "'",
        "\"",
        "GROUPa",
        "C2Ca",
        "c2c_a",
        "@TIM#SYSTEM",
        "row",
        "state",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ];
    let groups = ["a", "C2Ca", "@TGS#_1", "@TGS#_1@TOPIC#_1", "@TGS#_1@TOPIC#_11", "@TGS#1"];
    let users = users.into_iter().map(ConversationId::c2c);
    let groups = groups.into_iter().map(ConversationId::group);
    users.chain(groups).chain([Ok(ConversationId::system())]).collect()
}

/// Each ID has a record of its own, as a row and as local state, and deleting one leaves the rest.
pub async fn hostile_ids_are_kept_apart<F: EngineFixture>(fixture: &F) -> TestResult {
    let engine = fixture.open().await?;
    let mut expected = Records::new();
    let mut last = 0;
    for id in hostile()? {
        for record in [Record::Row(id.clone()), Record::Local(id.clone())] {
            let write = write(last, last + 1, [(record, "")])?;
            expected.extend(write.put.clone());
            commit(&engine, &[write]).await?;
            last += 1;
        }
    }
    ensure_eq!(load(&engine).await?, (last, expected.clone()), "records under hostile keys");
    let gone: Vec<Record> = hostile()?.into_iter().step_by(2).map(Record::Row).collect();
    let deletion = deletion(last, last + 1, gone.clone())?;
    expected.retain(|record, _| !gone.contains(record));
    expected.extend(deletion.put.clone());
    commit(&engine, &[deletion]).await?;
    ensure_eq!(load(&engine).await?, (last + 1, expected), "records that were not deleted");
    Ok(())
}

/// A row, local state and the state of the sync do not meet under one key.
pub async fn kinds_of_records_are_kept_apart<F: EngineFixture>(fixture: &F) -> TestResult {
    let engine = fixture.open().await?;
    let cloud = write(0, 1, [(row("alice")?, "row"), (Record::State, "")])?;
    let draft = write(1, 2, [(local("alice")?, "local")])?;
    let mut expected: Records = cloud.put.iter().chain(&draft.put).cloned().collect();
    commit(&engine, &[cloud, draft]).await?;
    ensure_eq!(load(&engine).await?, (2, expected.clone()), "records");
    let deletion = deletion(2, 3, [row("alice")?])?;
    expected.remove(&row("alice")?);
    expected.extend(deletion.put.clone());
    commit(&engine, &[deletion]).await?;
    ensure_eq!(load(&engine).await?, (3, expected), "records without the row");
    Ok(())
}

/// Mutations, of every slot, and a record of a kind that no version knows are kept as they are.
pub async fn records_of_kinds_that_came_later_are_kept<F: EngineFixture>(
    fixture: &F,
) -> TestResult {
    let engine = fixture.open().await?;
    let group = || "a b".parse();
    let aspects = [
        Aspect::Exists,
        Aspect::Pinned,
        Aspect::Mark(MarkType::STAR),
        Aspect::Mark(MarkType::UNREAD),
        Aspect::CustomData,
        Aspect::Member(group()?),
        Aspect::ReadTo,
        Aspect::RemindType,
    ];
    let mut kept = vec![local("alice")?, Record::Outbox, Record::Pending(Slot::Group(group()?))];
    for aspect in aspects {
        let slot = Slot::Conversation(ConversationId::c2c("alice")?, aspect);
        kept.push(Record::Pending(slot));
    }
    kept.push(Record::Other("a kind of later: C2Calice".into()));
    let cloud = write(0, 1, [(row("alice")?, "row"), (Record::State, "")])?;
    let changes = write(1, 2, kept.iter().map(|record| (record.clone(), "change")))?;
    let mut expected: Records = cloud.put.iter().chain(&changes.put).cloned().collect();
    commit(&engine, &[cloud, changes]).await?;
    ensure_eq!(load(&engine).await?, (2, expected.clone()), "records");

    let mut deletion = write(2, 3, [(Record::Outbox, "later")])?;
    deletion.delete.extend(kept.iter().skip(2).step_by(2).cloned());
    expected.retain(|record, _| !deletion.delete.contains(record));
    expected.extend(deletion.put.clone());
    commit(&engine, &[deletion]).await?;
    drop(engine);
    let engine = fixture.open().await?;
    ensure_eq!(load(&engine).await?, (3, expected), "records after reopening");
    Ok(())
}
