//! A gateway in front of a cloud on loopback.
//!
//! `cargo run -p conv-gateway --features server --example serve`
//!
//! A number after `--` is that of calls that the account may make per minute, instead of 600.

use std::{
    error::Error,
    io::{self, Write},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use conv_api::{Accounts, BaseUrl, MemoryDatabase, RestSource, Timestamp, UserSigSigner};
use conv_emulator::Emulator;
use conv_gateway::{AccessTokens, Gateway};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match run().await {
        Err(error) if is_unread(&*error) => Ok(()),
        ended => ended,
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let cloud = Emulator::builder().seed(7).account("alice").start().await?;
    let (app, key) = (cloud.sdk_app_id(), cloud.secret_key());
    let url: BaseUrl = cloud.base_url().parse()?;
    let source = Arc::new(RestSource::new(url, app, UserSigSigner::new(cloud.identifier(), key)));
    let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(&source))
        .writer(source)
        .build();
    let tokens = AccessTokens::new(app, key)?.administrators([cloud.identifier()]);
    let mut gateway = Gateway::builder(accounts, tokens);
    if let Some(count) = std::env::args().nth(1) {
        gateway = gateway.requests(count.parse()?, Duration::from_secs(60));
    }
    let router = gateway.build().router();

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    // In production the app's own backend hands this to the device.
    let now = Timestamp::from_secs(SystemTime::UNIX_EPOCH.elapsed()?.as_secs());
    let user_sig = UserSigSigner::new("alice", key).sign(app, now, Duration::from_secs(86_400))?;
    let url = format!("http://{}/v1", listener.local_addr()?);
    let mut out = io::stdout();
    writeln!(out, "TOKEN=$(curl -s {url}/login -H 'Content-Type: application/json' \\")?;
    writeln!(out, "  -d '{{\"userID\":\"alice\",\"userSig\":\"{}\"}}' \\", user_sig.expose())?;
    writeln!(out, "  | sed 's/.*\"accessToken\":\"\\([^\"]*\\).*/\\1/')")?;
    writeln!(out, "curl -s \"{url}/conversations?limit=3\" -H \"Authorization: Bearer $TOKEN\"")?;
    // With the address of callers, by which failed logins are limited.
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

/// Returns true if the reader of the output went away, as `head` does: no failure of this program.
fn is_unread(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
