//! A folder of the system's, as a log needs it.

use std::{
    fs::{self, File},
    io,
    path::PathBuf,
};

use super::files::{LogFile, LogFolder};
use crate::disk::fs::{private, sync_folder};

/// The folder of a log on disk. Files in it are created for the owner alone.
#[derive(Clone, Debug)]
pub(crate) struct Folder(pub(super) PathBuf);

impl LogFile for File {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

impl LogFolder for Folder {
    type File = File;

    fn open(&self, name: &str) -> io::Result<Option<File>> {
        found(private().open(self.0.join(name)))
    }

    fn create(&self, name: &str) -> io::Result<File> {
        private().create(true).truncate(true).open(self.0.join(name))
    }

    fn create_new(&self, name: &str) -> io::Result<File> {
        private().create_new(true).open(self.0.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        found(fs::remove_file(self.0.join(name))).map(|_| ())
    }

    fn sync(&self) -> io::Result<()> {
        sync_folder(&self.0)
    }
}

fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}
