//! The lists of many users in one process, within a budget of memory, against a cloud on loopback.
//!
//! `cargo run --release --example many_accounts` takes 200 accounts of 100 conversations; with
//! another number behind `--`, such as 10000, it takes so many.

use std::{
    error::Error,
    io,
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use conv_api::{
    AccountId, Accounts, BaseUrl, RestSource, SledDatabase, SourceError, UserSigSigner,
    sync::RateLimiter,
};
use conv_emulator::Emulator;

mod figures;
mod terminal;

const CONVERSATIONS: usize = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match run().await {
        Err(error) if is_unread(&*error) => Ok(()),
        ended => ended,
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).map_or(Ok(200), |count| count.parse())?;
    let cloud = Emulator::builder().seed(7).accounts(count).conversations(CONVERSATIONS);
    let cloud = cloud.start().await?;
    let names = (1..=count).map(|n| format!("user_{n:04}").parse());
    let names: Vec<AccountId> = names.collect::<Result<_, _>>()?;
    let folder = tempfile::tempdir()?;

    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let url: BaseUrl = cloud.base_url().parse()?;
    let source = RestSource::builder(url, cloud.sdk_app_id(), signer);
    let source = source.rate_limiter(Arc::new(Unlimited)).build();
    let database = Arc::new(SledDatabase::open(folder.path().join("cache")).await?);
    let accounts = Accounts::builder(database, source).memory_budget(8 * 1024 * 1024);
    let accounts = accounts.listing_budget(NonZeroU32::MAX).build();

    // In the background, as after a start; a user who comes meanwhile goes before all the others.
    let begin = Instant::now();
    let bar = terminal::follow(&accounts, count);
    let refresh = tokio::spawn({
        let (accounts, names) = (accounts.clone(), names.clone());
        async move { accounts.refresh_all(names, Duration::ZERO).await }
    });
    let user = accounts.open(names.last().ok_or("expected at least one account")?).await?;
    user.wait_until_complete(Duration::from_secs(60)).await?;
    let first = (begin.elapsed(), accounts.stats().passes_finished);
    drop(user);
    let refreshed = refresh.await??;
    bar.finish();

    figures::print(&accounts, &refreshed, begin.elapsed(), first)?;
    figures::visits(&accounts, &names).await?;
    accounts.close().await?;
    Ok(())
}

/// The emulator takes as many calls as come; a cloud has a rate, which `RestSource` keeps by
/// itself, and of which accounts keep a part free.
#[derive(Debug)]
struct Unlimited;

#[async_trait::async_trait]
impl RateLimiter for Unlimited {
    async fn acquire(&self, _: u32, _: &str) -> Result<(), SourceError> {
        Ok(())
    }

    async fn hold_back(&self, _: u32, _: &str, _: Duration) {}
}

/// Returns true if the reader of the output went away, as `head` does: no failure of this program.
fn is_unread(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
