//! The memory of a watched account, with its rows in the index of holders.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use conv_api::{
    AccountId, Accounts, ConversationId, ConversationSource, MemoryDatabase, SourceError,
    WatchLevel,
    sync::{
        Capabilities, FullProfile, Groups, HydrateRequest, Hydrated, Page, ProfileRequest,
        PullRequest, SourceRow,
    },
};
use tokio::runtime::Builder;

use crate::data;

const ACCOUNTS: usize = 1_000;

/// A cloud whose accounts all have the same conversations, or none in common.
#[derive(Debug)]
struct Lists {
    rows: Vec<data::Row>,
    are_shared: bool,
    pulled: Mutex<u64>,
}

#[async_trait]
impl ConversationSource for Lists {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        *self.pulled.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        let row = |(n, row): (usize, &data::Row)| {
            let mut patch = data::patch(row);
            if !self.are_shared {
                patch.id = ConversationId::c2c(&format!("{}_{n:03}", request.account)).ok()?;
            }
            Some(SourceRow::new(patch))
        };
        let rows = self.rows.iter().enumerate().filter_map(row).collect();
        Ok(Page::new(rows, None, None))
    }

    async fn hydrate(&self, _: &HydrateRequest) -> Result<Hydrated, SourceError> {
        Ok(Hydrated::default())
    }

    async fn profile(&self, _: &ProfileRequest) -> Result<FullProfile, SourceError> {
        Err(SourceError::NotFound)
    }

    async fn groups(&self, _: &AccountId) -> Result<Groups, SourceError> {
        Ok(Groups::default())
    }
}

/// Prints the bytes of heap per account for its rows, and for an interest in it beside them.
pub fn print(rows: usize, live: &dyn Fn() -> usize) {
    println!("| conversations | a loaded account | an interest in it | per row |");
    println!("| --- | ---: | ---: | ---: |");
    for are_shared in [true, false] {
        let (loaded, watched) = measure(rows, are_shared, live);
        let what = if are_shared { "the same in all accounts" } else { "none in common" };
        println!("| {what} | {loaded} B | {watched} B | {} B |", watched / rows.max(1));
    }
}

fn measure(rows: usize, are_shared: bool, live: &dyn Fn() -> usize) -> (usize, usize) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let source = Lists { rows: data::rows(rows), are_shared, pulled: Mutex::default() };
        let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), source);
        let accounts = accounts.listing_budget(std::num::NonZeroU32::MAX).build();
        let before = live();
        let mut lists = Vec::new();
        for n in 0..ACCOUNTS {
            let account: AccountId = format!("user_{n:06}").parse().unwrap();
            let list = accounts.open(&account).await.unwrap();
            // Twice, as the pass of an interest is the second.
            list.sync().await.unwrap();
            list.sync().await.unwrap();
            lists.push(list);
        }
        let loaded = live() - before;
        let mut watches = Vec::new();
        for list in &lists {
            watches.push(accounts.watch(list.account(), WatchLevel::Background).await.unwrap());
        }
        for watch in &watches {
            watch.reached(watch.refresh().unwrap()).await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        let watched = (live() - before).saturating_sub(loaded);
        (loaded / ACCOUNTS, watched / ACCOUNTS)
    })
}
