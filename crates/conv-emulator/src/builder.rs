//! The settings of an emulator.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{
    Churn, CursorKind, Edition, Emulator, Error, Unknowns, UserSigClock,
    calls::Counter,
    credentials::{self, Credentials},
    fault::Faults,
    server::Shared,
    world::{Beginning, World},
};

/// 2026-04-07 08:56:00 UTC.
const NOW: u64 = 1_775_552_160;
const DEFAULT_ACCOUNT: &str = "user_0001";
/// An account's conversations are drawn from a directory of users and groups of this size.
const MAX_CONVERSATIONS: usize = 1_000_000;

/// Settings for an [`Emulator`], each with a default that works.
///
/// Equal settings make equal worlds: nothing is taken from the device's clock or its random
/// numbers.
#[derive(Clone, Debug)]
#[must_use = "nothing listens before `start`"]
pub struct Builder {
    port: u16,
    credentials: Credentials,
    clock: UserSigClock,
    cursor: CursorKind,
    late: bool,
    churn: Churn,
    seed: u64,
    now: u64,
    accounts: Vec<Arc<str>>,
    conversations: usize,
    page_size: usize,
    plan_limit: usize,
    retention: Option<Duration>,
    unknowns: Unknowns,
    edition: Edition,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            port: 0,
            credentials: Credentials::default(),
            clock: UserSigClock::default(),
            cursor: CursorKind::default(),
            late: false,
            churn: Churn::default(),
            seed: 1,
            now: NOW,
            accounts: Vec::new(),
            conversations: 100,
            page_size: 100,
            plan_limit: 100,
            retention: None,
            unknowns: Unknowns::default(),
            edition: Edition::default(),
        }
    }
}

impl Builder {
    /// Sets the port on 127.0.0.1; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the SDKAppID; 1400000000 by default.
    pub fn sdk_app_id(mut self, sdk_app_id: u32) -> Self {
        self.credentials.sdk_app_id = sdk_app_id;
        self
    }

    /// Sets the app's administrator; `administrator` by default.
    pub fn identifier(mut self, identifier: impl Into<String>) -> Self {
        self.credentials.identifier = identifier.into();
        self
    }

    /// Sets the key that UserSigs are checked with; a demo key by default. Like a client that
    /// signs, removes what a file or an environment variable adds around a key: blanks, line
    /// breaks, control characters, a byte order mark, and a pair of quotes.
    pub fn secret_key(mut self, secret_key: impl Into<String>) -> Self {
        self.credentials.secret_key = credentials::tidy(&secret_key.into()).to_owned();
        self
    }

    /// Sets the clock that decides whether a UserSig has expired.
    pub fn user_sig_clock(mut self, clock: UserSigClock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the seed of everything random.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the cloud's time at the start, in seconds.
    pub fn now(mut self, unix_seconds: u64) -> Self {
        self.now = unix_seconds;
        self
    }

    /// Adds an account with a generated list. If no account is added, there is `user_0001`.
    pub fn account(mut self, id: impl AsRef<str>) -> Self {
        self.accounts.push(Arc::from(id.as_ref()));
        self
    }

    /// Adds the accounts `user_0001` to `user_` and this number. A list is generated on first use,
    /// so thousands of accounts cost little.
    pub fn accounts(mut self, count: usize) -> Self {
        self.accounts.extend((1..=count).map(|n| Arc::from(format!("user_{n:04}"))));
        self
    }

    /// Sets the number of conversations per account; 100 by default.
    pub fn conversations(mut self, count: usize) -> Self {
        self.conversations = count;
        self
    }

    /// Sets the number of rows per page; 100 by default.
    pub fn page_size(mut self, rows: usize) -> Self {
        self.page_size = rows;
        self
    }

    /// Sets the maximum number of rows per listing; 100 by default. Higher plans have up to 500.
    pub fn plan_limit(mut self, rows: usize) -> Self {
        self.plan_limit = rows;
        self
    }

    /// Sets how long the cloud keeps a conversation without a message; for ever by default.
    pub fn retention(mut self, kept: Duration) -> Self {
        self.retention = Some(kept);
        self
    }

    /// Sets the meaning of a listing's cursor.
    pub fn cursor(mut self, kind: CursorKind) -> Self {
        self.cursor = kind;
        self
    }

    /// Sets whether `CompleteFlag` comes late: a full last page says that there are more, and an
    /// empty page follows.
    pub fn late_complete_flag(mut self, late: bool) -> Self {
        self.late = late;
        self
    }

    /// Sets what the emulated cloud does where the documentation is silent.
    pub fn unknowns(mut self, unknowns: Unknowns) -> Self {
        self.unknowns = unknowns;
        self
    }

    /// Sets the app's edition; [`Edition::Pro`] unless set.
    pub fn edition(mut self, edition: Edition) -> Self {
        self.edition = edition;
        self
    }

    /// Sets how the world changes while it is read.
    pub fn churn(mut self, churn: Churn) -> Self {
        self.churn = churn;
        self
    }

    /// Builds the world and starts to listen.
    ///
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] for invalid settings, [`Error::Listen`] if the port cannot be opened.
    pub async fn start(self) -> Result<Emulator, Error> {
        let Self { port, credentials, clock, cursor, late, churn, .. } = self.clone();
        let beginning = self.beginning()?;
        let administrator = credentials.identifier.clone();
        let world = World::new(beginning);
        world.lock().import(&administrator);
        let shared = Shared {
            world,
            credentials,
            clock,
            cursor,
            late,
            churn: Mutex::new(churn),
            faults: Faults::default(),
            calls: Counter::default(),
        };
        Emulator::listen(port, shared).await
    }

    fn beginning(self) -> Result<Beginning, Error> {
        let mut accounts = self.accounts;
        if accounts.is_empty() {
            accounts.push(Arc::from(DEFAULT_ACCOUNT));
        }
        let legal = |id: &Arc<str>| {
            (1..=32).contains(&id.len()) && id.bytes().all(|b| (0x20..=0x7e).contains(&b))
        };
        let setting = match () {
            () if !accounts.iter().all(legal) => {
                "an account's ID must be 1 to 32 bytes of printable ASCII"
            }
            () if self.page_size == 0 => "a page must hold at least one row",
            () if self.conversations > MAX_CONVERSATIONS => "too many conversations",
            () if self.credentials.secret_key.is_empty() => "the secret key must not be empty",
            () if self.credentials.identifier.is_empty() => "the identifier must not be empty",
            () => {
                return Ok(Beginning {
                    seed: self.seed,
                    now: self.now,
                    accounts,
                    conversations: self.conversations,
                    plan_limit: self.plan_limit,
                    page_size: self.page_size,
                    retention: self.retention,
                    unknowns: self.unknowns,
                    edition: self.edition,
                });
            }
        };
        Err(Error::Setting(setting))
    }
}
