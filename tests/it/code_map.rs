//! The code map of the architecture page agrees with the folders.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The paths in the first column of the code map, below `crates/` or the top level.
fn mapped() -> BTreeSet<PathBuf> {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let (_, map) = page.split_once("## Code map").unwrap();
    let (map, _) = map.split_once("\n## ").unwrap();
    let rows = map.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.flat_map(|row| {
        let (first, _) = row.split_once(" |").unwrap();
        let names: Vec<_> = first.split(", ").map(|name| name.trim_matches('`')).collect();
        let folder = folder_of(names[0]);
        // Later names of a row are beside the first.
        let place = |name: &str| {
            let is_whole = name == names[0];
            if is_whole { PathBuf::from(name) } else { folder.join(name) }
        };
        names.iter().map(|name| place(name)).collect::<Vec<_>>()
    })
    .collect()
}

fn folder_of(name: &str) -> PathBuf {
    let path = Path::new(name.trim_end_matches('/'));
    path.parent().unwrap_or(Path::new("")).to_owned()
}

fn on_disk(path: &Path) -> PathBuf {
    let crates = root().join("crates").join(path);
    if crates.exists() { crates } else { root().join(path) }
}

#[test]
fn every_path_of_the_code_map_exists() {
    let mapped = mapped();
    assert!(mapped.len() > 30, "{mapped:?}");
    for path in mapped {
        assert!(on_disk(&path).exists(), "{} is not there", path.display());
    }
}

#[test]
fn every_folder_of_a_published_crate_is_in_the_code_map() {
    let mapped = mapped();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        if manifest.contains("\npublish = false") {
            continue;
        }
        let source = Path::new(folder.file_name().unwrap()).join("src");
        for entry in fs::read_dir(folder.join("src")).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                let room = source.join(entry.file_name());
                // A crate may be one row.
                let is_named = mapped.contains(&room) || mapped.contains(&source);
                assert!(is_named, "{} is not in the code map", room.display());
            }
        }
    }
}
