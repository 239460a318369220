//! Tencent Cloud Chat's documented server REST API as a source.

mod base_url;
mod batch;
mod builder;
mod caller;
mod clients;
mod cloud_time;
mod codes;
mod cursor;
#[cfg(feature = "testing")]
pub mod fuzzing;
mod last_messages;
mod membership;
mod names;
mod profiles;
mod region;
mod sanitize;
mod sig_cache;
mod signer;
mod transport;
mod unread;
mod wire;
mod write;

use std::fmt;

use async_trait::async_trait;
use conv_model::{AccountId, Facet, Timestamp, UserId};
use reqwest::Url;

pub use self::{
    base_url::{BaseUrl, BaseUrlError},
    builder::RestSourceBuilder,
    region::Region,
    signer::{Signer, SignerError},
};
use self::{
    builder::Options,
    caller::Caller,
    cursor::Position,
    wire::{get_list, group_info, portrait},
    write::{Edition, MarkBase},
};
use crate::{
    Batch, Capabilities, ConversationSource, CursorPromise, FullProfile, Groups, HydrateRequest,
    Hydrated, ListingOrder, Page, ProfileRequest, PullRequest, RequestCounts, SourceError,
};

/// Tencent Cloud Chat's conversation lists, over the documented server REST API.
///
/// ```
/// use conv_sync::{Region, RestSource, UserSigSigner};
///
/// let signer = UserSigSigner::new("administrator", "the secret key of the app");
/// let source = RestSource::new(Region::Singapore, 1_400_000_000, signer);
/// # let _ = source;
/// ```
///
/// One source serves all accounts of an app: an app admin signs the calls, since the REST API has
/// no other authentication. So use it on servers only: an app on a user's device must not hold an
/// admin's key.
///
/// Calls run on tokio and need TLS (feature `rustls` or `native-tls`, or the embedder's own client
/// with TLS). A [`rate_limiter`](RestSourceBuilder::rate_limiter) keeps them under the cloud's
/// rate.
///
/// The pull retries failed calls, with two exceptions. If the connection of a call that reads broke
/// before an answer began, the source sends the call once more on a new connection: servers close
/// idle connections. And it retries a page of conversation groups after the first up to three times,
/// within seconds, so that the pages before it are not read again.
///
/// # What it brings
/// * `pull`: time, pin, marks, custom data and groups of each row (`recentcontact/get_list`), in no
///   particular order. The cloud lists 100 conversations per account, or up to 500.
/// * `hydrate`: names and avatars (`profile/portrait_get`, `get_group_info`); unread counts
///   (`get_c2c_unread_msg_num`, ten users per call; `get_joined_group_list`, a thousand groups per
///   call, read again for each batch), for groups with the remind type; last messages
///   (`admin_getroammsg`, `group_msg_get_simple`), one call per conversation and eight at a time,
///   after the account's groups. Topics have last messages only; AVChatRooms have none, since the
///   cloud does not keep them.
/// * `profile`: all standard fields, and the app's own fields that the
///   [builder](RestSourceBuilder::user_fields) names; not the account's own membership.
/// * `groups`: `recentcontact/get_contact_group`.
///
/// # What it writes
/// As a [`ConversationWriter`](crate::ConversationWriter) it offers every documented command that
/// changes a list. None of them is ever sent twice by itself: a call whose connection broke may have
/// been applied, and what to do then is the [caller's](crate::ConversationWriter#contract).
/// * Deleting, with history or without (`recentcontact/delete`, doc 43088).
/// * Pinning and unpinning (`recentcontact/top`, doc 78304), without a result per item.
/// * Marks and custom data (`mark_contact`, doc 53438), with a result per item.
/// * Conversation groups: creating (doc 53437) with at least one member, since the cloud requires
///   that; renaming and changing members (doc 53439); deleting (doc 53441).
/// * Reading of users, up to a time (`openim/admin_set_msg_read`, doc 38996). Reading of groups is
///   [off](RestSourceBuilder::read_groups) if not asked for.
/// * The remind type of groups, of which REST has three (`modify_group_member_info`). REST has no
///   call that sets it for users.
///
/// Calls that the cloud does not have fail with [`SourceError::Unsupported`] before anything is
/// sent, and so do all calls about the system conversation.
///
/// An app whose edition has no marks and no conversation groups is refused with code 51013. That is
/// remembered for an hour: until then such calls are refused with it at once, and pins and custom data
/// go on.
///
/// ## Numbers of marks
/// The page of `mark_contact` does not say whether the first mark, the star, has number 0 or 1. It is
/// sent as 0, like the SDK's own calls do. When a mark is first set, the conversation's marks are read
/// before and after (`search_contact_group`, doc 53442), once per source. If the cloud set the mark's
/// neighbour instead, the call fails as [`SourceError::Unsupported`], a warning is logged, and all
/// marks are refused from then on. **Nothing is undone**: the wrong mark stays in the cloud, shows with
/// the next pass, and is for the app to clear.
///
/// # What an account may see
/// An admin may read every group; the account may not. So the source shows the last message of a
/// group only if `get_joined_group_list` has the group (of a topic, its community) and the message
/// is not from before the account's `JoinTime` in it; if either is not known, the facet fails. An
/// account that is not in a group has no last message and no unread messages there, and the full
/// profile of a Work group is not found for it. Of a recalled message neither text nor custom data
/// is kept. Messages sent to those online only are not in the cloud's history, and so are never
/// shown.
///
/// No documented call returns which messages of a group a user deleted for himself alone (they
/// show), or what a group was called when a former member left it (its present name shows).
pub struct RestSource {
    caller: Caller,
    options: Options,
    edition: Edition,
    mark_base: MarkBase,
}

