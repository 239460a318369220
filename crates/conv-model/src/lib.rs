//! Values and rules of a chat account's conversation list, as Tencent Cloud Chat defines them.
//!
//! For any code that names, shows or stores conversations: a webhook handler that only parses IDs,
//! a store, a pull, an app. It never does I/O, awaits nothing and reads no clock.
//!
//! ```
//! use conv_model::{Conversation, ConversationFilter, ConversationId, MarkType, Peer};
//!
//! let id: ConversationId = "GROUP@TGS#1NVTZEAE4".parse()?;
//! let Peer::Group(group) = id.peer() else { unreachable!() };
//! assert_eq!(group.as_str(), "@TGS#1NVTZEAE4");
//!
//! let mut row = Conversation::new(id);
//! row.listing.marks = row.listing.marks.with(MarkType::STAR);
//! assert!(ConversationFilter::mark_type(MarkType::STAR).matches(&row));
//! # Ok::<(), conv_model::ParseIdError>(())
//! ```
//!
//! # IDs
//! [`ConversationId`] and its borrowed form [`ConversationIdRef`]; the [`Peer`] in it: [`UserId`],
//! [`GroupId`] with its [`GroupIdKind`]; [`ConversationType`]; [`AccountId`]. Errors: [`ParseIdError`],
//! [`AccountIdError`].
//!
//! # Rows
//! [`Conversation`] and its facets: [`Listing`] with [`Marks`], [`LastMessage`], [`Unread`],
//! [`Profile`], [`Local`]. [`Known`] separates unknown from absent. [`merge`] joins a row and a
//! [`ConversationPatch`], [`list_order`] sorts. `serde` gives the web SDK's JSON.
//!
//! # Events
//! A [`Suggestion`] is a message that an event states; [`suggested`] is what a row shows of it until a
//! pass has read the list, and [`ProvisionalFacets`] says so in the row.
//!
//! # Queries
//! [`ConversationQuery`], made of [`All`], IDs, a [`ConversationFilter`] or a [`Condition`];
//! [`matches`](ConversationQuery::matches) decides. [`PageKey`] marks where a page ends.
//!
//! # Sync
//! [`Delta`] and [`Commit`] are the only data between a pull and a store. [`Position`] names the
//! point that a reader has reached. [`SyncState`] is the
//! completeness of a list, [`SyncReport`] its form for users: [`Coverage`], [`PassStatus`],
//! [`ListLimit`]. [`ErrorClass`] is shared by all layers.
//!
//! # Features
//! * `search`, on by default: conditions on names, in any case of any script. For IDs alone turn the
//!   default features off: then no Unicode tables are built in.
//! * `testing`: property-test strategies for every type. No stable API.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod class;
mod conversation;
mod delta;
mod id;
mod known;
mod mark;
mod mutation;
mod open_enum;
mod order;
mod outbox;
mod position;
mod query;
mod suggestion;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod timestamp;

#[cfg(feature = "search")]
pub use self::query::{FoldedText, UnaccentedText};
pub use self::{
    account::{AccountId, AccountIdError},
    class::ErrorClass,
    conversation::{
        AtType, AtTypeError, Conversation, CustomField, GroupAtInfo, GroupDetail, GroupType,
        LastMessage, Listing, Local, MessageKind, Payload, PayloadError, PendingFacets, Preview,
        Profile, ProfileDetail, ProvisionalFacets, RemindType, SelfInfo, Unread, UserDetail, merge,
    },
    delta::{
        Commit, ConversationPatch, Delta, ListingPatch, ProfilesDue, Prune, Refused, Removal,
        RowChange, Seq,
    },
    id::{
        ConversationId, ConversationIdRef, ConversationType, GroupId, GroupIdKind, ParseIdError,
        Peer, UserId,
    },
    known::Known,
    mark::{MarkError, MarkType, Marks},
    mutation::{
        Aspect, GroupName, GroupNameError, GroupTarget, IfNewer, Limits, Mutation, MutationError,
        MutationFailure, ReadMark, ShownList, Slot, overlay,
    },
    open_enum::OtherWord,
    order::{Rank, list_order},
    outbox::{
        Acknowledgement, Capacity, Enqueue, Enqueued, Outbox, OutboxChange, Outcome, OutcomeKind,
        Pending, PendingState, Progress, Progressed,
    },
    position::{Position, PositionError},
    query::{
        All, Checked, Condition, ConversationFilter, ConversationQuery, GroupFilter, MarkFilter,
        PageKey, PageKeyError, QueryError,
    },
    suggestion::{Suggestion, suggested},
    sync::{
        Checkpoint, Coverage, Cursor, Facet, FailedFacet, Finished, GroupNames, ListLimit,
        PassFailure, PassId, PassStatus, Phase, SkippedRow, Superseded, SyncReport, SyncScope,
        SyncState, SyncStep, UpstreamEnd, UpstreamPosition,
    },
    timestamp::{Timestamp, TimestampError},
};

/// The README's code runs, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
