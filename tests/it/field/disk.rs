//! A damaged file of rows, and a folder that is opened for reading alone.

use std::{fs, path::Path, sync::Arc};

use conv_api::{Conversations, Coverage, SledDatabase, SledOptions};
use conv_tests::online::{ACCOUNT, builder, emulator, row, shown, truth};

use super::{ALICE, two};

/// A folder with a list of so many rows, whole and closed.
async fn folder(cloud: &conv_emulator::Emulator) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = SledDatabase::open(folder.path()).await.unwrap();
    let conversations = builder(cloud).database(database).build().await.unwrap();
    conversations.sync().await.unwrap();
    conversations.close().await.unwrap();
    folder
}

/// The largest file below a folder that is not a log of local state.
fn rows_file(folder: &Path) -> std::path::PathBuf {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.into_iter().max_by_key(|file| fs::metadata(file).unwrap().len()).unwrap()
}

#[tokio::test]
async fn a_damaged_file_of_rows_is_said_when_it_is_opened_and_the_next_pass_mends_it() {
    let cloud = emulator(200).start().await.unwrap();
    let damages: [fn(&Path); 3] = [
        |file| {
            let mut bytes = fs::read(file).unwrap();
            bytes.iter_mut().step_by(97).for_each(|byte| *byte ^= 0xff);
            fs::write(file, bytes).unwrap();
        },
        |file| fs::remove_file(file).unwrap(),
        |file| {
            let bytes = fs::read(file).unwrap();
            fs::write(file, &bytes[..bytes.len() / 3]).unwrap();
        },
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let folder = folder(&cloud).await;
        damage(&rows_file(folder.path()));
        let database = Arc::new(SledDatabase::open(folder.path()).await.unwrap());
        let shared = builder(&cloud).shared_database(Arc::clone(&database) as _);
        let conversations = shared.build().await.unwrap();
        let recovery = database.recovery();
        let left = conversations.snapshot().len();
        assert!(!recovery.is_clean(), "{number}: {recovery:?}");
        let gone = recovery.lost_rows as usize + recovery.dropped_rows;
        assert!(left + gone >= 200, "{number}: {left} rows are left: {recovery:?}");
        assert!(!conversations.sync_report().is_sync_completed());
        conversations.sync().await.unwrap();
        assert_eq!(shown(&conversations).await, truth(&cloud), "{number}");
        conversations.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_list_that_is_opened_for_reading_alone_shows_its_rows_and_refuses_changes() {
    let cloud = two().await;
    let folder = folder(&cloud).await;
    let database = SledOptions::default().read_only().open(folder.path()).await.unwrap();
    assert!(database.is_read_only());
    let list = Conversations::builder(ACCOUNT).database(database);
    let conversations = list.build().await.unwrap();
    assert_eq!(row(&conversations, ALICE).await.show_name(), "Alice");
    assert_eq!(conversations.sync_report().coverage, Coverage::CacheOnly);
    let refused = conversations.set_draft(&ALICE.parse().unwrap(), "hello").await;
    assert!(refused.is_err());
}
