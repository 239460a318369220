//! The accounts of a database on disk, from its rows and from its local state.

use std::sync::Arc;

use async_trait::async_trait;
use conv_model::AccountId;

use super::{
    account::Account,
    engine::blocking,
    files::Files,
    files_disk::FilesDisk,
    key::{self, Prefix},
    opened::Opened,
    row_file::RowFile,
};
use crate::{
    StoreError,
    accounts::Pages,
    disk::commit::{Job, Work, Writer},
};

/// The most accounts of a page, and the most keys that are looked at for it.
const PAGE: usize = 1000;

/// Lists accounts: first those with rows in key order, then those with local state alone.
pub(super) struct Listing<R: RowFile> {
    files: Arc<Files<R>>,
    writer: Writer<FilesDisk<R>>,
    place: Place,
}

/// Where a listing goes on.
#[derive(Clone)]
enum Place {
    /// Continues with the rows, at this key.
    Rows(Vec<u8>),
    /// Continues with local state, after this account.
    Local(Option<AccountId>),
    End,
}

impl<R: RowFile> Listing<R> {
    pub(super) fn new(files: Arc<Files<R>>, writer: Writer<FilesDisk<R>>) -> Self {
        Self { files, writer, place: Place::Rows(Vec::new()) }
    }

    /// Waits until the rows are open and contain every acknowledged write. The job needs an account,
    /// and touches none.
    async fn catch_up(&self) -> Result<(), StoreError> {
        let barrier = AccountId::try_from("barrier").map_err(StoreError::engine)?;
        let account = Arc::new(Account::new(barrier));
        self.writer.run(Job { account, work: Work::Reopen }).await
    }
}

#[async_trait]
impl<R: RowFile> Pages for Listing<R> {
    async fn next(&mut self) -> Result<Option<Vec<AccountId>>, StoreError> {
        let (files, place) = (Arc::clone(&self.files), self.place.clone());
        if matches!(place, Place::End) {
            return Ok(None);
        }
        self.catch_up().await?;
        let page = move || match place {
            Place::Rows(from) => files.rows.with(|file, _| of_rows(file, from)),
            Place::Local(behind) => of_local(&files, behind),
            Place::End => Ok((Vec::new(), Place::End)),
        };
        let (accounts, next) = blocking(page).await?;
        self.place = next;
        Ok(Some(accounts))
    }
}

fn of_rows<R: RowFile>(
    file: &Opened<R>,
    mut from: Vec<u8>,
) -> Result<(Vec<AccountId>, Place), StoreError> {
    let mut accounts = Vec::new();
    for _ in 0..PAGE {
        let Some((key, name)) = file.first_from(&from)? else {
            return Ok((accounts, Place::Local(None)));
        };
        let Some(prefix) = key.first_chunk().copied() else {
            // The schema stamp.
            from = [key.as_slice(), &[0]].concat();
            continue;
        };
        accounts.extend(named(prefix, &key, &name));
        let Some(next) = after(prefix) else { return Ok((accounts, Place::Local(None))) };
        from = next;
    }
    Ok((accounts, Place::Rows(from)))
}

/// Reads the account from the first of its keys.
fn named(prefix: Prefix, key: &[u8], name: &[u8]) -> Option<AccountId> {
    let account: AccountId = std::str::from_utf8(name).ok()?.parse().ok()?;
    (key == key::name(prefix) && key::prefix(&account) == prefix).then_some(account)
}

/// Returns the smallest key after all keys of a prefix.
fn after(prefix: Prefix) -> Option<Vec<u8>> {
    let next = u128::from_be_bytes(prefix).checked_add(1)?;
    Some(next.to_be_bytes().to_vec())
}

fn of_local<R: RowFile>(
    files: &Files<R>,
    behind: Option<AccountId>,
) -> Result<(Vec<AccountId>, Place), StoreError> {
    let mut some = files.local_accounts()?;
    some.retain(|account| behind.as_ref().is_none_or(|behind| account > behind));
    some.truncate(PAGE);
    let next = some.last().cloned();
    let mut alone = Vec::new();
    for account in some {
        let name = key::name(key::prefix(&account));
        let first = files.rows.with(|file, _| file.first_from(&name))?;
        if first.is_none_or(|(key, _)| key != name) {
            alone.push(account);
        }
    }
    Ok((alone, next.map_or(Place::End, |last| Place::Local(Some(last)))))
}
