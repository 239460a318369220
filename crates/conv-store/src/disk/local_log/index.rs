//! Where the last value of each record lies.

use std::collections::BTreeMap;

use conv_model::{AccountId, ConversationId, Seq};

use super::entry::{Entry, What};
use crate::disk::frame::HEAD;

/// Of all accounts. Records stay in the file.
#[derive(Debug, Default)]
pub(super) struct Index {
    accounts: BTreeMap<AccountId, Known>,
    forgotten: bool,
}

/// Of one account.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) seq: Seq,
    pub(super) records: BTreeMap<ConversationId, Span>,
}

/// Bytes in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) at: u64,
    pub(super) length: usize,
}

impl Index {
    pub(super) fn account(&self, account: &AccountId) -> Option<&Known> {
        self.accounts.get(account)
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = (&AccountId, &Known)> {
        self.accounts.iter()
    }

    /// Whether the file still holds bytes of an account that was forgotten.
    pub(super) fn has_forgotten(&self) -> bool {
        self.forgotten
    }

    /// Takes in an entry whose body begins at `at`.
    pub(super) fn apply(&mut self, at: u64, entry: Entry) {
        let operations = match entry.what {
            What::Write(operations) => operations,
            What::Forget => {
                self.accounts.remove(&entry.account);
                self.forgotten = true;
                return;
            }
        };
        let known = self.accounts.entry(entry.account).or_default();
        known.seq = known.seq.max(entry.seq);
        for (id, range) in operations {
            match range {
                Some(range) => {
                    let at = at.saturating_add(range.start as u64);
                    known.records.insert(id, Span { at, length: range.len() });
                }
                None => {
                    known.records.remove(&id);
                }
            }
        }
    }

    /// About the bytes of a file without anything dead.
    pub(super) fn live(&self) -> u64 {
        self.accounts
            .iter()
            .map(|(account, known)| {
                let own = (HEAD + 10 + account.as_str().len()) as u64;
                known
                    .records
                    .iter()
                    .map(|(id, span)| cost(id, *span))
                    .fold(own, u64::saturating_add)
            })
            .fold(0, u64::saturating_add)
    }
}

fn cost(id: &ConversationId, span: Span) -> u64 {
    (span.length as u64).saturating_add(6 + id.as_str().len() as u64)
}
