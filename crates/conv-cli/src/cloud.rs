//! The cloud to pull from.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use clap::{
    ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use conv_api::{
    AccountId, BaseUrl, ConversationSource, ConversationWriter, Facet, Region, RestSource,
    Snapshot, SourceError, UserSigSigner,
    sync::{
        Capabilities, FullProfile, Groups, HydrateRequest, Hydrated, Page, ProfileRequest,
        PullRequest, RequestCounts, RestSourceBuilder, WriteCapabilities, WriteRequest, Written,
    },
};

use crate::{
    Error,
    args::{CloudArgs, clean::clean},
};

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

impl CloudArgs {
    /// Returns true if the command line or the environment names a cloud.
    pub(crate) fn is_named(&self) -> bool {
        self.base_url().is_some()
    }

    /// Returns the cloud, if the command line or the environment names one.
    pub(crate) fn source(&self) -> Result<Option<Arc<Counted>>, Error> {
        let Some(credentials) = self.credentials()? else { return Ok(None) };
        let source = self.rest(credentials).build();
        Ok(Some(Arc::new(Counted { source, pages: AtomicU32::new(0) })))
    }

    /// Starts building the cloud with these credentials and the command line's options.
    pub(crate) fn rest(&self, credentials: Credentials) -> RestSourceBuilder {
        let Credentials { base_url, sdkappid, identifier, key } = credentials;
        let signer = UserSigSigner::new(identifier, key);
        let source = RestSource::builder(base_url, sdkappid, signer);
        match self.retention {
            Some(days) => source.retention(Duration::from_secs(u64::from(days) * DAY)),
            None => source,
        }
    }

    /// Returns the cloud's address and what its calls are signed with, if the command line or the
    /// environment names a cloud.
    pub(crate) fn credentials(&self) -> Result<Option<Credentials>, Error> {
        let Some(base_url) = self.base_url() else { return Ok(None) };
        let Some(sdkappid) = self.sdkappid else {
            return Err(Error::Usage("expected the SDKAppID: --sdkappid".to_owned()));
        };
        let (identifier, key) = (self.identifier.clone(), self.secret_key()?);
        Ok(Some(Credentials { base_url, sdkappid, identifier, key }))
    }

    /// Returns the cloud, which must be named.
    pub(crate) fn required(&self) -> Result<Arc<Counted>, Error> {
        let unnamed = || Error::Usage("expected a cloud: --region or --base-url".to_owned());
        self.source()?.ok_or_else(unnamed)
    }

    /// Returns the facets to read for each row: the requested ones, else unread counts and those
    /// that the rows of a store have. A facet that is no longer read would show recalled messages
    /// for ever.
    pub(crate) fn facets(&self, held: &Snapshot) -> BTreeSet<Facet> {
        let mut facets: BTreeSet<Facet> =
            self.facets.iter().copied().filter_map(FacetName::facet).collect();
        if self.facets.is_empty() {
            facets.insert(Facet::Unread);
            facets.extend(facets_of(held));
        }
        facets
    }

    /// Returns the given limit of the plan, else the one that a store was pulled with, else 100: a
    /// missing option never shortens a list.
    pub(crate) fn limit(&self, held: &Snapshot) -> u32 {
        self.plan_limit.or_else(|| pulled_within(held)).unwrap_or(LEAST_LIMIT)
    }

    fn base_url(&self) -> Option<BaseUrl> {
        self.base_url.clone().or_else(|| self.region.map(BaseUrl::from))
    }

    fn secret_key(&self) -> Result<String, Error> {
        secret_key(self.secret_key_file.as_deref())
    }
}

/// A cloud's address, and what its calls are signed with. Holds the secret key, so it is never shown.
pub(crate) struct Credentials {
    pub(crate) base_url: BaseUrl,
    pub(crate) sdkappid: u32,
    pub(crate) identifier: String,
    pub(crate) key: String,
}

/// The minimum and maximum limit of a plan.
const LEAST_LIMIT: u32 = 100;
const GREATEST_LIMIT: u32 = 500;

/// Returns the limit that a store was pulled with; for a store that lost it, one that its rows fit
/// into. `None` if it was never pulled.
pub(crate) fn pulled_within(held: &Snapshot) -> Option<u32> {
    let sync = held.sync();
    let finished = sync.finished.as_ref().map_or(0, |finished| finished.scope.plan_limit);
    let rows = u32::try_from(held.len()).unwrap_or(GREATEST_LIMIT);
    // An unfinished pass with a lower limit has not shortened the list.
    let limit = finished.max(sync.scope.plan_limit).max(rows);
    (limit > 0).then(|| limit.clamp(LEAST_LIMIT, GREATEST_LIMIT))
}

