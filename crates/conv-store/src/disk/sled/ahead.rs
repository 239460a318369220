//! Rows that the opening has read, for the first reader.

use ::sled::IVec;

use crate::disk::Prefix;

/// With so many bytes a key says which account it is of.
const PREFIX_BYTES: usize = size_of::<Prefix>();
/// The most bytes of keys and values that are kept.
const MOST_BYTES: u64 = 32 << 20;

/// The rows of a database with one account, which else would be read from disk twice: at the
/// opening, which looks for damage, and when the account is loaded. Of several accounts nothing is
/// kept, since any of them may be asked for first.
#[derive(Default)]
pub(super) struct Ahead {
    /// In order of their keys.
    rows: Vec<(IVec, IVec)>,
    bytes: u64,
    has_more: bool,
}

impl Ahead {
    /// Notes what comes next.
    pub(super) fn note(&mut self, key: IVec, value: IVec) {
        let Some(account) = key.get(..PREFIX_BYTES) else { return };
        self.bytes = self.bytes.saturating_add(key.len() as u64).saturating_add(value.len() as u64);
        let is_of_another = self.rows.first().is_some_and(|(first, _)| !first.starts_with(account));
        self.has_more |= is_of_another || self.bytes > MOST_BYTES;
        if self.has_more {
            self.rows = Vec::new();
        } else {
            self.rows.push((key, value));
        }
    }

    /// Returns true if these are all stored rows of an account.
    pub(super) fn is_of(&self, account: &[u8]) -> bool {
        let is_account = account.len() == PREFIX_BYTES;
        is_account && self.rows.first().is_some_and(|(first, _)| first.starts_with(account))
    }

    /// Passes on all rows if they were read ahead, and keeps them for the account's load. Returns
    /// false if they were not.
    pub(super) fn each_of_all(&self, each: &mut dyn FnMut(&[u8], &[u8])) -> bool {
        let is_known = !self.has_more && !self.rows.is_empty();
        if is_known {
            self.rows().for_each(|(key, value)| each(key, value));
        }
        is_known
    }

    /// In order of their keys.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&IVec, &IVec)> {
        self.rows.iter().map(|(key, value)| (key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: [u8; PREFIX_BYTES] = [1; PREFIX_BYTES];
    const BOB: [u8; PREFIX_BYTES] = [2; PREFIX_BYTES];

    fn ahead<'a>(rows: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Ahead {
        let mut ahead = Ahead::default();
        for (key, value) in rows {
            ahead.note(key.into(), value.into());
        }
        ahead
    }

    fn key(account: [u8; PREFIX_BYTES], row: u8) -> [u8; PREFIX_BYTES + 1] {
        let mut key = [row; PREFIX_BYTES + 1];
        key[..PREFIX_BYTES].copy_from_slice(&account);
        key
    }

    #[test]
    fn the_rows_of_one_account_are_kept_and_nobodys_are_not() {
        let [first, second] = [key(ALICE, 1), key(ALICE, 2)];
        let ahead = ahead([(&b"schema"[..], &b"1"[..]), (&first, b"a"), (&second, b"b")]);
        assert!(ahead.is_of(&ALICE));
        assert!(!ahead.is_of(&BOB) && !ahead.is_of(b"schema") && !ahead.is_of(b""));
        let values: Vec<_> = ahead.rows().map(|(_, value)| value.to_vec()).collect();
        assert_eq!(values, [b"a", b"b"]);
    }

    #[test]
    fn of_several_accounts_nothing_is_kept() {
        let rows = [key(ALICE, 1), key(BOB, 1), key(BOB, 2)];
        let ahead = ahead(rows.iter().map(|key| (&key[..], &b"a"[..])));
        assert!(!ahead.is_of(&ALICE) && !ahead.is_of(&BOB));
        assert_eq!(ahead.rows().count(), 0);
    }

    #[test]
    fn an_entry_that_is_too_long_is_not_kept_in_part() {
        let half = vec![0; (MOST_BYTES / 2) as usize];
        let rows = [key(ALICE, 1), key(ALICE, 2), key(ALICE, 3)];
        let ahead = ahead(rows.iter().map(|key| (&key[..], &half[..])));
        assert!(!ahead.is_of(&ALICE));
    }
}
