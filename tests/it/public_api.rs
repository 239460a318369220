//! The public items: a committed list per crate. An item that goes or changes is a breaking change,
//! one that comes is for good, so either should be seen in a review.
//!
//! `CONV_BLESS=1` rewrites the lists. They come from rustdoc's JSON, which is nightly's alone.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// Without `testing`, which is not a stable API, and without TLS, which adds nothing to read.
const CRATES: [(&str, &str); 7] = [
    ("conv-model", "search"),
    ("conv-store", "sled,redb"),
    ("conv-sync", "tokio,usersig,rest"),
    ("conv-api", "sled,redb,rest"),
    ("conv-emulator", ""),
    ("conv-gateway", "server"),
    ("conv-store-redis", "limiter"),
];

#[test]
fn the_public_items_are_the_committed_ones() {
    let nightly = Command::new("cargo").args(["+nightly", "--version"]).output();
    if !nightly.is_ok_and(|output| output.status.success()) {
        println!("skipped: no nightly toolchain to list public items");
        return;
    }
    let changes: Result<Vec<_>, _> =
        CRATES.iter().map(|(name, features)| change(name, features)).collect();
    let changed: Vec<String> = match changes {
        Ok(changes) => changes.into_iter().flatten().collect(),
        Err(error) => {
            println!("skipped: this nightly's JSON is not the one that is read here: {error}");
            return;
        }
    };
    assert!(changed.is_empty(), "\n{}\nCONV_BLESS=1 rewrites the lists", changed.join("\n"));
}

/// Returns the differences from the committed list of a crate.
fn change(name: &str, features: &str) -> Result<Option<String>, public_api::Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let committed = root.join("public-api").join(format!("{name}.txt"));
    let found = public_items(name, features)?;
    if std::env::var_os("CONV_BLESS").is_some() {
        fs::write(&committed, found).unwrap();
        return Ok(None);
    }
    let known = fs::read_to_string(&committed).unwrap_or_default();
    let (known, found): (Vec<_>, Vec<_>) = (known.lines().collect(), found.lines().collect());
    let gone = known.iter().filter(|line| !found.contains(line)).map(|line| format!("-{line}"));
    let new = found.iter().filter(|line| !known.contains(line)).map(|line| format!("+{line}"));
    let lines: Vec<String> = gone.chain(new).collect();
    Ok((!lines.is_empty()).then(|| format!("{name}\n{}", lines.join("\n"))))
}

/// One item per line, sorted by path. Derived implementations are listed without their items.
fn public_items(name: &str, features: &str) -> Result<String, public_api::Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let target = root.join("target/public-api");
    let status = Command::new("cargo")
        .args(["+nightly", "rustdoc", "--quiet", "--lib", "--no-default-features"])
        .args(["--package", name, "--features", features])
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-Zunstable-options", "--output-format", "json", "--cap-lints", "allow"])
        .current_dir(root)
        .status()
        .unwrap();
    assert!(status.success(), "rustdoc of {name}");
    let json = target.join("doc").join(format!("{}.json", name.replace('-', "_")));
    let written: BTreeSet<String> = lines(&json, true)?.collect();
    let all = lines(&json, false)?;
    Ok(all
        .filter(|line| written.contains(line) || line.starts_with("impl"))
        .filter(|line| !line.contains("StructuralPartialEq"))
        .map(|line| line + "\n")
        .collect())
}

fn lines(
    json: &Path,
    omit_derived: bool,
) -> Result<impl Iterator<Item = String>, public_api::Error> {
    let items = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(omit_derived)
        .build()?;
    Ok(items.into_items().map(|item| item.to_string()))
}
