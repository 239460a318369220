//! The emulated cloud, in a process of its own, so that its work is not the client's.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use conv_api::{BaseUrl, RestSource, SourceError, UserSigSigner, sync::RateLimiter};
use conv_emulator::Emulator;
use serde::{Deserialize, Serialize};

use crate::ours::{ACCOUNT, runtime};

/// The largest plan.
pub const PLAN_LIMIT: u32 = 500;

/// The cloud's address and credentials.
#[derive(Debug, Serialize, Deserialize)]
pub struct Access {
    pub base_url: String,
    pub sdk_app_id: u32,
    pub identifier: String,
    pub secret_key: String,
}

/// A running cloud; it ends with this.
#[derive(Debug)]
pub struct Cloud {
    process: Child,
    pub access: Access,
}

impl Cloud {
    /// A cloud whose account has so many conversations.
    pub fn start(rows: usize) -> Self {
        Self::start_many(rows, 1)
    }

    /// A cloud of so many accounts.
    pub fn start_many(rows: usize, accounts: usize) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["cloud", &rows.to_string(), &accounts.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { process, access: serde_json::from_str(&line).unwrap() }
    }

    pub fn source(&self) -> RestSource {
        let Access { base_url, sdk_app_id, identifier, secret_key } = &self.access;
        let url: BaseUrl = base_url.parse().unwrap();
        let signer = UserSigSigner::new(identifier, secret_key.as_str());
        RestSource::builder(url, *sdk_app_id, signer).rate_limiter(Arc::new(Unlimited)).build()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// The child: serves until its input ends.
pub fn serve(rows: usize, accounts: usize) {
    runtime().block_on(async {
        let emulator = Emulator::builder().seed(7).account(ACCOUNT).accounts(accounts);
        let emulator = emulator
            .conversations(rows)
            .plan_limit(PLAN_LIMIT as usize)
            .page_size(100)
            .start()
            .await
            .unwrap();
        let access = Access {
            base_url: emulator.base_url(),
            sdk_app_id: emulator.sdk_app_id(),
            identifier: emulator.identifier().into(),
            secret_key: emulator.secret_key().into(),
        };
        println!("{}", serde_json::to_string(&access).unwrap());
        let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        let _ = ended.await;
        emulator.stop().await;
    });
}

/// To be measured is the work of a pull, not the pace at which a real cloud may be called.
#[derive(Debug)]
pub struct Unlimited;

#[async_trait]
impl RateLimiter for Unlimited {
    async fn acquire(&self, _: u32, _: &str) -> Result<(), SourceError> {
        Ok(())
    }

    async fn hold_back(&self, _: u32, _: &str, _: Duration) {}
}
