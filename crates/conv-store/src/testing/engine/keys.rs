//! Keys that are easily mixed up.

use conv_model::{ConversationId, ParseIdError};

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
