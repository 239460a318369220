//! What a log tells: accounts by their tags, numbers, and no name of anybody.

use std::{
    io,
    sync::{Arc, Mutex},
};

use conv_api::{AccountTag, Accounts, All};
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

use super::{Clouds, Trouble, account, on_disk};
use crate::support::id;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_tells_what_happened_and_names_nobody() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(log.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());

    let names = [account("canary-account"), account("canary-refused")];
    let clouds = Clouds::new(&names, 25);
    clouds.touch(&names[0], 900, 5);
    clouds.trouble(&names[1], Trouble::Refused);
    let (_folder, database) = on_disk().await;
    let accounts = Accounts::builder(database, Arc::clone(&clouds)).build();
    for name in &names {
        let list = accounts.open(name).await.unwrap();
        let mut live = list.subscribe(All).unwrap();
        list.set_draft(&id("C2Ccanary-peer"), "canary-draft").await.unwrap();
        let _ = list.sync().await;
        live.next().await.unwrap();
        list.get_conversation_profile(&id("C2Ccanary-peer")).await.unwrap();
        assert!(!format!("{accounts:?}").contains("canary"));
    }
    clouds.trouble(&names[0], Trouble::BadRow);
    clouds.trouble(&names[1], Trouble::Lost);
    accounts.refresh_all(names.clone(), std::time::Duration::from_secs(1)).await.unwrap();
    accounts.put_away_idle();
    accounts.forget(&names[1]).await.unwrap();
    accounts.close().await.unwrap();

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!log.contains("canary"), "{log}");
    assert!(!log.contains("peer_0"), "names of conversations and people stay out of it: {log}");
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
