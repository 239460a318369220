//! Rules for everything that is public: what crosses threads, whose types are shown, what `Debug` says.

use std::{collections::BTreeSet, error::Error, fmt::Debug, fs, path::Path};

use conv_api::{
    Accounts, AccountsBuilder, BaseUrl, ConversationList, Conversations, ConversationsBuilder,
    Events, LiveList, LiveUpdate, LocalRateLimiter, MemoryDatabase, Patch, RestSource,
    SledDatabase, Snapshot, TokioClock, UserSigSigner, model, store, sync,
};
use conv_gateway::webhook;

fn crosses_threads<T: Send + Sync + Unpin + Debug + 'static>() {}
fn moves_between_threads<T: Send + Unpin + Debug + 'static>() {}
fn is_an_error<T: Error + Send + Sync + 'static>() {}

#[test]
fn handles_and_values_cross_threads() {
    crosses_threads::<Conversations>();
    crosses_threads::<ConversationsBuilder>();
    crosses_threads::<ConversationList>();
    crosses_threads::<Accounts>();
    crosses_threads::<AccountsBuilder>();
    crosses_threads::<LiveUpdate>();
    crosses_threads::<Patch>();
    crosses_threads::<Events>();
    crosses_threads::<Snapshot>();
    crosses_threads::<store::Scan>();
    crosses_threads::<store::IndexedStore>();
    crosses_threads::<MemoryDatabase>();
    crosses_threads::<SledDatabase>();
    crosses_threads::<RestSource>();
    crosses_threads::<sync::RestSourceBuilder>();
    crosses_threads::<sync::testing::Pull>();
    crosses_threads::<LocalRateLimiter>();
    crosses_threads::<TokioClock>();
    crosses_threads::<UserSigSigner>();
    crosses_threads::<sync::UserSig>();
    crosses_threads::<sync::UserSigVerifier>();
    crosses_threads::<model::Conversation>();
    crosses_threads::<model::ConversationQuery>();
    crosses_threads::<model::Delta>();
    crosses_threads::<model::Commit>();
    crosses_threads::<webhook::Verifier>();
    crosses_threads::<webhook::Event>();
    crosses_threads::<webhook::Marks>();
    crosses_threads::<webhook::Seen>();
    crosses_threads::<conv_emulator::Emulator>();
    crosses_threads::<conv_emulator::World>();
}

/// They are driven by their owner, one call at a time.
#[test]
fn drivers_move_between_threads() {
    moves_between_threads::<LiveList>();
    moves_between_threads::<sync::Puller>();
}

#[test]
fn errors_are_errors_that_cross_threads() {
    is_an_error::<conv_api::Error>();
    is_an_error::<conv_api::PatchError>();
    is_an_error::<conv_api::StoreError>();
    is_an_error::<conv_api::SourceError>();
    is_an_error::<sync::BaseUrlError>();
    is_an_error::<sync::UserSigError>();
    is_an_error::<model::AccountIdError>();
    is_an_error::<model::AtTypeError>();
    is_an_error::<model::MarkError>();
    is_an_error::<model::PageKeyError>();
    is_an_error::<model::ParseIdError>();
    is_an_error::<model::PayloadError>();
    is_an_error::<model::QueryError>();
    is_an_error::<model::Superseded>();
    is_an_error::<model::TimestampError>();
    is_an_error::<webhook::Refusal>();
    is_an_error::<webhook::TokenError>();
    is_an_error::<webhook::WeakToken>();
    is_an_error::<conv_emulator::Error>();
}

/// A crate that may change its version without asking us must not be part of the public API.
/// Allowed are std, serde's traits, the stream's, and an HTTP client that embedders bring along.
#[test]
fn no_foreign_type_is_shown() {
    // The error of conv-store-redis can be made of its client's; conv-gateway is an axum router.
    let allowed =
        ["alloc", "core", "std", "u64", "serde_core", "futures_core", "reqwest", "redis", "axum"];
    let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("public-api");
    let mut read = 0;
    for list in fs::read_dir(lists).unwrap() {
        let text = fs::read_to_string(list.unwrap().path()).unwrap();
        let foreign: BTreeSet<&str> = roots(&text)
            .filter(|root| !root.starts_with("conv_") && !allowed.contains(root))
            .collect();
        assert!(foreign.is_empty(), "{foreign:?}");
        assert_eq!(text.matches("reqwest::").count(), text.matches("::Client) -> Self").count());
        read += 1;
    }
    assert!(read > 4);
}

/// The crates that a list's paths begin with.
fn roots(list: &str) -> impl Iterator<Item = &str> {
    let is_part_of_a_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let paths = list.split(move |c| !is_part_of_a_path(c));
    paths.filter_map(|path| path.split_once("::")).map(|(root, _)| root).filter(|root| {
        // Not an associated type of a parameter, such as `S::Error`.
        root.starts_with(char::is_lowercase)
    })
}

#[test]
fn types_with_a_secret_do_not_show_it() {
    const KEY: &str = "canary-key-5bd2850fff3ecb11";
    let now = model::Timestamp::from_secs(1_775_000_000);
    let signer = UserSigSigner::new("administrator", KEY);
    let hour = std::time::Duration::from_secs(3600);
    let user_sig = signer.sign(1_400_000_000, now, hour).unwrap();
    let text = user_sig.expose().to_owned();
    let base: BaseUrl = "http://127.0.0.1:1".parse().unwrap();
    let builder = sync::RestSource::builder(base, 1_400_000_000, UserSigSigner::new("admin", KEY));
    let token = webhook::Token::new(KEY).unwrap();
    let shown = [
        format!("{token:?} {token:#?}"),
        format!("{:?}", webhook::App::signed(1_400_000_000, token)),
        format!("{signer:?} {signer:#?}"),
        format!("{user_sig:?} {user_sig:#?}"),
        format!("{:?}", sync::SecretKey::from(KEY)),
        format!("{:?}", sync::UserSigVerifier::new(1_400_000_000, KEY)),
        format!("{builder:?} {builder:#?}"),
        format!("{:?}", builder.build()),
    ];
    for shown in shown {
        assert!(!shown.contains("canary") && !shown.contains(&text), "{shown}");
    }
}

/// `println!` panics once the reader of the output went away, as `head` does. The binaries that write for
/// people handle it as an error.
#[test]
fn no_example_and_no_command_panics_without_a_reader() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut folders = vec![crates.join("conv-cli/src"), crates.join("conv-emulator/src/main.rs")];
    folders.extend(fs::read_dir(&crates).unwrap().map(|it| it.unwrap().path().join("examples")));
    let mut read = 0;
    while let Some(path) = folders.pop() {
        if let Ok(entries) = fs::read_dir(&path) {
            folders.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let prints = |line: &str| {
                let line = line.replace("eprint", "");
                line.contains("println!(") || line.contains(" print!(")
            };
            let printing: Vec<_> = code.filter(|line| prints(line)).collect();
            assert!(printing.is_empty(), "{}: {printing:?}", path.display());
            read += 1;
        }
    }
    assert!(read > 60, "{read}");
}
