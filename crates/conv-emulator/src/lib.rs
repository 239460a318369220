//! The Tencent Cloud Chat server REST protocol on loopback, with a world behind it: test a Chat
//! integration offline, count its calls, and see what it does when the cloud misbehaves.
//!
//! ```
//! use conv_emulator::{Emulator, Fault, Rule};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::builder()
//!     .seed(7)
//!     .account("user_0001")
//!     .conversations(250)
//!     .page_size(100)
//!     .plan_limit(500)
//!     .start()
//!     .await?;
//!
//! // Point the client under test here, with these credentials.
//! println!("{} {}", emulator.base_url(), emulator.sdk_app_id());
//! println!("{} {}", emulator.identifier(), emulator.secret_key());
//!
//! // Change the cloud while it is read, and compare with the truth.
//! let world = emulator.world();
//! world.touch("user_0001", "C2Calice")?;
//! assert_eq!(world.listing("user_0001")?.len(), 251);
//! world.recall_last_message("user_0001", "C2Calice")?;
//!
//! // The second page gets lost.
//! emulator.faults().push(Rule::nth(2, Fault::Reset).on("recentcontact/get_list"));
//! // Names of conversation groups fail five times: as a command line spells it.
//! emulator.faults().push("code=50004,calls=1-5,on=get_contact_group".parse()?);
//!
//! // No call has been made yet.
//! assert_eq!(emulator.calls().of("recentcontact/get_list"), 0);
//! emulator.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What is in it
//!
//! - [`Emulator`] listens; [`Builder`] sets it up; [`World`] changes the cloud and returns its true
//!   state ([`World::listing`]).
//! - [`Faults`] is a script of [`Rule`]s, each with one command, some calls and one [`Fault`]:
//!   lost, late, truncated, oversized and invalid answers, and answers with rare content (a
//!   recalled message, a removed name, a group that was left). A rule can be parsed from a text
//!   such as `code=50004,calls=1-5,on=get_contact_group`, the form of `--fault`; [`Rule::HELP`]
//!   lists all.
//! - [`LONE_SURROGATE`] and [`LATIN1_BYTE`] put damage into a text that no `str` can hold.
//! - [`CursorKind`] and [`Churn`] change the list while a client reads it, in the ways that a real
//!   one may change: the meaning of `recentcontact/get_list`'s cursor is undocumented.
//! - [`Calls`] counts calls by command.
//!
//! Commands, each under `/v4/`: `recentcontact/get_list`, `delete`, `mark_contact`,
//! `get_contact_group`, `search_contact_group`, `create_contact_group`, `update_contact_group` and
//! `del_contact_group`; `profile/portrait_get`; `group_open_http_svc/get_group_info`,
//! `get_joined_group_list` and `group_msg_get_simple`; `openim/get_c2c_unread_msg_num` and
//! `admin_getroammsg`. Any other answers 60009.
//!
//! # What it does not do
//!
//! It speaks plain HTTP on 127.0.0.1 only. It keeps the last message of a conversation, not its
//! history, and lists no members of a group except its owner. It does not limit the rate of calls:
//! script `Fault::Code(60007)` for that. It does not speak the socket protocol of the client SDKs.
//!
//! # Time
//!
//! The cloud's time starts at [`Builder::now`] (a fixed second by default) and advances with the
//! monotonic clock; every answer's `Date` header has it. The same clock decides whether a UserSig
//! has expired, unless [`UserSigClock::System`] is chosen.
//!
//! # Features
//!
//! `cli` (on by default): the `conv-emulator` binary. The library needs no feature.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod calls;
mod churn;
mod code;
mod commands;
mod credentials;
mod cursor;
mod emulator;
mod envelope;
mod error;
mod fault;
mod gate;
mod http_date;
mod odd;
mod request;
mod server;
mod user_sig;
mod wire;
mod world;

pub use crate::{
    builder::Builder,
    calls::Calls,
    churn::Churn,
    credentials::UserSigClock,
    cursor::CursorKind,
    emulator::Emulator,
    error::Error,
    fault::{BadRow, Closing, Fault, Faults, Rule, When},
    odd::{LATIN1_BYTE, LONE_SURROGATE},
    world::{GroupType, Listed, World},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
