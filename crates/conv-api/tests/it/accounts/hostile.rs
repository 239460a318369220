//! Accounts never meet, whatever their names look like.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use conv_api::{
    AccountId, AccountTag, Accounts, All, ConversationDatabase, ErrorClass, MemoryDatabase,
};

use super::{Clouds, Trouble, account, on_disk, shown};
use crate::support::id;

/// 200 names that a careless key, path, comparison or log would mix up.
pub fn hostile_names() -> Vec<AccountId> {
    let mut names: BTreeSet<String> = [
        ".",
        "..",
        "/",
        "//",
        "../..",
        "a",
        "a/",
        "a/b",
        "a//b",
        "a\\b",
        "/etc/passwd",
        "~",
        "C:\\",
        "\0",
        "a\0",
        "a\0b",
        "\0a",
        "\n",
        "a\n",
        "a\r\nb",
        "\t",
        " ",
        "  ",
        "a ",
        " a",
        "\u{7f}",
        "A",
        "admin",
        "Admin",
        "ADMIN",
        "admіn",
        "аdmin",
        "ａｄｍｉｎ",
        "admin\u{200b}",
        "admin\u{ad}",
        "\u{feff}admin",
        "ad\u{200d}min",
        "é",
        "e\u{301}",
        "ñ",
        "n\u{303}",
        "ß",
        "ss",
        "ẞ",
        "ı",
        "i",
        "İ",
        "I",
        "K",
        "\u{212a}",
        "Å",
        "\u{212b}",
        "Ω",
        "\u{2126}",
        "ﬁ",
        "fi",
        "①",
        "1",
        "١",
        "一",
        "\u{202e}nimda",
        "👩",
        "👩‍👩‍👧",
        "🇩🇪",
        "null",
        "NULL",
        "undefined",
        "true",
        "0",
        "00",
        "-0",
        "1e3",
        "%",
        "%00",
        "%2e%2e",
        "%2F",
        "a%2Fb",
        "a+b",
        "a b",
        "a%20b",
        "*",
        "?",
        "a*",
        "[a]",
        "{a}",
        "'",
        "''",
        "\"",
        "`",
        "; drop table",
        "' or 1=1",
        "--",
        "#",
        "$HOME",
        "${a}",
        "$(a)",
        "|",
        "&",
        "<a>",
        "&lt;a&gt;",
        "@TIM#SYSTEM",
        "C2Calice",
        "GROUPa",
        "@TGS#_a@TOPIC#_b",
        "alice",
        "C2C",
        "rows",
        "local.log",
        "cache",
        "con",
        "nul",
        "a.",
        "a:",
        "a:b",
        "a;b",
        "a,b",
        "a=b",
        "a|b",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    // Each the beginning of the next; bytes at the bound; as long as may be.
    names.extend((1..=60).map(|length| "p".repeat(length)));
    names.extend(["x".repeat(255), "x".repeat(254), format!("{}y", "x".repeat(254))]);
    names.extend(["é".repeat(127), "\0".repeat(255), "\u{10ffff}".to_owned(), "\u{80}".to_owned()]);
    names.extend((0..).map(|n| format!("a/{n}")).take(200 - names.len()));
    assert_eq!(names.len(), 200);
    names.into_iter().map(account).collect()
}

/// Every operation on every account, mixed by a source that answers late and out of order.
async fn never_meet(database: Arc<dyn ConversationDatabase>) {
    let names = hostile_names();
    let clouds = Clouds::new(&names, 12);
    let builder = Accounts::builder(database, Arc::clone(&clouds));
    let accounts = builder.concurrent_passes(16).memory_budget(200_000).build();
    let alice = id("C2Calice");
    for name in names.iter().step_by(10) {
        clouds.trouble(name, Trouble::Refused);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (number, name) in names.iter().enumerate() {
        let (accounts, name, alice) = (accounts.clone(), name.clone(), alice.clone());
        tasks.spawn(async move {
            let list = accounts.open(&name).await.unwrap();
            let mut live = list.subscribe(All);
            list.set_draft(&alice, name.as_str()).await.unwrap();
            list.set_data(&alice, &number.to_be_bytes()).await.unwrap();
            let synced = list.sync().await;
            let mut rows = Vec::new();
            while rows.len() < list.snapshot().len() {
                live.next().await.unwrap().apply(&mut rows).unwrap();
            }
            let profile = list.get_conversation_profile(&id("C2Cpeer_000")).await.unwrap();
            (number, rows.len(), synced, profile.show_name().to_owned())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        let (number, live, synced, profile) = ended.unwrap();
        let name = &names[number];
        assert_eq!(profile, format!("C2Cpeer_000 of {name}"));
        match synced {
            Ok(_) => assert_eq!((live, number % 10 != 0), (12, true)),
            Err(error) => {
                assert_eq!((error.class(), live, number % 10), (ErrorClass::Auth, 0, 0));
                assert!(name.as_str().len() < 4 || !error.to_string().contains(name.as_str()));
            }
        }
    }
    let holds = async |number: usize, rows: bool, draft: bool| {
        let name = &names[number];
        let list = accounts.open(name).await.unwrap();
        assert_eq!(list.account(), name);
        let truth = if rows && number % 10 != 0 { clouds.truth(name) } else { Vec::new() };
        assert_eq!(shown(&list), truth, "{name:?}");
        let local = list.snapshot().local(&alice).unwrap_or_default();
        assert_eq!(
            local.draft_text().map(AsRef::as_ref),
            draft.then_some(name.as_str()),
            "{name:?}"
        );
        let data = number.to_be_bytes();
        assert_eq!(local.data_bytes().map(AsRef::as_ref), draft.then_some(&data[..]), "{name:?}");
    };
    accounts.evict_idle();
    for number in 0..names.len() {
        holds(number, true, true).await;
    }
    for number in (0..names.len()).filter(|number| number % 3 == 0) {
        accounts.forget(&names[number]).await.unwrap();
    }
    accounts.evict_idle();
    for number in 0..names.len() {
        holds(number, number % 3 != 0, number % 3 != 0).await;
    }
    let refreshed = accounts.refresh_all(names.clone(), Duration::from_secs(5)).await.unwrap();
    assert_eq!((refreshed.finished, refreshed.failed.len()), (180, 20));
    for number in 0..names.len() {
        holds(number, true, number % 3 != 0).await;
    }
    accounts.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn hostile_names_never_meet_in_memory() {
    never_meet(Arc::new(MemoryDatabase::new())).await;
}

#[tokio::test(start_paused = true)]
async fn hostile_names_never_meet_on_disk() {
    let (folder, database) = on_disk().await;
    never_meet(database).await;
    // No name became the name of a file.
    let mut files = std::fs::read_dir(folder.path()).unwrap();
    assert_eq!(files.next().unwrap().unwrap().file_name(), "cache");
    assert!(files.next().is_none());
}

#[test]
fn hostile_names_have_tags_of_their_own_that_show_nothing_of_them() {
    let names = hostile_names();
    let tags: BTreeSet<String> = names.iter().map(|it| AccountTag::of(it).to_string()).collect();
    assert_eq!(tags.len(), names.len());
    assert!(tags.iter().all(|tag| tag.len() == 16 && tag.bytes().all(|b| b.is_ascii_hexdigit())));
}
