//! The keys of an account.

use std::fmt::Write;

use conv_model::AccountId;

/// The keys of one account. All of them have the account's ID between braces, and a cluster puts
/// what has the same text there into the same slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    /// A hash: rows, the state of the sync, and the fields named in [`field`].
    pub(crate) rows: String,
    /// A hash of local state.
    pub(crate) local: String,
    /// A hash of writers: the count of the last write of each, and its number.
    pub(crate) writers: String,
    /// The lease to pull.
    pub(crate) pull: LeaseKeys,
    /// The lease to send changes.
    pub(crate) send: LeaseKeys,
    /// The channel for news of writes and of leases that ended.
    pub(crate) channel: String,
}

/// The keys of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeaseKeys {
    /// The process that has it.
    pub(crate) holder: String,
    /// The outcome of the last holder's work.
    pub(crate) outcome: String,
}

/// The fields of the hash of rows that are no rows.
pub(crate) mod field {
    /// The account's ID in clear, to be compared when it is loaded.
    pub(crate) const NAME: &[u8] = b"name";
    /// The version of the layout.
    pub(crate) const SCHEMA: &[u8] = b"schema";
    /// The head: see `Head`.
    pub(crate) const HEAD: &[u8] = b"head";
    /// The state of the sync.
    pub(crate) const STATE: &[u8] = b"state";
    /// Begins the field of a row; the conversation's ID follows.
    pub(crate) const ROW: u8 = b':';
}

impl Keys {
    pub(crate) fn new(prefix: &str, account: &AccountId) -> Self {
        let key = |name: &str| key(prefix, account, name);
        Self {
            rows: key("rows"),
            local: key("local"),
            writers: key("writers"),
            pull: LeaseKeys { holder: key("lease"), outcome: key("outcome") },
            send: LeaseKeys { holder: key("send-lease"), outcome: key("send-outcome") },
            channel: key("news"),
        }
    }

    /// The key of a value that processes keep for one another.
    pub(crate) fn value(prefix: &str, account: &AccountId, name: &str) -> String {
        key(prefix, account, &format!("value:{}", safe(name)))
    }

    /// The keys that are written together.
    pub(crate) fn written(&self) -> [&str; 3] {
        [&self.rows, &self.local, &self.writers]
    }

    /// All keys that hold something and end with the account.
    pub(crate) fn all(&self) -> [&str; 7] {
        let [rows, local, writers] = self.written();
        let (pull, send) = (&self.pull, &self.send);
        [rows, local, writers, &pull.holder, &pull.outcome, &send.holder, &send.outcome]
    }
}

fn key(prefix: &str, account: &AccountId, name: &str) -> String {
    format!("{prefix}:{{{}}}:{name}", safe(account.as_str()))
}

/// The channel of messages about all accounts.
pub(crate) fn signals(prefix: &str) -> String {
    format!("{prefix}:signals")
}

/// Returns the server's pattern for the keys of rows of all accounts.
pub(crate) fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 9);
    for char in prefix.chars() {
        if "*?[]^-\\".contains(char) {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern + ":{*}:rows"
}

/// Returns the account of a key of rows; `None` if the key is another one.
pub(crate) fn account(prefix: &str, key: &[u8]) -> Option<AccountId> {
    let tag = std::str::from_utf8(key).ok()?.strip_prefix(prefix)?.strip_prefix(":{")?;
    parse_tag(tag.strip_suffix("}:rows")?)
}

/// The account that [`safe`] wrote.
pub(crate) fn parse_tag(tag: &str) -> Option<AccountId> {
    let mut bytes = Vec::with_capacity(tag.len());
    let mut parts = tag.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (code, plain) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend_from_slice(plain.as_bytes());
    }
    String::from_utf8(bytes).ok()?.parse().ok()
}

/// A text without braces, spaces and what does not print, so that no account can reach into
/// another's slot or keys. Texts that differ stay different.
pub(crate) fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_.@#+=~".contains(&byte);
        if is_plain {
            safe.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(account: &str) -> Keys {
        Keys::new("conv", &account.parse().unwrap())
    }

    #[test]
    fn a_plain_account_is_read_at_a_glance() {
        assert_eq!(keys("user_0001").rows, "conv:{user_0001}:rows");
        assert_eq!(keys("@TIM#a").pull.holder, "conv:{@TIM#a}:lease");
    }

    #[test]
    fn hostile_accounts_are_kept_apart_and_in_one_slot() {
        let hostile = [
            "a", "A", "a ", " a", "{a}", "}", "{", "{}", "a}{b", "a:rows", "%7B", "%", "*", "?",
            "a\0", "a\r\n", "ä", "a\u{308}", "[a]",
        ];
        let mut all = BTreeSet::new();
        for account in hostile {
            let keys = keys(account);
            for key in keys.all().into_iter().chain([keys.channel.as_str()]) {
                assert!(all.insert(key.to_owned()), "{key:?} comes twice");
                assert!(key.is_ascii() && !key.contains(|c: char| c.is_ascii_control()));
                let inside = key.strip_prefix("conv:{").and_then(|key| key.split_once("}:"));
                let (tag, name) = inside.unwrap();
                assert!(!tag.is_empty() && !tag.contains(['{', '}']), "{key:?}");
                assert!(!name.contains(['{', '}']), "{key:?}");
            }
            let known = super::account("conv", keys.rows.as_bytes()).unwrap();
            assert_eq!(known.as_str(), account);
        }
    }

    #[test]
    fn other_keys_are_no_accounts() {
        let others = ["conv:{a}:local", "other:{a}:rows", "conv:{%}:rows", "conv:{%ZZ}:rows"];
        for key in others.map(str::as_bytes).into_iter().chain([b"conv:{%FF}:rows".as_slice()]) {
            assert_eq!(super::account("conv", key), None, "{key:?}");
        }
    }

    #[test]
    fn a_prefix_matches_itself_alone() {
        assert_eq!(pattern("conv:1"), "conv:1:{*}:rows");
        assert_eq!(pattern("a*[b]?\\"), "a\\*\\[b\\]\\?\\\\:{*}:rows");
    }
}