impl RestSource {
    /// Makes a source for an app in a region; `signer` signs the calls.
    pub fn new(base: impl Into<BaseUrl>, sdk_app_id: u32, signer: impl Signer) -> Self {
        Self::builder(base, sdk_app_id, signer).build()
    }

    /// Starts building a source with further options.
    pub fn builder(
        base: impl Into<BaseUrl>,
        sdk_app_id: u32,
        signer: impl Signer,
    ) -> RestSourceBuilder {
        RestSourceBuilder::new(base.into(), sdk_app_id, Box::new(signer))
    }
}

#[async_trait]
impl ConversationSource for RestSource {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            // Tencent documents neither an order nor the meaning of a cursor.
            order: ListingOrder::Unordered,
            cursors: CursorPromise::Opaque,
            profile_batch: Batch { users: portrait::MAX_ACCOUNTS, groups: group_info::MAX_GROUPS },
            facets: vec![Facet::Profile, Facet::Unread, Facet::LastMessage],
            retention: self.options.retention,
            offers_changes: false,
        }
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        check(&request.account)?;
        let at = match &request.cursor {
            Some(cursor) => Position::of_cursor(cursor)?,
            None => Position::default(),
        };
        let labels = self.options.labels;
        let command = get_list::Request::new(request.account.as_str(), at, labels);
        let (listing, time) = self.caller.call(&command).await?;
        Ok(page(listing, time))
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        check(&request.account)?;
        match request.facet {
            Facet::Profile => self.hydrate_profiles(&request.ids).await,
            Facet::Unread => self.hydrate_unread(&request.account, &request.ids).await,
            Facet::LastMessage => self.hydrate_last_messages(&request.account, &request.ids).await,
            _ => Err(unsupported("this facet")),
        }
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        check(&request.account)?;
        self.full_profile(&request.account, &request.id).await
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        check(account)?;
        if !self.options.labels {
            return Err(unsupported("conversation groups"));
        }
        self.group_names(account).await
    }

    fn request_counts(&self) -> Option<RequestCounts> {
        Some(self.caller.requests.clone())
    }
}

fn page(listing: get_list::Listing, time: Option<Timestamp>) -> Page {
    let next = listing.next.map(Position::to_cursor);
    let mut page = Page::new(listing.rows, next, time);
    page.skipped = listing.skipped;
    page
}

/// Refuses an account ID that is not a userID: the cloud knows no others.
fn check(account: &AccountId) -> Result<(), SourceError> {
    UserId::parse(account.as_str())
        .map(drop)
        .map_err(|error| SourceError::InvalidArgument { what: format!("account: {error}") })
}

fn unsupported(what: &str) -> SourceError {
    SourceError::Unsupported { what: what.to_owned() }
}

impl fmt::Debug for RestSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestSource")
            .field("base", &self.caller.base.as_ref().map_or("", Url::as_str))
            .field("sdk_app_id", &self.caller.sdk_app_id)
            .field("identifier", &self.caller.sigs.identifier())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
