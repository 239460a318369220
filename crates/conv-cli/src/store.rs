//! The stores of lists.

mod database;
pub(crate) mod holder;

use std::{ffi::OsString, fmt, path::PathBuf, sync::Arc};

use conv_api::{
    AccountId, ConversationDatabase, ConversationStore, MemoryStore, SledStore, StoreError,
    store::Recovery,
};
use etcetera::{AppStrategy, AppStrategyArgs, app_strategy::choose_native_strategy};

use crate::{Error, args::StoreArgs};

/// The place of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A folder, with sled.
    Sled(PathBuf),
    /// A folder, with redb.
    Redb(PathBuf),
    /// The address of a server that other processes may use at the same time.
    Redis(Address),
    /// Memory, until the process ends.
    Memory,
}

/// A server's address, or those of some nodes of a cluster, separated by commas. Displayed without
/// passwords.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address(String);

/// A store of one account, and the losses found when it was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) place: Place,
    pub(crate) store: Arc<dyn ConversationStore>,
    /// The database, if other processes use it at the same time.
    pub(crate) shared: Option<Arc<dyn ConversationDatabase>>,
    pub(crate) recovery: Recovery,
}

/// The files of every store on disk, whatever its engine.
const STORE_FILES: [&str; 3] = ["lock", "local.log", "rows.journal"];

const NO_REDB: Error = Error::Unsupported(
    "this build of conv has no redb support; build conv-cli with the feature `redb`",
);
const NO_REDIS: Error = Error::Unsupported(
    "this build of conv has no Redis support; build conv-cli with the feature `redis`",
);

impl StoreArgs {
    /// Opens the store, and creates it if it is missing.
    pub(crate) async fn open(&self) -> Result<Opened, Error> {
        self.place()?.open(&self.account).await
    }

    /// Opens the store if there is one. Reading creates no store, no folder, and no file in a
    /// folder without a store.
    pub(crate) async fn open_existing(&self) -> Result<Option<Opened>, Error> {
        let place = self.place()?;
        if place.exists() { place.open(&self.account).await.map(Some) } else { Ok(None) }
    }

    /// Opens the store for reading, or to change what was pulled into it.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is missing.
    pub(crate) async fn open_to_read(&self) -> Result<Opened, Error> {
        match self.open_existing().await? {
            Some(opened) => Ok(opened),
            None => Err(self.missing()?),
        }
    }

    /// Returns the error of a command that needs a store, if there is none.
    pub(crate) fn missing(&self) -> Result<Error, Error> {
        let place = self.place()?;
        Ok(Error::NotFound(format!("no store at {place}: `conv sync` creates it")))
    }

    /// Returns the error of a command that needs a list, if it was never pulled.
    pub(crate) fn never_pulled(&self) -> Result<Error, Error> {
        let (account, place) = (&self.account, self.place()?);
        Ok(Error::NotFound(match place {
            Place::Memory => {
                "a store in memory is empty when a command begins: pull with `conv sync` \
                              into a folder, which --store names, or list with `conv list --sync`"
                    .to_owned()
            }
            place => {
                format!("the list of {account} was never pulled into {place}: `conv sync` pulls it")
            }
        }))
    }

    /// Returns the place of the store, whether it exists or not.
    ///
    /// # Errors
    /// Those of [`Place::chosen`].
    pub(crate) fn place(&self) -> Result<Place, Error> {
        Place::chosen(self.store.as_ref())
    }
}

