//! The place in the file of the last value of each record.

use std::collections::BTreeMap;

use conv_model::{AccountId, Seq};

use super::entry::{Entry, What};
use crate::{Record, disk::frame::HEAD};

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
    pub(super) records: BTreeMap<Record, Span>,
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

    /// Returns true if the file still holds bytes of an account that was forgotten.
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
        for (record, range) in operations {
            match range {
                Some(range) => {
                    let at = at.saturating_add(range.start as u64);
                    known.records.insert(record, Span { at, length: range.len() });
                }
                None => {
                    known.records.remove(&record);
                }
            }
        }
    }

    /// Returns true if there are records that version 1 of the file does not have.
    pub(super) fn has_mutations(&self) -> bool {
        let mut records = self.accounts.values().flat_map(|known| known.records.keys());
        records.any(|record| !matches!(record, Record::Local(_)))
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
                    .map(|(record, span)| cost(record, *span))
                    .fold(own, u64::saturating_add)
            })
            .fold(0, u64::saturating_add)
    }
}

fn cost(record: &Record, span: Span) -> u64 {
    let key = match record {
        Record::Local(id) => id.as_str().len(),
        other => other.to_key().len(),
    };
    (span.length as u64).saturating_add(6 + key as u64)
}
