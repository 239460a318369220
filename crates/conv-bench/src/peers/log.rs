//! The least that a durable write can cost: bytes appended to a file.

use std::{fs::File, io::Write, path::Path};

pub struct Log(File);

impl Log {
    pub fn create(folder: &Path) -> Self {
        Self(File::create(folder.join("log")).unwrap())
    }

    /// Safe from a power cut once this returns.
    pub fn append(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
        self.0.sync_data().unwrap();
    }
}
