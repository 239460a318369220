//! The emulated cloud, which runs beside the load client so that its work is not the server's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use conv_api::{Timestamp, UserSigSigner};
use conv_emulator::Emulator;
use conv_gateway::AccessTokens;
use sha2::{Digest, Sha256};
use tokio::runtime::{Builder, Runtime};

use super::{
    ask::{Gateway, Serve},
    files,
};
use crate::cloud::Access;

/// Rows of each account.
pub const ROWS: usize = 100;
const WEBHOOK_TOKEN: &str = "a token of at least 32 random characters";

/// A cloud of many accounts, with tokens of its users.
pub struct Cloud {
    runtime: Runtime,
    pub emulator: Emulator,
    tokens: AccessTokens,
}

/// The name of an account; the first has number 1.
pub fn account(number: usize) -> String {
    format!("user_{number:04}")
}

impl Cloud {
    pub fn start(accounts: usize) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let emulator = Emulator::builder().seed(7).accounts(accounts).conversations(ROWS);
        let emulator = runtime.block_on(emulator.start()).unwrap();
        let tokens = AccessTokens::new(emulator.sdk_app_id(), emulator.secret_key()).unwrap();
        Self { runtime, emulator, tokens: tokens.lifetime(Duration::from_secs(86_400)) }
    }

    /// Returns the address and credentials for a gateway in front of it.
    pub fn gateway(&self, on_disk: bool) -> Serve {
        Serve::Gateway(Gateway {
            cloud: Access {
                base_url: self.emulator.base_url(),
                sdk_app_id: self.emulator.sdk_app_id(),
                identifier: self.emulator.identifier().into(),
                secret_key: self.emulator.secret_key().into(),
            },
            connections: files::most_lines(),
            on_disk,
            webhook_token: WEBHOOK_TOKEN.into(),
        })
    }

    /// The number of calls so far.
    pub fn calls(&self) -> u64 {
        self.emulator.calls().total
    }

    pub fn user_sig(&self, user: &str) -> String {
        let signer = UserSigSigner::new(user, self.emulator.secret_key());
        let week = Duration::from_secs(7 * 86_400);
        signer.sign(self.emulator.sdk_app_id(), now(), week).unwrap().expose().to_owned()
    }

    /// An access token, as a login would get it.
    pub fn token(&self, user: &str) -> String {
        let token = self.tokens.login(user, &self.user_sig(user), now()).unwrap();
        token.expose().to_owned()
    }

    /// The path of a webhook's call, signed for this moment.
    pub fn hook(&self, command: &str) -> String {
        let (time, app) = (now().as_secs(), self.emulator.sdk_app_id());
        let hash = Sha256::digest(format!("{WEBHOOK_TOKEN}{time}"));
        let sign: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "/v1/hooks/tencent?SdkAppid={app}&CallbackCommand={command}&contenttype=json\
             &ClientIP=127.0.0.1&OptPlatform=iOS&RequestTime={time}&Sign={sign}"
        )
    }

    pub fn stop(self) {
        self.runtime.block_on(self.emulator.stop());
    }
}

fn now() -> Timestamp {
    Timestamp::from_secs(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}
