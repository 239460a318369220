//! Hundreds of accounts, some in trouble, evicted at any moment: each healthy one ends as the
//! cloud's truth, and all keep their local state.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use conv_api::{AccountId, Accounts, ConversationDatabase, MemoryDatabase};

use super::{Clouds, Trouble, account, on_disk, shown};
use crate::support::id;

const ACCOUNTS: usize = 300;
const STEPS: usize = 2_000;
const TROUBLES: [Trouble; 6] = [
    Trouble::None,
    Trouble::Refused,
    Trouble::RateLimited,
    Trouble::Lost,
    Trouble::Flaky,
    Trouble::BadRow,
];

struct Simulation {
    rng: fastrand::Rng,
    names: Vec<AccountId>,
    clouds: Arc<Clouds>,
    accounts: Accounts,
    drafts: BTreeMap<AccountId, String>,
    syncs: tokio::task::JoinSet<()>,
}

impl Simulation {
    fn new(seed: u64, database: Arc<dyn ConversationDatabase>) -> Self {
        let names: Vec<_> = (0..ACCOUNTS).map(|n| account(format!("user_{n}"))).collect();
        let clouds = Clouds::new(&names, 14);
        let builder = Accounts::builder(database, Arc::clone(&clouds));
        let accounts = builder.memory_budget(300_000).concurrent_passes(6).build();
        let (drafts, syncs) = (BTreeMap::new(), tokio::task::JoinSet::new());
        Self { rng: fastrand::Rng::with_seed(seed), names, clouds, accounts, drafts, syncs }
    }

    fn any(&mut self) -> AccountId {
        self.names[self.rng.usize(..ACCOUNTS)].clone()
    }

    async fn step(&mut self) {
        let name = self.any();
        match self.rng.u8(..100) {
            0..30 => {
                let accounts = self.accounts.clone();
                self.syncs.spawn(async move {
                    let list = accounts.open(&name).await.unwrap();
                    // One in trouble fails, and one that is forgotten meanwhile too.
                    let _ = list.wait_until_complete(Duration::from_secs(5)).await;
                });
            }
            30..50 => self.accounts.request_sync(&name).unwrap(),
            50..65 => self.clouds.touch(&name, self.rng.usize(..30), self.rng.u64(..10_000)),
            65..80 => {
                let draft = format!("draft {} of {name}", self.rng.u32(..));
                let list = self.accounts.open(&name).await.unwrap();
                list.set_draft(&id("C2Cpeer_003"), &draft).await.unwrap();
                self.drafts.insert(name, draft);
            }
            80..85 => drop(self.accounts.evict_idle()),
            85..90 => self.clouds.trouble(&name, self.rng.choice(TROUBLES).unwrap()),
            90..92 => {
                self.accounts.forget(&name).await.unwrap();
                self.drafts.remove(&name);
            }
            _ => tokio::time::sleep(Duration::from_millis(self.rng.u64(..300))).await,
        }
    }

    /// Most accounts get well; the others stay in trouble.
    async fn end(mut self) {
        while self.syncs.join_next().await.is_some() {}
        let ill: Vec<_> = (0..ACCOUNTS).filter(|_| self.rng.u8(..10) == 0).collect();
        for (number, name) in self.names.iter().enumerate() {
            let is_ill = ill.contains(&number);
            self.clouds.trouble(name, if is_ill { Trouble::Refused } else { Trouble::None });
        }
        let names = self.names.clone();
        let refreshed = self.accounts.refresh_all(names, Duration::from_secs(1)).await.unwrap();
        assert_eq!(refreshed.finished + refreshed.failed.len() + refreshed.left_out, ACCOUNTS);
        for (number, name) in self.names.iter().enumerate() {
            let list = self.accounts.open(name).await.unwrap();
            if !ill.contains(&number) {
                list.sync().await.unwrap();
                assert_eq!(shown(&list), self.clouds.truth(name), "{name}");
            }
            let local = list.snapshot().local(&id("C2Cpeer_003"));
            let draft = local.and_then(|local| local.draft_text().map(ToString::to_string));
            assert_eq!(draft.as_ref(), self.drafts.get(name), "{name}");
        }
        let stats = self.accounts.stats();
        assert_eq!((stats.passes_running, stats.passes_waiting), (0, 0));
        self.accounts.evict_idle();
        assert_eq!(self.accounts.stats().loaded_bytes, 0);
        self.accounts.close().await.unwrap();
    }
}

async fn simulate(seed: u64, database: Arc<dyn ConversationDatabase>) {
    let mut simulation = Simulation::new(seed, database);
    for _ in 0..STEPS {
        simulation.step().await;
    }
    assert!(simulation.accounts.stats().evicted > 100, "{:?}", simulation.accounts.stats());
    simulation.end().await;
}

#[tokio::test(start_paused = true)]
async fn every_healthy_account_ends_as_the_clouds_truth_in_memory() {
    for seed in 0..2 {
        simulate(seed, Arc::new(MemoryDatabase::new())).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_healthy_account_ends_as_the_clouds_truth_on_disk() {
    let (_folder, database) = on_disk().await;
    simulate(7, database).await;
}
