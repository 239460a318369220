//! An account in a log.

use std::fmt;

use conv_model::AccountId;

/// The name of an account in spans and events: a number made from its ID.
///
/// It is the same in every process and version, so that the lines of an account can be found. It keeps
/// IDs out of logs; it is not a secret: from a list of IDs their numbers can be computed.
///
/// ```
/// use conv_api::AccountTag;
///
/// let account = "user_0001".parse()?;
/// assert_eq!(AccountTag::of(&account).to_string(), "54a14f2693762794");
/// # Ok::<(), conv_api::model::AccountIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccountTag(u64);

impl AccountTag {
    /// The tag of an account.
    pub fn of(account: &AccountId) -> Self {
        // FNV-1a: std's hasher may change with its version.
        let hash = account.as_str().bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash)
    }
}

/// Sixteen hexadecimal digits.
impl fmt::Display for AccountTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
