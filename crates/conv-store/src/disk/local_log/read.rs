//! Reading a log without changing it.

use std::{collections::BTreeMap, fs::File, io, path::Path};

use conv_model::AccountId;

use super::{NAME, Records, VERSION, files, open, tail::Tail};
use crate::StoreError;

/// The content of a log.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// True if there is a file.
    pub(crate) is_there: bool,
    pub(crate) accounts: BTreeMap<AccountId, Records>,
    /// The number of damaged ranges.
    pub(crate) damaged: usize,
}

/// Reads the log of a folder; empty if the file is missing.
pub(crate) fn read(folder: &Path) -> Result<Kept, StoreError> {
    let mut file = match File::open(folder.join(NAME)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
        file => file.map_err(failed)?,
    };
    let header = files::version(&mut file).map_err(failed)?;
    if let Some(found) = header.filter(|found| *found > VERSION) {
        return Err(StoreError::NewerSchema { found, known: VERSION });
    }
    let (found, index) = open::read(&mut file, header.is_some()).map_err(failed)?;
    let mut tail = Tail::new(file, found.end);
    let mut accounts = BTreeMap::new();
    for (account, known) in index.accounts() {
        accounts.insert(account.clone(), Records::of(known, &mut tail)?);
    }
    Ok(Kept { is_there: true, accounts, damaged: found.damaged.len() })
}

fn failed(error: io::Error) -> StoreError {
    StoreError::io("reading local state", error)
}
