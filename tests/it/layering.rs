//! The arrows between crates, and what must be absent.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use serde_json::Value;

fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Names of a package's dependencies of a kind: `None` is the ordinary kind.
fn dependencies(metadata: &Value, package: &str, kind: Option<&str>) -> BTreeSet<String> {
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|p| p["name"] == package).unwrap();
    let all = package["dependencies"].as_array().unwrap();
    all.iter()
        .filter(|dependency| dependency["kind"].as_str() == kind)
        .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
        .collect()
}

fn ours(names: &BTreeSet<String>, but: &str) -> Vec<String> {
    names.iter().filter(|name| name.starts_with("conv-") && *name != but).cloned().collect()
}

#[test]
fn the_arrows_between_crates_are_those_of_the_architecture() {
    let metadata = metadata();
    let arrows = [
        ("conv-model", vec![]),
        ("conv-store", vec!["conv-model"]),
        ("conv-sync", vec!["conv-model"]),
        ("conv-api", vec!["conv-model", "conv-store", "conv-sync"]),
        ("conv-emulator", vec![]),
        // conv-sync is for the feature `limiter` alone.
        ("conv-store-redis", vec!["conv-model", "conv-store", "conv-sync"]),
        // conv-api is for the feature `server` alone; a device has conv-model and conv-sync.
        ("conv-gateway", vec!["conv-api", "conv-model", "conv-sync"]),
        ("conv-cli", vec!["conv-api", "conv-emulator", "conv-gateway", "conv-store-redis"]),
    ];
    for (package, expected) in arrows {
        assert_eq!(ours(&dependencies(&metadata, package, None), package), expected, "{package}");
    }
}

/// The solid arrows of the diagram on the architecture page, between packages.
fn drawn() -> Vec<(String, String)> {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let (_, diagram) = page.split_once("```mermaid").unwrap();
    let (diagram, _) = diagram.split_once("```").unwrap();
    // A node is `id`, or `id[name<br/>…]` once.
    let id = |node: &str| node.split(['[', '(']).next().unwrap().to_owned();
    let lines = || diagram.lines().map(str::trim);
    let package = |wanted: &str| {
        let named = format!("{wanted}[conv-");
        let at = lines().find_map(|line| line.split_once(&named))?;
        Some(format!("conv-{}", at.1.split('<').next().unwrap()))
    };
    let arrows = lines().filter_map(|line| {
        let (from, to) = line.split_once("-->")?;
        let from = from.split(" -- ").next().unwrap();
        Some((package(&id(from.trim()))?, package(&id(to.trim()))?))
    });
    arrows.collect()
}

#[test]
fn the_diagram_of_the_architecture_draws_every_arrow_once() {
    let metadata = metadata();
    let mut drawn = drawn();
    drawn.sort();
    let packages: BTreeSet<_> = drawn.iter().flat_map(|(from, to)| [from, to]).collect();
    assert_eq!(packages.len(), 8, "{packages:?}");
    let mut expected = Vec::new();
    for package in packages {
        for name in ours(&dependencies(&metadata, package, None), package) {
            expected.push((package.clone(), name));
        }
    }
    assert_eq!(drawn, expected);
}

/// The names of the packages that a build of one with a feature has, tests aside.
fn tree(package: &str, feature: &str) -> BTreeSet<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let tree = ["tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"];
    let output = Command::new(cargo)
        .args(tree)
        .args(["--package", package, "--no-default-features", "--features", feature])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn a_device_builds_no_server_no_store_and_no_facade() {
    let device = tree("conv-gateway", "client");
    assert!(device.contains("conv-sync") && device.contains("reqwest"), "{device:?}");
    let absent = ["axum", "conv-api", "conv-store", "governor", "prometheus-client", "sled"];
    for name in absent {
        assert!(!device.contains(name), "the client brings {name}");
    }
    assert_eq!(ours(&device, "conv-gateway"), ["conv-model", "conv-sync"]);
    assert!(tree("conv-gateway", "server").contains("axum"));
}

/// hyper comes with reqwest, as a client alone.
#[test]
fn the_hyper_of_a_device_has_no_server() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--edges", "normal,features", "--prefix", "none"])
        .args(["--package", "conv-gateway", "--no-default-features", "--features", "client"])
        .current_dir(root())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("hyper feature \"client\""), "{text}");
    assert!(!text.contains("hyper feature \"server\""), "{text}");
}

#[test]
fn store_and_sync_do_not_meet_even_in_their_tests() {
    let metadata = metadata();
    for package in ["conv-model", "conv-store", "conv-sync", "conv-emulator"] {
        let dev = ours(&dependencies(&metadata, package, Some("dev")), package);
        let allowed: &[&str] = match package {
            "conv-store" | "conv-sync" => &["conv-model"],
            _ => &[],
        };
        assert!(dev.iter().all(|name| allowed.contains(&name.as_str())), "{package}: {dev:?}");
    }
}

#[test]
fn the_model_knows_no_runtime_no_network_and_no_database() {
    let dependencies = dependencies(&metadata(), "conv-model", None);
    // Beside serde and errors: tables of Unicode, to find a name in any case and script.
    let expected =
        ["caseless", "proptest", "serde", "serde_json", "thiserror", "unicode-normalization"];
    assert_eq!(dependencies, BTreeSet::from(expected.map(str::to_owned)));
}

#[test]
fn the_model_does_no_io_awaits_nothing_and_reads_no_clock() {
    let absent = ["async fn", ".await", "SystemTime", "Instant", "std::fs", "std::net", "std::io"];
    for (path, text) in sources(&root().join("crates/conv-model/src")) {
        for word in absent {
            assert!(!text.contains(word), "{path} has {word}");
        }
    }
}

#[test]
fn the_machines_of_a_pull_and_of_a_sender_have_no_clock_no_chance_and_no_io() {
    let absent = ["async fn", ".await", "SystemTime", "Instant", "tokio", "RandomState"];
    for machine in ["pull", "send"] {
        let folder = root().join("crates/conv-sync/src").join(machine);
        let mut files = sources(&folder);
        let path = folder.with_extension("rs");
        files.push((format!("{machine}.rs"), fs::read_to_string(path).unwrap()));
        assert!(files.len() > 3);
        for (path, text) in files {
            for word in absent {
                assert!(!text.contains(word), "{path} has {word}");
            }
        }
    }
}

#[test]
fn the_two_traits_meet_in_the_facade_alone() {
    for package in ["conv-store", "conv-store-redis", "conv-sync", "conv-model", "conv-emulator"] {
        for (path, text) in sources(&root().join("crates").join(package).join("src")) {
            let both = text.contains("ConversationStore") && text.contains("ConversationSource");
            assert!(!both, "{path} names both traits");
        }
    }
}

fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
    files
}