impl Place {
    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Redb(_) if cfg!(not(feature = "redb")) => Err(NO_REDB),
            Self::Redis(_) if cfg!(not(feature = "redis")) => Err(NO_REDIS),
            Self::Sled(folder) | Self::Redb(folder) if folder.is_file() => {
                let words = format!("store {}: is a file, not a folder", folder.display());
                Err(Error::Usage(words))
            }
            _ => Ok(()),
        }
    }

    async fn open(&self, account: &AccountId) -> Result<Opened, Error> {
        let in_use = |error: StoreError| self.in_use(error);
        let mut shared = None;
        let (store, recovery): (Arc<dyn ConversationStore>, _) = match self {
            Self::Sled(folder) => {
                let store = SledStore::open(folder, account).await.map_err(in_use)?;
                let recovery = store.recovery().clone();
                (Arc::new(store), recovery)
            }
            #[cfg(feature = "redb")]
            Self::Redb(folder) => {
                let store = conv_api::RedbStore::open(folder, account).await.map_err(in_use)?;
                let recovery = store.recovery().clone();
                (Arc::new(store), recovery)
            }
            #[cfg(not(feature = "redb"))]
            Self::Redb(_) => return Err(NO_REDB),
            Self::Redis(address) => {
                let database = shared.insert(address.open().await?);
                (database.account(account).await?, Recovery::default())
            }
            Self::Memory => (Arc::new(MemoryStore::open().await?), Recovery::default()),
        };
        Ok(Opened { place: self.clone(), store, shared, recovery })
    }

    /// Returns true if a store exists. A server and memory always do.
    fn exists(&self) -> bool {
        let (folder, engine, other) = match self {
            Self::Sled(folder) => (folder, "rows", "rows.redb"),
            Self::Redb(folder) => (folder, "rows.redb", "rows"),
            Self::Redis(_) | Self::Memory => return true,
        };
        // Opening reports why a folder, or one above it, cannot be read.
        let has = |name: &str| folder.join(name).try_exists().unwrap_or(true);
        // Missing rows are a loss to report, not a store that never existed.
        has(engine) || (STORE_FILES.iter().any(|name| has(name)) && !has(other))
    }

    fn in_use(&self, error: StoreError) -> Error {
        match error {
            StoreError::Locked { path } => {
                Error::InUse { place: self.to_string(), holder: holder::of(&path) }
            }
            error => error.into(),
        }
    }
}

impl Address {
    /// Returns the address, if the text is one.
    fn of(text: &str) -> Option<Self> {
        let is_address = text.starts_with("redis://") || text.starts_with("rediss://");
        is_address.then(|| Self(text.to_owned()))
    }

    #[cfg(feature = "redis")]
    async fn open(&self) -> Result<Arc<dyn ConversationDatabase>, Error> {
        Ok(Arc::new(conv_store_redis::RedisDatabase::open(self.0.split(',')).await?))
    }

    #[cfg(not(feature = "redis"))]
    async fn open(&self) -> Result<Arc<dyn ConversationDatabase>, Error> {
        Err(NO_REDIS)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, node) in self.0.split(',').enumerate() {
            let (scheme, rest) = node.split_once("://").unwrap_or(("redis", node));
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            write!(f, "{}{scheme}://{host}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Returns the folder `conv` in the platform's data folder.
fn default_folder() -> Result<PathBuf, Error> {
    let args = AppStrategyArgs {
        top_level_domain: "dev".to_owned(),
        author: "conv".to_owned(),
        app_name: "conv".to_owned(),
    };
    match choose_native_strategy(args) {
        Ok(strategy) => Ok(strategy.data_dir()),
        Err(_) => Err(Error::Usage("no home folder for the store: give one by --store".to_owned())),
    }
}

impl From<OsString> for Place {
    fn from(text: OsString) -> Self {
        match text.to_str() {
            Some("memory:") => Self::Memory,
            Some(words) => match words.split_once(':') {
                Some(("sled", folder)) => Self::Sled(folder.into()),
                Some(("redb", folder)) => Self::Redb(folder.into()),
                _ => match Address::of(words) {
                    Some(address) => Self::Redis(address),
                    None => Self::Sled(text.into()),
                },
            },
            None => Self::Sled(text.into()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sled(folder) => write!(f, "{}", folder.display()),
            Self::Redb(folder) => write!(f, "redb:{}", folder.display()),
            Self::Redis(address) => write!(f, "{address}"),
            Self::Memory => f.write_str("memory:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_folder_is_sleds_and_a_scheme_says_otherwise() {
        assert_eq!(Place::from(OsString::from("a/b")), Place::Sled("a/b".into()));
        assert_eq!(Place::from(OsString::from("sled:a/b")), Place::Sled("a/b".into()));
        assert_eq!(Place::from(OsString::from("redb:a:b")), Place::Redb("a:b".into()));
        assert_eq!(Place::from(OsString::from("memory:")), Place::Memory);
        let address = "redis://a:1,redis://b:2";
        assert_eq!(Place::from(OsString::from(address)), Place::Redis(Address(address.into())));
        for plain in ["./memory:", "C:/conv", "rocks:a", "redis:a"] {
            assert_eq!(Place::from(OsString::from(plain)), Place::Sled(plain.into()));
        }
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let place = Place::from(OsString::from("redis://user:p@ss@a:1,rediss://:p@ss@b:2/0"));
        assert_eq!(place.to_string(), "redis://a:1,rediss://b:2/0");
        assert!(!format!("{place:?}").contains("ss@"), "{place:?}");
    }
}
