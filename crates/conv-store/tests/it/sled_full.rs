//! A full disk: refused changes are not shown, acknowledged ones stay, and it goes on once there is
//! room.

use std::{collections::BTreeMap, io};

use conv_model::{ConversationId, Local};
use conv_store::{ConversationDatabase, ConversationStore, SledDatabase, Snapshot, StoreError};

use crate::{
    mounted::Mounted,
    sled_support::{account, listed, user},
};

const SMALL: usize = 2 << 10;
const LARGE: usize = 64 << 10;

/// The acknowledged writes.
#[derive(Default)]
struct Promised {
    rows: usize,
    drafts: BTreeMap<ConversationId, Local>,
}

impl Promised {
    #[track_caller]
    fn check(&self, snapshot: &Snapshot) {
        assert_eq!(snapshot.len(), self.rows);
        for (id, local) in &self.drafts {
            assert_eq!(snapshot.local(id).as_ref(), Some(local));
        }
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_goes_on_once_there_is_room() {
    let disk = match Mounted::small(SMALL) {
        Ok(disk) => disk,
        Err(why) => {
            println!("skipped: no file system of our own: {why}");
            return;
        }
    };
    let folder = disk.path().join("cache");
    let database = SledDatabase::open(&folder).await.unwrap();
    let store = database.account(&account("a")).await.unwrap();
    let mut promised = Promised::default();

    let error = fill(&*store, &mut promised).await;
    assert!(is_full(&error), "{error:?}");
    promised.check(&store.snapshot());
    let refused = drafts_until_full(&*store, &mut promised).await;
    assert!(is_full(&refused), "{refused:?}");
    promised.check(&store.snapshot());

    // On a full disk a closed database opens with all rows, possibly for reading alone.
    let _ = database.close().await;
    for _ in 0..3 {
        let database = SledDatabase::open(&folder).await.unwrap();
        assert!(database.recovery().is_clean(), "{:?}", database.recovery());
        promised.check(&database.account(&account("a")).await.unwrap().snapshot());
        let _ = database.close().await;
    }

    disk.grow(LARGE);
    let database = SledDatabase::open(&folder).await.unwrap();
    assert!(database.recovery().is_clean(), "{:?}", database.recovery());
    let store = database.account(&account("a")).await.unwrap();
    promised.check(&store.snapshot());

    // The same without closing: room comes back while it is open.
    disk.grow(used(&folder) + 512);
    let error = fill(&*store, &mut promised).await;
    assert!(is_full(&error), "{error:?}");
    disk.grow(LARGE);
    store.apply(listed(1, ["again"])).await.unwrap();
    promised.rows += 1;
    store.put_local(user("again"), Local::draft("again")).await.unwrap();
    promised.drafts.insert(user("again"), Local::draft("again"));
    promised.check(&store.snapshot());
    database.close().await.unwrap();
    let database = SledDatabase::open(&folder).await.unwrap();
    promised.check(&database.account(&account("a")).await.unwrap().snapshot());
    database.close().await.unwrap();
}

/// Lists rows until that is refused.
async fn fill(store: &dyn ConversationStore, promised: &mut Promised) -> StoreError {
    loop {
        let names: Vec<_> =
            (promised.rows..promised.rows + 20).map(|row| format!("row{row}")).collect();
        let mut page = listed(1, names.iter().map(String::as_str));
        for patch in &mut page.listed {
            let listing = patch.listing.as_mut().unwrap();
            listing.custom_data = Some("x".repeat(1000).into());
        }
        if let Err(error) = store.apply(page).await {
            return error;
        }
        promised.rows += names.len();
    }
}

/// Saves drafts until one is refused.
async fn drafts_until_full(store: &dyn ConversationStore, promised: &mut Promised) -> StoreError {
    loop {
        let number = promised.drafts.len();
        let (id, local) = (user(&format!("row{number}")), Local::draft("x".repeat(20_000)));
        match store.put_local(id.clone(), local.clone()).await {
            Ok(_) => promised.drafts.insert(id, local),
            Err(error) => return error,
        };
    }
}

fn is_full(error: &StoreError) -> bool {
    matches!(error, StoreError::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull)
}

fn used(folder: &std::path::Path) -> usize {
    use std::os::unix::fs::MetadataExt;
    let kibibytes = |path: std::path::PathBuf| {
        std::fs::metadata(path).map_or(0, |data| data.blocks() as usize / 2)
    };
    [folder.join("rows"), folder.to_owned()]
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| kibibytes(entry.unwrap().path()))
        .sum()
}
