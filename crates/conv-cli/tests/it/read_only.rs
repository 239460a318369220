//! Stores that cannot be written. If the system grants no such place, these tests pass and print
//! that.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::support::{Cloud, ids, run};

const NOTE: &str = "conv: the store cannot be written, so nothing can be stored";

/// A small file system in memory, unmounted when it is dropped.
struct Disk(TempDir);

impl Disk {
    fn small() -> Result<Self, String> {
        let disk = Self(tempfile::tempdir().map_err(|error| error.to_string())?);
        mount("size=16m", &disk, &["-t", "tmpfs"])?;
        Ok(disk)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn fill(&self) -> PathBuf {
        let ballast = self.path().join("ballast");
        let full = fs::write(&ballast, vec![7; 32 << 20]).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        ballast
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // One that was never mounted cannot be unmounted.
        let _ = Command::new("umount").arg(self.path()).output();
    }
}

fn mount(options: &str, disk: &Disk, more: &[&str]) -> Result<(), String> {
    let mut command = Command::new("mount");
    command.args(["-o", options]).args(more).arg("none").arg(disk.path());
    let output = command.output().map_err(|error| error.to_string())?;
    let why = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(why.trim().to_owned()) }
}

/// Commands that read show the rows and say that nothing can be stored; those that store fail.
#[track_caller]
fn is_read(cloud: &Cloud, place: &str) {
    let truth = cloud.truth();
    let list = cloud.run(&["list", "--json", "--store", place]);
    assert_eq!((ids(&list.data()), &list.data()["isReadOnly"]), (truth.clone(), &true.into()));
    assert!(list.err.starts_with(NOTE), "{list:?}");
    assert_eq!(list.data().get("lost"), None, "{list:?}");

    let doctor = cloud.run(&["doctor", "--store", place]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    let opening = doctor.out.lines().next().unwrap();
    assert!(opening.ends_with("opened; cannot be written, so nothing can be stored"), "{doctor:?}");

    let mut profile = cloud.conv(&["profile", &truth[0], "--json", "--store", place]);
    let profile = run(profile.env_remove("CONV_BASE_URL"));
    assert_eq!(profile.data()["conversation"]["conversationID"], truth[0].as_str());
    assert!(profile.err.starts_with(NOTE), "{profile:?}");

    let sync = cloud.run(&["sync", "--json", "--store", place]);
    assert_eq!(sync.failed(9), "store", "{sync:?}");
    let list = cloud.run(&["list", "--sync", "--json", "--store", place]).data();
    assert_eq!((ids(&list), &list["notPulled"]["class"]), (truth, &"store".into()));
    let heal = cloud.run(&["doctor", "--heal", "--json", "--store", place]);
    assert_eq!(heal.failed_data(9, "store")["sound"], false, "{heal:?}");
}

#[test]
fn a_full_disk_and_a_read_only_mount_are_read() {
    let disk = match Disk::small() {
        Ok(disk) => disk,
        Err(why) => return println!("skipped: no file system of our own: {why}"),
    };
    let cloud = Cloud::of(40);
    let schemes = if cfg!(feature = "redb") { &["sled", "redb"][..] } else { &["sled"] };
    let places: Vec<_> = schemes
        .iter()
        .map(|scheme| format!("{scheme}:{}", disk.path().join(scheme).display()))
        .collect();
    for place in &places {
        cloud.run(&["sync", "--json", "--store", place]).data();
    }
    mount("remount,ro", &disk, &[]).unwrap();
    places.iter().for_each(|place| is_read(&cloud, place));
    mount("remount,rw", &disk, &[]).unwrap();

    let ballast = disk.fill();
    for place in &places {
        // redb needs no room to open.
        match place.starts_with("sled") {
            true => is_read(&cloud, place),
            false => {
                assert_eq!(
                    ids(&cloud.run(&["list", "--json", "--store", place]).data()),
                    cloud.truth()
                );
                assert_eq!(cloud.run(&["sync", "--json", "--store", place]).failed(9), "store");
            }
        }
    }
    fs::remove_file(ballast).unwrap();
    for place in &places {
        let synced = cloud.run(&["sync", "--json", "--store", place]);
        assert_eq!((&synced.data()["rows"], synced.err.as_str()), (&40.into(), ""));
    }
}

#[cfg(unix)]
#[test]
fn a_folder_without_the_right_to_write_is_read() {
    use std::os::unix::fs::PermissionsExt;

    let cloud = Cloud::of(40);
    cloud.run(&["sync", "--json"]).data();
    let store = cloud.store();
    let set = |mode| {
        let mut paths = vec![store.clone(), store.join("rows")];
        paths.extend(fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path()));
        paths.extend(fs::read_dir(store.join("rows")).unwrap().map(|entry| entry.unwrap().path()));
        for path in paths {
            let mode = if path.is_dir() { mode | 0o111 } else { mode };
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    set(0o444);
    if fs::write(store.join("probe"), "").is_ok() {
        fs::remove_file(store.join("probe")).unwrap();
        println!("skipped: this user may write everywhere");
    } else {
        is_read(&cloud, store.to_str().unwrap());
    }
    set(0o644);
}
