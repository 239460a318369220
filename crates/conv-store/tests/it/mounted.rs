//! File systems of our own to fill up and to cut the power of, where the system lets us.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// A mounted file system, unmounted when it is dropped.
pub(crate) struct Mounted {
    folder: TempDir,
    image: Option<PathBuf>,
}

impl Mounted {
    /// A small one in memory, of so many KiB.
    pub(crate) fn small(kibibytes: usize) -> Result<Self, String> {
        let it = Self { folder: TempDir::new().map_err(|error| error.to_string())?, image: None };
        fs::create_dir(it.path()).map_err(|error| error.to_string())?;
        let size = format!("size={kibibytes}k");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(it.path()))?;
        Ok(it)
    }

    /// Gives a small one more room.
    pub(crate) fn grow(&self, kibibytes: usize) {
        let size = format!("remount,size={kibibytes}k");
        run(Command::new("mount").args(["-o", &size]).arg(self.path())).unwrap();
    }

    /// Mounts it again, writable (`rw`) or read-only (`ro`).
    pub(crate) fn remount(&self, how: &str) {
        let how = format!("remount,{how}");
        run(Command::new("mount").args(["-o", &how]).arg(self.path())).unwrap();
    }

    /// ext4 on a loop device, whose power can be cut.
    pub(crate) fn drive() -> Result<Self, String> {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let image = folder.path().join("image");
        let file = fs::File::create(&image).map_err(|error| error.to_string())?;
        file.set_len(256 << 20).map_err(|error| error.to_string())?;
        run(Command::new("mkfs.ext4").arg("-q").arg(&image))?;
        let it = Self { folder, image: Some(image) };
        fs::create_dir(it.path()).map_err(|error| error.to_string())?;
        it.mount()?;
        Ok(it)
    }

    /// Returns the path.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    /// From here on nothing reaches the drive, not even what waits to be written.
    pub(crate) fn cut_power(&self) -> Result<(), String> {
        // EXT4_IOC_SHUTDOWN, without writing the journal.
        let shut_down = r#"open(F, "<", $ARGV[0]) or die $!;
            my $how = pack("L", 2); ioctl(F, 0x8004587d, $how) or die $!"#;
        run(Command::new("perl").args(["-e", shut_down]).arg(self.path()))
    }

    /// Power again: the file system recovers as after any power cut.
    pub(crate) fn restore_power(&self) {
        run(Command::new("umount").arg(self.path())).unwrap();
        self.mount().unwrap();
    }

    fn mount(&self) -> Result<(), String> {
        let image = self.image.as_deref().unwrap_or(Path::new("none"));
        run(Command::new("mount").args(["-o", "loop"]).arg(image).arg(self.path()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A folder that never was mounted cannot be unmounted.
        let _ = run(Command::new("umount").arg(self.path()));
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
