//! The content of logs: accounts by their tags, numbers, and no name of a user. A binary of its
//! own, whose one test records what every thread logs.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "it/accounts/clouds.rs"]
mod clouds;

use std::sync::Arc;

use conv_api::{AccountId, AccountTag, Accounts, All, ConversationId, SledDatabase};
use tracing_subscriber::fmt::format::FmtSpan;

use self::clouds::{Clouds, Trouble};

#[tokio::test(start_paused = true)]
async fn a_log_has_every_event_and_no_name() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(log.reopen().unwrap());
    subscriber.init();

    let names: [AccountId; 2] = ["canary-account", "canary-refused"].map(|it| it.parse().unwrap());
    let peer: ConversationId = "C2Ccanary-peer".parse().unwrap();
    let clouds = Clouds::new(&names, 25);
    clouds.touch(&names[0], 900, 5);
    clouds.trouble(&names[1], Trouble::Refused);
    let folder = tempfile::TempDir::new().unwrap();
    let database = SledDatabase::open(folder.path().join("cache")).await.unwrap();
    let accounts = Accounts::builder(Arc::new(database), Arc::clone(&clouds)).build();
    for name in &names {
        let list = accounts.open(name).await.unwrap();
        let mut live = list.subscribe(All);
        list.set_draft(&peer, "canary-draft").await.unwrap();
        let _ = list.sync().await;
        live.next().await.unwrap();
        list.get_conversation_profile(&peer).await.unwrap();
        assert!(!format!("{accounts:?}").contains("canary"));
    }
    clouds.trouble(&names[0], Trouble::Lost);
    let list = accounts.open(&names[0]).await.unwrap();
    list.get_conversation_profile(&"C2Cpeer_000".parse().unwrap()).await.unwrap();
    drop(list);
    clouds.trouble(&names[0], Trouble::BadRow);
    clouds.trouble(&names[1], Trouble::Lost);
    accounts.refresh_all(names.clone(), std::time::Duration::from_secs(1)).await.unwrap();
    accounts.evict_idle();
    accounts.forget(&names[1]).await.unwrap();
    accounts.close().await.unwrap();

    let log = std::fs::read_to_string(log.path()).unwrap();
    assert!(!log.contains("canary"), "{log}");
    assert!(!log.contains("peer_0"), "names of conversations and people stay out of it: {log}");
    assert!(log.contains("profile is answered from the cache"), "{log}");
    let tag = |n: usize| format!("account={}", AccountTag::of(&names[n]));
    let closed = |what: &[&str]| {
        let is_it = |line: &&str| line.contains("close") && what.iter().all(|it| line.contains(it));
        log.lines().any(|line| is_it(&line))
    };
    assert!(closed(&[&tag(0), "pages=6", "rows=52", "retries=0", "skipped=0"]), "{log}");
    assert!(closed(&[&tag(0), "skipped=6"]), "{log}");
    assert!(closed(&[&tag(1), "failed=\"auth\""]) && closed(&[&tag(1), "retries=4"]), "{log}");
    assert!(closed(&["page{rows=10 skipped=0}"]) && closed(&["commit{rows=10 seq="]), "{log}");
}
