//! Revoking issued tokens and UserSigs.

use conv_model::{AccountId, Timestamp};

/// Says from when on UserSigs and access tokens of an account are valid. A closure is one.
///
/// It is asked at every request, so it answers from memory. To log an account out everywhere, answer
/// with the next second: times are whole seconds, and what was issued in that second is valid.
///
/// A gateway has such a place of its own, which its processes share: `Gateway::revoke`.
///
/// ```
/// use conv_gateway::AccessTokens;
/// use conv_model::{AccountId, Timestamp};
///
/// let tokens = AccessTokens::new(1_400_000_000, "a made-up key")?.revocations(
///     |account: &AccountId| (account.as_str() == "mallory").then_some(Timestamp::from_secs(1_700_000_000)),
/// );
/// # let _ = tokens;
/// # Ok::<(), conv_gateway::TokenError>(())
/// ```
pub trait Revocations: Send + Sync + 'static {
    /// Returns the first moment of issue that is valid; `None` if nothing of the account is revoked.
    fn not_before(&self, account: &AccountId) -> Option<Timestamp>;
}

impl<F: Fn(&AccountId) -> Option<Timestamp> + Send + Sync + 'static> Revocations for F {
    fn not_before(&self, account: &AccountId) -> Option<Timestamp> {
        self(account)
    }
}
