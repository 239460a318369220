//! The layout of a file of rows, and migrations to the newest one.

use super::{
    Durability, key,
    row_file::{Changes, RowFile},
};
use crate::StoreError;

/// Returns the changes that turn a layout into the next one, without the stamp.
type Step = fn(&dyn RowFile) -> Result<Changes, StoreError>;

/// The step at position `n`, counted from 1, leads from layout `n` to the next. Layout 1 is the newest
/// so far. The journal's entries have the rows' keys: another layout of the keys needs another version
/// of the journal, too.
const STEPS: &[Step] = &[];

/// Refuses a newer layout, migrates an older one, stamps a new file.
///
/// # Errors
/// [`StoreError::NewerSchema`]: nothing was touched. [`StoreError::Corrupt`] if it cannot be read.
pub(crate) fn check(file: &dyn RowFile) -> Result<(), StoreError> {
    check_with(file, STEPS)
}

fn check_with(file: &dyn RowFile, steps: &[Step]) -> Result<(), StoreError> {
    let known = u8::try_from(steps.len()).unwrap_or(u8::MAX).saturating_add(1);
    match stamp(file)?.as_deref() {
        Some(&[found]) if (1..=known).contains(&found) => migrate(file, found, steps),
        Some(&[found]) if found > known => Err(StoreError::NewerSchema { found, known }),
        Some(_) => Err(StoreError::Corrupt { what: "schema version".to_owned() }),
        None => write(file, Changes::default(), known),
    }
}

fn stamp(file: &dyn RowFile) -> Result<Option<Vec<u8>>, StoreError> {
    let mut stamp = None;
    file.scan(key::SCHEMA, &mut |key, value| {
        if key == key::SCHEMA {
            stamp = Some(value.to_vec());
        }
    })?;
    Ok(stamp)
}

fn migrate(file: &dyn RowFile, found: u8, steps: &[Step]) -> Result<(), StoreError> {
    for (from, step) in (1_u8..).zip(steps).skip_while(|(from, _)| *from < found) {
        tracing::info!(from, "bringing the layout of the rows up to date");
        write(file, step(file)?, from.saturating_add(1))?;
    }
    Ok(())
}

/// One write with the new stamp in it: a crash leaves one layout or the other.
fn write(file: &dyn RowFile, mut changes: Changes, stamp: u8) -> Result<(), StoreError> {
    changes.put.push((key::SCHEMA.to_vec(), [stamp].as_slice().into()));
    file.write(&changes)?;
    file.flush(Durability::Disk)
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::double::{Double, Handle, Trouble},
        *,
    };

    fn put(key: &[u8], value: &[u8]) -> Changes {
        Changes { put: vec![(key.to_vec(), value.into())], delete: Vec::new() }
    }

    fn rename(file: &dyn RowFile, from: &[u8], to: &[u8]) -> Result<Changes, StoreError> {
        let mut changes = Changes::default();
        file.scan(from, &mut |key, value| {
            changes.delete.push(key.to_vec());
            changes.put.push(([to, &key[from.len()..]].concat(), value.into()));
        })?;
        Ok(changes)
    }

    /// From keys of `a` to keys of `b`, then to keys of `c`.
    const RENAMED: &[Step] = &[|file| rename(file, b"a", b"b"), |file| rename(file, b"b", b"c")];

    fn open(double: &Double) -> Handle {
        double.opener()().unwrap()
    }

    fn all(file: &Handle) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut all = Vec::new();
        file.scan(b"", &mut |key, value| all.push((key.to_vec(), value.to_vec()))).unwrap();
        all
    }

    fn pairs(pairs: &[(&str, &[u8])]) -> Vec<(Vec<u8>, Vec<u8>)> {
        pairs.iter().map(|(key, value)| (key.as_bytes().to_vec(), value.to_vec())).collect()
    }

    /// A file of layout 1 with two keys.
    fn old() -> Double {
        let double = Double::default();
        let file = open(&double);
        check_with(&file, &[]).unwrap();
        for key in [b"a1", b"a2"] {
            file.write(&put(key, b"value")).unwrap();
        }
        file.flush(Durability::Process).unwrap();
        double
    }

    #[test]
    fn a_new_file_has_the_newest_layout() {
        let file = open(&Double::default());
        check_with(&file, RENAMED).unwrap();
        assert_eq!(all(&file), pairs(&[("schema", &[3])]));
    }

    #[test]
    fn an_older_layout_is_brought_up_to_date_step_by_step() {
        let double = old();
        check_with(&open(&double), &RENAMED[..1]).unwrap();
        let second = pairs(&[("b1", b"value"), ("b2", b"value"), ("schema", &[2])]);
        assert_eq!(all(&open(&double)), second);
        check_with(&open(&double), RENAMED).unwrap();
        let third = pairs(&[("c1", b"value"), ("c2", b"value"), ("schema", &[3])]);
        assert_eq!(all(&open(&double)), third);
        check_with(&open(&double), RENAMED).unwrap();
        assert_eq!(all(&open(&double)), third);
    }

    #[test]
    fn a_migration_that_is_interrupted_goes_on_where_it_was() {
        let troubles =
            (0..2).flat_map(|at| [Trouble::Write(at), Trouble::Flush(at), Trouble::FlushLate(at)]);
        for trouble in troubles {
            let double = old();
            double.fail(trouble);
            check_with(&open(&double), RENAMED).unwrap_err();
            check_with(&open(&double), RENAMED).unwrap();
            let third = pairs(&[("c1", b"value"), ("c2", b"value"), ("schema", &[3])]);
            assert_eq!(all(&open(&double)), third, "{trouble:?}");
        }
    }

    #[test]
    fn a_newer_layout_and_one_that_is_none_are_left_alone() {
        for (stamp, is_newer) in [(&[4][..], true), (&[0], false), (&[], false), (&[3, 1], false)] {
            let double = old();
            let file = open(&double);
            file.write(&put(key::SCHEMA, stamp)).unwrap();
            let before = all(&file);
            let error = check_with(&file, RENAMED).unwrap_err();
            let is_told = matches!(error, StoreError::NewerSchema { found: 4, known: 3 });
            assert_eq!(is_told, is_newer, "{error:?}");
            assert_eq!(all(&file), before);
        }
    }
}
