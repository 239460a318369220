//! Signals from one process to another.

use std::{sync::Arc, time::Duration};

use conv_model::AccountId;
use conv_store::{ConversationDatabase, Signal, SignalListener, Signals};
use conv_store_redis::RedisDatabase;
use tokio::time::timeout;

use crate::support::{On, account, soon};

/// The signals of two processes; `None` without servers.
async fn two(on: On) -> Option<[Arc<dyn Signals>; 2]> {
    let mut signals = Vec::new();
    for _ in 0..2 {
        signals.extend(on.database(RedisDatabase::options()).await?.signals());
    }
    signals.try_into().ok()
}

/// Sends a message until a listener has it: before it has subscribed, none reaches it.
async fn hear(sender: &dyn Signals, listener: &mut dyn SignalListener, account: &AccountId) {
    let heard = async {
        loop {
            sender.send(account, "revoked").await.unwrap();
            let next = timeout(Duration::from_millis(50), listener.next());
            if next.await.is_ok_and(|heard| heard == Signal::new(account.clone(), "revoked")) {
                return;
            }
        }
    };
    soon(heard).await;
}

#[tokio::test]
async fn a_message_reaches_the_other_process_also_after_it_listened_to_none_for_a_while() {
    for on in [On::Single, On::Cluster] {
        let Some([a, b]) = two(on).await else { return };
        for _ in 0..3 {
            let mut listeners = [a.listen(), b.listen()];
            for listener in &mut listeners {
                hear(&*a, &mut **listener, &account()).await;
                hear(&*b, &mut **listener, &account()).await;
            }
        }
    }
}

#[tokio::test]
async fn messages_of_one_task_come_in_their_order_and_none_stands_for_another() {
    for on in [On::Single, On::Cluster] {
        let Some([a, b]) = two(on).await else { return };
        let account = account();
        let mut listener = b.listen();
        hear(&*a, &mut *listener, &account).await;
        for number in 0..100 {
            a.send(&account, &number.to_string()).await.unwrap();
        }
        for number in 0..100 {
            let name = loop {
                let heard = soon(listener.next()).await;
                // Those that were sent until one was heard, and those of other tests.
                if heard.account == account && &*heard.name != "revoked" {
                    break heard.name;
                }
            };
            assert_eq!(*name, *number.to_string());
        }
    }
}

#[tokio::test]
async fn the_other_process_finds_a_value_and_its_age() {
    for on in [On::Single, On::Cluster] {
        let Some([a, b]) = two(on).await else { return };
        let account = account();
        let hour = Duration::from_secs(3_600);
        a.put(&account, "not-before", b"17", hour).await.unwrap();
        let young = b.get(&account, "not-before").await.unwrap().unwrap();
        let older = soon(async {
            loop {
                let value = b.get(&account, "not-before").await.unwrap().unwrap();
                if value.age > young.age {
                    return value;
                }
            }
        });
        assert_eq!((&*young.bytes, &*older.await.bytes), (&b"17"[..], &b"17"[..]));
        b.put(&account, "not-before", b"18", Duration::MAX).await.unwrap();
        let newer = a.get(&account, "not-before").await.unwrap().unwrap();
        assert_eq!(&*newer.bytes, b"18");
    }
}
