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
//! # Contents
//!
//! - [`Emulator`] listens; [`Builder`] sets it up; [`World`] changes the cloud and shows its truth
//!   ([`World::listing`]).
//! - [`Faults`] is a script of [`Rule`]s, each of one command, some calls and one [`Fault`]: lost,
//!   late, cut, oversized and senseless answers, and answers that say what a client seldom meets
//!   (a recalled message, a name taken away, a group that was left). A rule is parsed from a
//!   text such as `code=50004,calls=1-5,on=get_contact_group`, the form of `--fault`;
//!   [`Rule::HELP`] lists all.
//! - [`LONE_SURROGATE`] and [`LATIN1_BYTE`] put into a text what no `str` can hold.
//! - [`CursorKind`] and [`Churn`] make the list move under its reader in the ways that a real one
//!   may: what the cursor of `recentcontact/get_list` means is not documented.
//! - [`Calls`] counts calls by command, and [`World::writes`] is the log of what they applied.
//! - [`Unknowns`] answers what the documentation of the commands that write leaves open, and
//!   [`Edition`] decides what can be written.
//!
//! Commands, each under `/v4/`: `recentcontact/get_list`, `delete`, `top`, `mark_contact`,
//! `get_contact_group`, `search_contact_group`, `create_contact_group`, `update_contact_group` and
//! `del_contact_group`; `profile/portrait_get`; `group_open_http_svc/get_group_info`,
//! `get_joined_group_list`, `group_msg_get_simple`, `set_unread_msg_num` and
//! `modify_group_member_info`; `openim/get_c2c_unread_msg_num`, `admin_getroammsg` and
//! `admin_set_msg_read`. Any other answers 60009.
//!
//! # Writes
//!
//! ```
//! use conv_emulator::{Change, Emulator, Fault, Lag, Rule, Unknowns};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::builder().unknowns("top=partial".parse()?).start().await?;
//!
//! // The answer to the first pin is lost, and later ones show two listings late.
//! let faults = emulator.faults();
//! faults.push(Rule::once(Fault::Reset).on("recentcontact/top"));
//! faults.push(Rule::calls(2.., Fault::StaleReads(Lag::Calls(2))).on("recentcontact/top"));
//! // One conversation cannot be marked, among others that can.
//! faults.push("item-code=C2Calice/50004,times=2,about=C2Calice,on=mark_contact".parse()?);
//!
//! // Another device of the account pins, and deletes with the history.
//! let world = emulator.world();
//! world.touch("user_0001", "C2Calice")?;
//! world.pin("user_0001", "C2Calice")?;
//! world.delete_conversation("user_0001", "C2Calice", true)?;
//!
//! // Run the client under test here. Then: how often was it pinned, and how often in vain?
//! let pin = Change::Pinned { conversation: "C2Calice".to_owned() };
//! let writes = world.writes("user_0001")?;
//! let pins: Vec<_> = writes.iter().filter(|write| write.change == pin).collect();
//! assert!(pins.is_empty() || pins.iter().filter(|write| write.changed).count() == 1);
//! # Ok(())
//! # }
//! ```
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
mod lag;
mod odd;
mod request;
mod server;
mod unknowns;
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
    fault::{BadRow, Closing, Fault, Faults, Item, Rule, When},
    lag::Lag,
    odd::{LATIN1_BYTE, LONE_SURROGATE},
    unknowns::{Edition, MarkBase, ReadAbsent, ReadBack, Taken, TopItems, Unknowns, WhenFull},
    world::{Applied, Change, GroupType, Listed, MsgFlag, World},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
