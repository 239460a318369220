//! Listing the accounts of a folder, from the rows and from local state.

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
    AccountPages, StoreError,
    disk::commit::{Job, Work, Writer},
};

/// The most accounts of a page, and the most keys that are looked at for it.
const PAGE: usize = 1000;

/// Lists accounts: first those with rows in key order, then those with local state alone.
pub(super) struct Listing<R: RowFile> {
    files: Arc<Files<R>>,
    writer: Writer<FilesDisk<R>>,
    position: Position,
}

/// The position of a listing.
#[derive(Clone)]
enum Position {
    /// Continues with the rows, at this key.
    Rows(Vec<u8>),
    /// Continues with local state, after this account.
    Local(Option<AccountId>),
    End,
}

impl<R: RowFile> Listing<R> {
    pub(super) fn new(files: Arc<Files<R>>, writer: Writer<FilesDisk<R>>) -> Self {
        Self { files, writer, position: Position::Rows(Vec::new()) }
    }

    /// Waits until the rows are open and contain every acknowledged write. A job has an account; this
    /// one touches none.
    async fn catch_up(&self) -> Result<(), StoreError> {
        let nobody = AccountId::try_from("nobody").map_err(StoreError::engine)?;
        let account = Arc::new(Account::new(nobody));
        self.writer.run(Job { account, work: Work::Reopen }).await
    }
}

#[async_trait]
impl<R: RowFile> AccountPages for Listing<R> {
    async fn next_page(&mut self) -> Result<Option<Vec<AccountId>>, StoreError> {
        let (files, position) = (Arc::clone(&self.files), self.position.clone());
        if matches!(position, Position::End) {
            return Ok(None);
        }
        self.catch_up().await?;
        let page = move || match position {
            Position::Rows(from) => files.rows.with(|file, _| of_rows(file, from)),
            Position::Local(behind) => of_local(&files, behind),
            Position::End => Ok((Vec::new(), Position::End)),
        };
        let (accounts, next) = blocking(page).await?;
        self.position = next;
        Ok(Some(accounts))
    }
}

fn of_rows<R: RowFile>(
    file: &Opened<R>,
    mut from: Vec<u8>,
) -> Result<(Vec<AccountId>, Position), StoreError> {
    let mut accounts = Vec::new();
    for _ in 0..PAGE {
        let Some((key, name)) = file.first_from(&from)? else {
            return Ok((accounts, Position::Local(None)));
        };
        let Some(prefix) = key.first_chunk().copied() else {
            // The schema stamp.
            from = [key.as_slice(), &[0]].concat();
            continue;
        };
        accounts.extend(named(prefix, &key, &name));
        let Some(next) = after(prefix) else { return Ok((accounts, Position::Local(None))) };
        from = next;
    }
    Ok((accounts, Position::Rows(from)))
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
) -> Result<(Vec<AccountId>, Position), StoreError> {
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
    Ok((alone, next.map_or(Position::End, |last| Position::Local(Some(last)))))
}
