//! Where lists are kept.

mod holder;

use std::{ffi::OsString, fmt, path::PathBuf, sync::Arc};

use conv_api::{AccountId, ConversationStore, MemoryStore, SledStore, StoreError, store::Recovery};
use etcetera::{AppStrategy, AppStrategyArgs, app_strategy::choose_native_strategy};

use crate::{Error, args::StoreArgs};

/// Where lists are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a folder, by sled.
    Sled(PathBuf),
    /// In a folder, by redb.
    Redb(PathBuf),
    /// In memory, until the process ends.
    Memory,
}

/// A store of one account, and what was lost when it was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) place: Place,
    pub(crate) store: Arc<dyn ConversationStore>,
    pub(crate) recovery: Recovery,
}

impl StoreArgs {
    /// Opens the store, and makes it if there is none.
    pub(crate) async fn open(&self) -> Result<Opened, Error> {
        self.place()?.open(&self.account).await
    }

    /// Opens the store if there is one: looking at a list leaves no folder behind.
    pub(crate) async fn open_existing(&self) -> Result<Option<Opened>, Error> {
        let place = self.place()?;
        match &place {
            Place::Sled(folder) | Place::Redb(folder) if !folder.exists() => Ok(None),
            place => place.open(&self.account).await.map(Some),
        }
    }

    /// Where the store is, or would be.
    pub(crate) fn place(&self) -> Result<Place, Error> {
        match &self.store {
            Some(place) => Ok(place.clone()),
            None => default_folder().map(Place::Sled),
        }
    }
}

impl Place {
    async fn open(&self, account: &AccountId) -> Result<Opened, Error> {
        let in_use = |error: StoreError| self.in_use(error);
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
            Self::Redb(_) => return Err(Error::Unsupported("redb: in this build of conv")),
            Self::Memory => (Arc::new(MemoryStore::open().await?), Recovery::default()),
        };
        Ok(Opened { place: self.clone(), store, recovery })
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

/// The folder `conv` in the platform's folder for data.
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
                _ => Self::Sled(text.into()),
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
        for plain in ["./memory:", "C:/conv", "rocks:a"] {
            assert_eq!(Place::from(OsString::from(plain)), Place::Sled(plain.into()));
        }
    }
}
