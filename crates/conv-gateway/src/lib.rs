//! Serves each user's conversation list to his own devices, and reads the webhooks of Tencent Cloud
//! Chat.
//!
//! ```
//! use conv_gateway::webhook::{Call, Event, Who, Work};
//!
//! // Verified elsewhere; `webhook::Verifier` checks a signature.
//! let call = Call::parse("SdkAppid=1400000000&CallbackCommand=C2C.CallbackAfterSendMsg").unwrap();
//! let event = Event::parse(&call, br#"{"From_Account":"alice","To_Account":"bob"}"#);
//!
//! let marks = event.marks(None).marks;
//! assert_eq!(marks[0].who, Who::Account("alice".parse()?));
//! assert_eq!(marks[0].work, Work::Listing("C2Cbob".parse()?));
//! assert_eq!(marks[1].who, Who::Account("bob".parse()?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * [`webhook`]: verifies a call of the cloud, parses its event, and says whose lists it concerns. It
//!   does no I/O and needs no feature.
//!
//! * [`Host`]: serves a router on a public port, with limits in time and number, until a [`Drain`]
//!   closes.
//!
//! # Features
//! No feature is on by default.
//! * `server`: `Host` and `Drain`, on tokio and axum.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "server")]
mod host;
pub mod webhook;

#[cfg(feature = "server")]
pub use self::host::{Drain, Host, HostOptions};

/// The README's code runs, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
