//! The corpus of the fuzz targets, replayed: what once broke stays mended without a fuzzer.

use std::{fs, path::Path};

#[path = "../fuzz/src/lib.rs"]
mod targets;

/// A corpus is a choice of telling inputs, not a heap of whatever a fuzzer came by.
const MOST_FILES: usize = 60;
const MOST_BYTES: usize = 8 << 10;

#[test]
fn every_target_holds_for_its_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut folders: Vec<_> =
        fs::read_dir(&corpus).unwrap().map(|folder| folder.unwrap().file_name()).collect();
    folders.sort();
    assert_eq!(folders, targets::TARGETS.map(|(name, _)| name), "a folder for each target");
    for (name, target) in targets::TARGETS {
        let files: Vec<_> = fs::read_dir(corpus.join(name)).unwrap().collect();
        assert!((1..=MOST_FILES).contains(&files.len()), "{name}: {} files", files.len());
        for file in files {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            assert!(bytes.len() <= MOST_BYTES, "{}", path.display());
            // A target that panics says what broke; this says with which file.
            println!("{}", path.display());
            target(&bytes);
        }
    }
}
