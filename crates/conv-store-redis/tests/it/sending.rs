//! Two processes that send the changes of one account: the facade over one server, against a cloud
//! on loopback.

use std::{collections::BTreeMap, time::Duration};

use conv_api::{
    Change, ConversationId, Conversations, ConversationsBuilder, OutcomeKind, PendingState,
    RestSource, SendOptions, UserSigSigner,
};
use conv_emulator::{Emulator, Fault, Rule};
use tokio::runtime::{Builder, Runtime};

use crate::support::{On, SINGLE, by_news, soon};

/// Sets the custom data of conversations.
const MARK: &str = "recentcontact/mark_contact";
const HOUR: Duration = Duration::from_secs(3_600);

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

async fn cloud(account: &str, conversations: usize) -> Emulator {
    let builder = Emulator::builder().seed(7).account(account).conversations(conversations);
    builder.plan_limit(500).start().await.unwrap()
}

/// A source that waits for ever.
fn source(cloud: &Emulator) -> RestSource {
    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let url: conv_api::BaseUrl = cloud.base_url().parse().unwrap();
    RestSource::builder(url, cloud.sdk_app_id(), signer).timeout(HOUR).read_timeout(HOUR).build()
}

/// A process that reads the list and has no writer; `None` without servers. It hears of the writes of
/// others by news alone.
async fn reader(on: On, cloud: &Emulator, account: &str) -> Option<ConversationsBuilder> {
    let database = on.database(by_news().lease(Duration::from_secs(1))).await?;
    let options = SendOptions::default().with_settle_after(Duration::from_millis(50));
    let list = Conversations::builder(account).database(database).source(source(cloud));
    Some(list.plan_limit(500).send_options(options))
}

/// A process whose list is complete.
async fn sender(on: On, cloud: &Emulator, account: &str) -> Option<Conversations> {
    let list = reader(on, cloud, account).await?.writer(source(cloud)).build().await.unwrap();
    soon(list.sync()).await.unwrap();
    Some(list)
}

fn ids(cloud: &Emulator, account: &str) -> Vec<ConversationId> {
    let rows = cloud.world().listing(account).unwrap();
    rows.into_iter().map(|row| row.id.parse().unwrap()).collect()
}

async fn set(list: &Conversations, id: &ConversationId, text: &str) -> Change {
    let accepted = list.set_conversation_custom_data(std::slice::from_ref(id), text).await.unwrap();
    accepted.changes.into_iter().next().unwrap()
}

async fn set_each(list: &Conversations, ids: &[ConversationId]) -> Vec<Change> {
    let mut changes = Vec::new();
    for id in ids {
        changes.push(set(list, id, "vip").await);
    }
    changes
}

async fn is_done(change: &Change) {
    assert_eq!(soon(change.outcome()).await.unwrap(), OutcomeKind::Done);
}

/// The number of times that each conversation was written.
fn writes(cloud: &Emulator, account: &str) -> BTreeMap<String, usize> {
    let mut writes = BTreeMap::new();
    for write in cloud.world().writes(account).unwrap() {
        *writes.entry(write.change.conversation().unwrap().to_owned()).or_default() += 1;
    }
    writes
}

fn text(cloud: &Emulator, account: &str, id: &ConversationId) -> String {
    let rows = cloud.world().listing(account).unwrap();
    rows.into_iter().find(|row| row.id == id.as_str()).unwrap().custom_mark
}

#[tokio::test]
async fn two_processes_that_queue_and_send_send_each_change_once() {
    for on in [On::Single, On::Cluster] {
        let account = "both_send";
        let cloud = cloud(account, 40).await;
        let Some(a) = sender(on, &cloud, account).await else { return };
        let b = sender(on, &cloud, account).await.unwrap();
        let ids = ids(&cloud, account);
        let (of_a, of_b) = ids.split_at(20);
        let both = async { tokio::join!(set_each(&a, of_a), set_each(&b, of_b)) };
        let (of_a, of_b) = soon(both).await;
        for change in of_a.iter().chain(&of_b) {
            is_done(change).await;
        }
        let writes = writes(&cloud, account);
        assert_eq!(writes.len(), 40);
        assert!(writes.values().all(|count| *count == 1), "{on:?}: {writes:?}");
        soon(async {
            while !a.pending().is_empty() || !b.pending().is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_change_of_a_process_that_cannot_send_is_sent_by_another() {
    for on in [On::Single, On::Cluster] {
        let account = "one_sends";
        let cloud = cloud(account, 3).await;
        let Some(a) = reader(on, &cloud, account).await else { return };
        let a = a.build().await.unwrap();
        let _b = sender(on, &cloud, account).await.unwrap();
        soon(a.sync()).await.unwrap();
        for id in ids(&cloud, account) {
            is_done(&set(&a, &id, "vip").await).await;
            assert_eq!(text(&cloud, account, &id), "vip");
        }
    }
}

#[test]
fn the_changes_that_a_dying_process_was_sending_are_sent_by_another() {
    // The cloud has the change, or it does not; no answer says which.
    for (number, fault) in [Fault::Held(HOUR), Fault::Stalled].into_iter().enumerate() {
        let (lives, dies) = (runtime(), runtime());
        let account = &*format!("dies_{number}");
        let cloud = lives.block_on(cloud(account, 3));
        let Some(a) = dies.block_on(sender(On::Single, &cloud, account)) else { return };
        let ids = ids(&cloud, account);

        cloud.faults().push(Rule::once(fault).on(MARK));
        let of_a = dies.block_on(async {
            let change = set(&a, &ids[0], "one").await;
            soon(async {
                while cloud.calls().of(MARK) == 0 {
                    tokio::task::yield_now().await;
                }
            })
            .await;
            change.number().unwrap()
        });
        // It waits behind the call of the process that sends.
        let b = lives.block_on(sender(On::Single, &cloud, account)).unwrap();
        let of_b = lives.block_on(set(&b, &ids[1], "two"));
        assert_eq!(of_b.pending().unwrap().state, PendingState::Queued);
        dies.shutdown_background();

        lives.block_on(async {
            if let Some(of_a) = b.change(of_a) {
                is_done(&of_a).await;
            }
            is_done(&of_b).await;
            assert_eq!(text(&cloud, account, &ids[0]), "one");
            assert_eq!(text(&cloud, account, &ids[1]), "two");
            soon(b.sync()).await.unwrap();
            assert!(b.pending().is_empty(), "{:?}", b.pending());
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_lost_its_lease_sends_again_only_once_it_has_another() {
    let account = "loses_it";
    let cloud = cloud(account, 3).await;
    let Some(a) = sender(On::Single, &cloud, account).await else { return };
    let node = SINGLE.as_ref().unwrap();
    let ids = ids(&cloud, account);

    cloud.faults().push(Rule::once(Fault::Held(HOUR)).on(MARK));
    let first = set(&a, &ids[0], "one").await;
    soon(async {
        while cloud.calls().of(MARK) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let b = sender(On::Single, &cloud, account).await.unwrap();
    let second = set(&b, &ids[1], "two").await;
    // As if it had been paused for too long.
    node.call::<()>(&["DEL", "conv:{loses_it}:send-lease"]).unwrap();
    is_done(&first).await;
    is_done(&second).await;
    assert_eq!(text(&cloud, account, &ids[0]), "one");
    assert_eq!(text(&cloud, account, &ids[1]), "two");

    // The call that has no answer does not keep it from its next turn.
    soon(b.close()).await.unwrap();
    is_done(&set(&a, &ids[2], "three").await).await;
    assert_eq!(text(&cloud, account, &ids[2]), "three");
}