/// Returns the app's secret key: from `CONV_SECRET_KEY`, else the first line of a file.
pub(crate) fn secret_key(file: Option<&Path>) -> Result<String, Error> {
    if let Some(key) = key_of_environment() {
        return Ok(key);
    }
    let Some(file) = file else {
        let words = "expected the app's secret key: CONV_SECRET_KEY or --secret-key-file";
        return Err(Error::Usage(words.to_owned()));
    };
    let text = fs::read_to_string(file)
        .map_err(|error| Error::Usage(format!("secret key file {}: {error}", file.display())))?;
    match text.lines().next().map(clean) {
        Some(key) if !key.is_empty() => Ok(key.to_owned()),
        _ => Err(Error::Usage(format!("secret key file {}: no key in it", file.display()))),
    }
}

/// Returns the app's secret key, if the environment has it.
pub(crate) fn key_of_environment() -> Option<String> {
    // A key is always text. With other bytes, the cloud answers that the key is wrong.
    let key = std::env::var_os("CONV_SECRET_KEY")?.to_string_lossy().into_owned();
    Some(clean(&key).to_owned()).filter(|key| !key.is_empty())
}

/// The facets by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FacetName {
    /// Unread counts
    Unread,
    /// Last messages: one call per conversation
    LastMessage,
    /// No facet
    None,
}

impl FacetName {
    pub(crate) fn facet(self) -> Option<Facet> {
        match self {
            Self::Unread => Some(Facet::Unread),
            Self::LastMessage => Some(Facet::LastMessage),
            Self::None => None,
        }
    }
}

/// The regions by name.
const REGIONS: [(&str, Region); 9] = [
    ("china", Region::China),
    ("singapore", Region::Singapore),
    ("seoul", Region::Seoul),
    ("tokyo", Region::Tokyo),
    ("frankfurt", Region::Frankfurt),
    ("silicon-valley", Region::SiliconValley),
    ("jakarta", Region::Jakarta),
    ("riyadh", Region::Riyadh),
    ("mumbai", Region::Mumbai),
];

/// Parses a region's name.
pub(crate) fn region() -> impl TypedValueParser<Value = Region> {
    PossibleValuesParser::new(REGIONS.map(|(name, _)| name)).try_map(|given| {
        let found = REGIONS.iter().find(|(name, _)| *name == given);
        found.map(|(_, region)| *region).ok_or("no such region")
    })
}

/// A cloud that counts the pages that it returned.
#[derive(Debug)]
pub(crate) struct Counted {
    source: RestSource,
    pages: AtomicU32,
}

impl Counted {
    /// Returns the number of pages returned so far.
    pub(crate) fn pages(&self) -> u32 {
        self.pages.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl ConversationSource for Counted {
    fn capabilities(&self) -> Capabilities {
        self.source.capabilities()
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        let page = self.source.pull(request).await?;
        self.pages.fetch_add(1, Ordering::Relaxed);
        Ok(page)
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        self.source.hydrate(request).await
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        self.source.profile(request).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.source.groups(account).await
    }

    fn request_counts(&self) -> Option<RequestCounts> {
        self.source.request_counts()
    }
}

#[async_trait]
impl ConversationWriter for Counted {
    fn write_capabilities(&self) -> WriteCapabilities {
        self.source.write_capabilities()
    }

    async fn write(&self, request: &WriteRequest) -> Result<Written, SourceError> {
        self.source.write(request).await
    }

    async fn look(&self, account: &AccountId) -> Result<Groups, SourceError> {
        self.source.look(account).await
    }

    fn write_request_counts(&self) -> Option<RequestCounts> {
        self.source.write_request_counts()
    }
}

/// Returns the facets that the rows of a store have.
pub(crate) fn facets_of(held: &Snapshot) -> impl Iterator<Item = Facet> {
    let unread = held.rows().any(|row| row.unread.count.is_some()).then_some(Facet::Unread);
    let message = held.rows().any(|row| row.last_message.is_known()).then_some(Facet::LastMessage);
    unread.into_iter().chain(message)
}
