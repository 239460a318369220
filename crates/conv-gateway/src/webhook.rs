//! Webhooks of Tencent Cloud Chat, without a server: verify a call.
//!
//! For an HTTP endpoint of your own. Nothing here sends, waits or reads a clock: the time is an
//! argument.
//!
//! [`Verifier`] checks a query against its [`App`]s and their [`Token`]s and returns the [`Call`], or a
//! [`Refusal`] to count. [`WeakToken`] warns of a token that can be guessed.

mod call;
mod percent;
mod refusal;
mod token;
mod verifier;

pub use self::{
    call::{Call, Platform},
    refusal::Refusal,
    token::{Token, TokenError, WeakToken},
    verifier::{App, Verifier},
};

/// The maximum bytes of a query.
pub const MAX_QUERY: usize = 4 << 10;
