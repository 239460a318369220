//! Rows whose openings follow a script.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use tempfile::TempDir;

use super::*;

/// The results of the openings, one after another; later ones succeed.
struct Scripted {
    folder: TempDir,
    path: PathBuf,
    errors: RefCell<Vec<StoreError>>,
    panics: bool,
    has_parts: bool,
    repairs: Cell<usize>,
}

impl Scripted {
    fn new(errors: impl IntoIterator<Item = StoreError>) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("rows");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("db"), "rows").unwrap();
        let mut errors: Vec<_> = errors.into_iter().collect();
        errors.reverse();
        let (errors, repairs) = (RefCell::new(errors), Cell::new(0));
        Self { folder, path, errors, panics: false, has_parts: true, repairs }
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Rows for Scripted {
    type Open = String;

    fn path(&self) -> &Path {
        &self.path
    }

    fn open(&self) -> Result<String, StoreError> {
        match self.errors.borrow_mut().pop() {
            Some(error) if self.panics => panic!("{error}"),
            Some(error) => Err(error),
            None => Ok(fs::read_to_string(self.path.join("db")).unwrap_or_default()),
        }
    }

    fn repair(&self) -> io::Result<bool> {
        self.repairs.set(self.repairs.get() + 1);
        Ok(self.has_parts)
    }
}

fn opening() -> Opening {
    Opening::new(Duration::from_secs(1))
}

fn corrupt() -> StoreError {
    StoreError::Corrupt { what: "test".to_owned() }
}

fn io_error(kind: io::ErrorKind) -> StoreError {
    StoreError::io("testing", kind.into())
}

#[test]
fn rows_that_open_are_left_alone() {
    let (rows, opening) = (Scripted::new([]), opening());
    assert_eq!(open(&rows, &opening).unwrap(), "rows");
    assert_eq!(rows.repairs.get(), 0);
    assert_eq!(opening.recovery(), Default::default());
}

#[test]
fn errors_other_than_damage_change_nothing() {
    use io::ErrorKind as Kind;
    let kinds = [
        Kind::StorageFull,
        Kind::QuotaExceeded,
        Kind::PermissionDenied,
        Kind::ReadOnlyFilesystem,
        Kind::NotADirectory,
        Kind::NotFound,
        Kind::Other,
    ];
    let errors = kinds.map(io_error).into_iter().chain([
        StoreError::NewerSchema { found: 2, known: 1 },
        StoreError::Locked { path: "x".into() },
    ]);
    for error in errors {
        let (rows, opening) = (Scripted::new([error.clone()]), opening());
        assert_eq!(open(&rows, &opening).unwrap_err().to_string(), error.to_string());
        assert_eq!(rows.repairs.get(), 0, "{error:?}");
        assert_eq!(rows.names(), ["rows"], "{error:?}");
    }
}

#[test]
fn damage_is_repaired_first() {
    for panics in [false, true] {
        let (mut rows, opening) = (Scripted::new([corrupt()]), opening());
        rows.panics = panics;
        assert_eq!(open(&rows, &opening).unwrap(), "rows");
        let recovery = opening.recovery();
        assert!(recovery.repaired && recovery.quarantined.is_none());
        assert_eq!(rows.names(), ["rows"]);
    }
}

#[test]
fn rows_beyond_repair_are_quarantined() {
    let second = [
        corrupt(),
        io_error(io::ErrorKind::UnexpectedEof),
        StoreError::Locked { path: "x".into() },
    ];
    for second in second {
        let (rows, opening) = (Scripted::new([corrupt(), second]), opening());
        assert_eq!(open(&rows, &opening).unwrap(), "");
        let recovery = opening.recovery();
        assert!(!recovery.repaired);
        let aside = recovery.quarantined.unwrap();
        assert_eq!(fs::read_to_string(aside.join("db")).unwrap(), "rows");
    }
}

#[test]
fn a_failed_repair_is_not_tried_again() {
    let (mut rows, opening) = (Scripted::new([corrupt()]), opening());
    rows.has_parts = false;
    assert_eq!(open(&rows, &opening).unwrap(), "");
    assert!(opening.recovery().quarantined.is_some());
}

#[test]
fn a_disk_that_fills_up_meanwhile_ends_it() {
    let full = io_error(io::ErrorKind::StorageFull);
    let (rows, opening) = (Scripted::new([corrupt(), full]), opening());
    assert!(open(&rows, &opening).is_err());
    assert_eq!(rows.names(), ["rows"]);
}

#[test]
fn a_disk_that_takes_nothing_is_at_fault() {
    let (rows, opening) = (Scripted::new([corrupt()]), opening());
    // In the way of the probe.
    fs::create_dir(rows.folder.path().join(PROBE)).unwrap();
    let error = open(&rows, &opening).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
    assert_eq!(rows.repairs.get(), 0);
    assert!(rows.path.join("db").exists());
}

#[tokio::test(start_paused = true)]
async fn an_opening_that_was_given_up_touches_nothing() {
    let (rows, opening) = (Scripted::new([corrupt()]), opening());
    let waited = opening.within(std::future::pending::<Result<(), _>>()).await;
    assert!(matches!(waited, Err(StoreError::OpenTimedOut { .. })));
    // The opening that hung goes on, and fails.
    let error = open(&rows, &opening).unwrap_err();
    assert!(matches!(error, StoreError::OpenTimedOut { .. }), "{error:?}");
    assert_eq!(rows.repairs.get(), 0);
    assert_eq!(rows.names(), ["rows"]);
}
