//! A list in a terminal, kept on this machine and read through a gateway.
//!
//! `cargo run -p conv-gateway --features client --example desktop` plays cloud, gateway and device on
//! loopback, and shows what the device has while the network comes and goes. With a gateway of your own:
//!
//! ```sh
//! GATEWAY=https://chat.example.com USER_ID=alice USER_SIG=eJw… \
//!     cargo run -p conv-gateway --features client,rustls --example desktop
//! ```

use std::{
    error::Error,
    io::{self, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{Router, extract::Request, http::StatusCode, response::IntoResponse};
use conv_api::{
    AccountId, Accounts, All, BaseUrl, Conversations, MemoryDatabase, RestSource, SledDatabase,
    Timestamp, UserSigSigner,
    sync::{UserSig, UserSigError},
};
use conv_emulator::Emulator;
use conv_gateway::{AccessTokens, Gateway, GatewaySource};
use tower::ServiceExt;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let ended = match std::env::var("GATEWAY") {
        Ok(url) => own(&url).await,
        Err(_) => demo().await,
    };
    match ended {
        Err(error) if is_unread(&*error) => Ok(()),
        ended => ended,
    }
}

/// Returns true if the reader of the output went away, as `head` does: no failure of this program.
fn is_unread(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// A device: its rows, drafts and changes are on its disk.
async fn device(
    folder: &Path,
    user: &str,
    source: &GatewaySource,
) -> Result<Conversations, Failure> {
    let database = SledDatabase::open(folder).await?;
    let builder = Conversations::builder(user).database(database);
    Ok(builder.source(source.clone()).writer(source.clone()).build().await?)
}

/// Shows a list whenever it changes, without asking the gateway again and again.
async fn own(url: &str) -> Result<(), Failure> {
    let user = std::env::var("USER_ID")?;
    let sig = std::env::var("USER_SIG")?;
    let user_sig = move |_: AccountId| {
        let sig = UserSig::parse(sig.clone());
        async move { sig }
    };
    let source = GatewaySource::new(url, user_sig)?;
    let folder = std::env::temp_dir().join("conv-desktop");
    let list = device(&folder, &user, &source).await?;
    show("from this disk", &list).await?;
    let mut follow = source.follow(user.parse()?);
    loop {
        follow.changed().await;
        match list.sync().await {
            Ok(_) => show("as of now", &list).await?,
            Err(error) => writeln!(io::stdout(), "not reached: {error}")?,
        }
    }
}

async fn demo() -> Result<(), Failure> {
    let network = Arc::new(AtomicBool::new(true));
    let cloud = Emulator::builder().seed(7).conversations(6).account("alice").start().await?;
    let (accounts, url) = serve(&cloud, &network).await?;
    let (app, key) = (cloud.sdk_app_id(), cloud.secret_key().to_owned());
    let user_sig = move |account: AccountId| {
        let signer = UserSigSigner::new(account.as_str(), key.as_str());
        async move { sign(&signer, app) }
    };
    let source = GatewaySource::new(&url, user_sig)?;
    let folder = tempfile::tempdir()?;

    let list = device(folder.path(), "alice", &source).await?;
    list.sync().await?;
    show("first", &list).await?;

    network.store(false, Ordering::Relaxed);
    let id = list.snapshot().rows().last().map(|row| row.id.clone()).ok_or("an empty list")?;
    list.pin_conversation(&id, true).await?;
    list.set_draft(&id, "when I am back").await?;
    show("offline, with a pin and a draft", &list).await?;
    list.close().await?;
    drop(list);

    let list = device(folder.path(), "alice", &source).await?;
    show("offline, after a restart", &list).await?;

    network.store(true, Ordering::Relaxed);
    let mut follow = source.follow("alice".parse()?);
    follow.changed().await;
    list.retry_now()?;
    cloud.world().say("alice", "C2Czoe", "are you there?")?;
    accounts.open(&"alice".parse()?).await?.sync().await?;
    follow.changed().await;
    list.sync().await?;
    show("online: followed, not asked for", &list).await?;
    while !list.snapshot().outbox().is_empty() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let rows = cloud.world().listing("alice")?;
    let is_pinned = rows.iter().any(|row| row.id == id.as_str() && row.pinned);
    writeln!(io::stdout(), "the cloud has the pin: {is_pinned}")?;
    Ok(list.close().await?)
}

async fn show(when: &str, list: &Conversations) -> Result<(), Failure> {
    let answer = list.get_conversation_list(All).await?;
    let mut out = io::stdout();
    writeln!(out, "-- {when} (complete: {})", answer.is_sync_completed())?;
    for row in &answer {
        let pin = if row.listing.is_pinned { "*" } else { " " };
        let waits = if row.pending.is_empty() { "" } else { "  (waits for the network)" };
        let draft = row.local.draft_text().map(|text| format!("  [draft: {text}]"));
        writeln!(out, "{pin} {}{}{waits}", row.show_name(), draft.unwrap_or_default())?;
    }
    Ok(())
}

/// A gateway in front of the cloud, with a network that can be away.
async fn serve(cloud: &Emulator, network: &Arc<AtomicBool>) -> Result<(Accounts, String), Failure> {
    let (app, key) = (cloud.sdk_app_id(), cloud.secret_key());
    let url: BaseUrl = cloud.base_url().parse()?;
    let signer = UserSigSigner::new(cloud.identifier(), key);
    let rest = Arc::new(RestSource::new(url, app, signer));
    let accounts =
        Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(&rest)).writer(rest).build();
    accounts.open(&"alice".parse()?).await?.sync().await?;
    let router = Gateway::builder(accounts.clone(), AccessTokens::new(app, key)?).build().router();
    let network = Arc::clone(network);
    let front = Router::new().fallback(async move |request: Request| {
        if network.load(Ordering::Relaxed) {
            router.clone().oneshot(request).await.into_response()
        } else {
            StatusCode::BAD_GATEWAY.into_response()
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, front).await });
    Ok((accounts, url))
}

/// The part of the app's own backend.
fn sign(signer: &UserSigSigner, app: u32) -> Result<UserSig, UserSigError> {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    signer.sign(app, Timestamp::from_secs(since.as_secs()), Duration::from_secs(3_600))
}
