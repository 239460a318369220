//! One of the processes.

use std::{
    error::Error,
    io::{self, Write},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use conv_api::{AccountId, Accounts, BaseUrl, RestSource, UserSigSigner};
use conv_store_redis::{RedisDatabase, RedisRateLimiter};
use tokio::task::JoinSet;

/// The environment variable with the app's secret key.
pub(crate) const SECRET: &str = "GATEWAY_SECRET_KEY";

/// The number of users who ask at a time.
const USERS: usize = 16;

/// Serves every user once, in an order of its own, and prints each one's name.
pub(crate) async fn serve(mut words: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let mut word = || words.next().ok_or("too few words");
    let (url, app, identifier): (BaseUrl, u32, _) = (word()?.parse()?, word()?.parse()?, word()?);
    let (count, seed): (usize, u64) = (word()?.parse()?, word()?.parse()?);
    let database = RedisDatabase::options()
        .lease(Duration::from_secs(2)) // so long a user of a process that died has to wait
        .answer_within(Duration::from_secs(10))
        .open(words)
        .await?;

    // The emulator takes more calls than a cloud would; what counts is that both share the rate.
    let rate = NonZeroU32::new(5_000).ok_or("zero")?;
    let limiter = Arc::new(RedisRateLimiter::with_rate(&database, rate));
    let signer = UserSigSigner::new(identifier, std::env::var(SECRET)?);
    let source = RestSource::builder(url, app, signer).rate_limiter(limiter).build();
    let accounts = Accounts::builder(Arc::new(database), source).concurrent_passes(USERS).build();

    let mut users: Vec<usize> = (1..=count).collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut users);
    let mut asking = JoinSet::new();
    for user in users {
        if asking.len() >= USERS {
            asked(&mut asking).await?;
        }
        asking.spawn(ask(accounts.clone(), user));
    }
    while !asking.is_empty() {
        asked(&mut asking).await?;
    }
    accounts.close().await?;
    Ok(())
}

type Asked = Result<(), Box<dyn Error + Send + Sync>>;

async fn asked(asking: &mut JoinSet<Asked>) -> Result<(), Box<dyn Error>> {
    match asking.join_next().await {
        Some(asked) => asked?.map_err(|error| -> Box<dyn Error> { error }),
        None => Ok(()),
    }
}

/// Reads the whole list, as a user would.
async fn ask(accounts: Accounts, user: usize) -> Asked {
    let account: AccountId = format!("user_{user:04}").parse()?;
    let list = accounts.open(&account).await?;
    list.wait_until_complete(Duration::from_secs(120)).await?;
    writeln!(io::stdout(), "{account}")?;
    Ok(())
}
