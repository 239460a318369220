//! Webhooks of Tencent Cloud Chat, without a server: verify a call, parse it, and learn whose lists
//! it concerns.
//!
//! For an HTTP endpoint of your own. Nothing here sends, waits or reads a clock: the time is an
//! argument.
//!
//! ```
//! use conv_gateway::webhook::{ANSWER, App, Event, Refusal, Token, Verifier, Who, Work};
//! use conv_model::Timestamp;
//!
//! let token = Token::new("a token of at least 32 random characters")?;
//! let verifier = Verifier::default().with_app(App::signed(1_400_000_000, token));
//! let now = Timestamp::from_secs(1_775_000_000);
//!
//! // For every POST: its query, its body, and the time.
//! let handle = |query: &str, body: &[u8]| -> Result<&'static str, Refusal> {
//!     let call = verifier.verify(query, now)?;
//!     let event = Event::parse(&call, body);
//!     for mark in event.marks(verifier.admin(event.app)).marks {
//!         match (mark.who, mark.work) {
//!             (Who::Account(account), Work::Listing(_)) => println!("request a sync of {account}"),
//!             (Who::Holders(row), work) => println!("{work:?} for every list with {row}"),
//!             (Who::Account(account), work) => println!("{work:?} for {account}"),
//!             _ => {} // of a later version
//!         }
//!     }
//!     Ok(ANSWER)
//! };
//! let forged = "SdkAppid=1400000000&CallbackCommand=State.StateChange";
//! assert_eq!(handle(forged, b"{}"), Err(Refusal::NoSign));
//! # Ok::<(), conv_gateway::webhook::TokenError>(())
//! ```
//!
//! # Verify
//! [`Verifier`] checks a query against its [`App`]s and their [`Token`]s and returns the [`Call`], or a
//! [`Refusal`] to count. [`WeakToken`] warns of a token that can be guessed.
//!
//! # Parse
//! [`Event::parse`] reads any body: one that it does not know is [`EventKind::Unknown`] with an
//! [`Oddity`], never an error. Answer [`ANSWER`] in any case, before doing anything else.
//!
//! # Mark
//! [`Event::marks`] says [`Who`] has which [`Work`], as plain data. [`Provisional`] facts, for the
//! trust levels of [`Trust`], can move a row up and show a message until the next pass. [`Seen`] remembers the events
//! that came already.
//!
//! # How far to trust a call
//! The signature is a hash of the token and the time. It covers neither body nor command, and a
//! reader of one URL can send any body for a minute. So an event is a hint that names accounts: let a pass
//! read the actual state. Events may be lost, doubled, late, or in any order.

mod call;
mod command;
mod event;
mod fields;
mod marks;
mod message;
mod oddity;
mod percent;
mod provisional;
mod read;
mod refusal;
mod seen;
mod token;
mod verifier;

pub use self::{
    call::{Call, Platform},
    command::Command,
    event::{Event, EventKind, GroupRead},
    marks::{Mark, Marks, UnreadRows, Who, Work},
    message::Message,
    oddity::Oddity,
    provisional::{Fact, Provisional, Trust},
    refusal::Refusal,
    seen::{Seen, SeenKey},
    token::{Token, TokenError, WeakToken},
    verifier::{App, Verifier},
};

/// The body of every answer to a call that was let in, with status 200 and `application/json`. Also of
/// the answer to an unknown command: any other blocks users' messages if the event is a *before* one.
pub const ANSWER: &str = r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#;
/// The body of the answer to a call that was refused, with [`Refusal::status`].
pub const REFUSED: &str = r#"{"ActionStatus":"FAIL","ErrorCode":1,"ErrorInfo":"refused"}"#;
/// The maximum bytes of a query.
pub const MAX_QUERY: usize = 4 << 10;
/// The maximum bytes of a body. An endpoint should stop reading there.
pub const MAX_BODY: usize = 1 << 20;
/// The maximum depth of a body's JSON.
pub const MAX_DEPTH: usize = 32;
/// The maximum entries that are read of each list in a body; more are dropped and counted. The
/// largest groups that name their members have 6,000.
pub const MAX_ITEMS: usize = 10_000;
