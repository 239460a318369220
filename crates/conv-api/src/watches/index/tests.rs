use conv_model::{ConversationPatch, Delta, ListingPatch, Timestamp};
use conv_store::{ConversationStore, MemoryStore};
use proptest::prelude::*;

use super::*;

fn row(n: u8) -> ConversationId {
    ConversationId::c2c(&format!("peer_{n}")).unwrap()
}

fn listed(n: u8) -> Delta {
    let mut patch = ConversationPatch::new(row(n));
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(1)));
    Delta::listed([patch])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each step adds or removes a row of one of four accounts; the index looks at some of them only,
    /// as a task does that is slower than the commits.
    #[test]
    fn the_index_is_what_the_lists_hold(
        steps in proptest::collection::vec((0_usize..4, 0_u8..12, any::<bool>(), any::<bool>()), 1..120),
        gone in proptest::option::of(0_usize..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut index = Index::default();
            let mut accounts = Vec::new();
            for n in 0..4 {
                let account: AccountId = format!("user_{n}").parse().unwrap();
                let slot = index.enter(&account).unwrap();
                accounts.push((account, slot, MemoryStore::open().await.unwrap(), None::<Snapshot>));
            }
            for (at, n, adds, looks) in steps {
                let (_, slot, store, seen) = &mut accounts[at];
                let delta = if adds { listed(n) } else { Delta::removed([row(n)]) };
                store.apply(delta).await.unwrap();
                if looks {
                    let now = store.snapshot();
                    index.follow(*slot, seen.as_ref(), &now);
                    *seen = Some(now);
                }
            }
            for (_, slot, store, seen) in &mut accounts {
                let now = store.snapshot();
                index.follow(*slot, seen.as_ref(), &now);
                *seen = Some(now);
            }
            if let Some(gone) = gone {
                let (_, slot, _, seen) = accounts.remove(gone);
                index.leave(slot, seen.as_ref());
            }
            for n in 0..12 {
                let mut held: Vec<_> = index.holders(&row(n)).cloned().collect();
                held.sort();
                let holds = |it: &&(AccountId, Slot, _, Option<Snapshot>)| {
                    it.3.as_ref().is_some_and(|list| list.get(&row(n)).is_some())
                };
                let truth: Vec<_> = accounts.iter().filter(holds).map(|it| it.0.clone()).collect();
                assert_eq!(held, truth);
            }
            let rows: usize = accounts.iter().map(|it| it.3.as_ref().map_or(0, Snapshot::len)).sum();
            assert_eq!(index.len(), rows);
        });
    }
}

#[test]
fn an_unknown_row_has_no_holder_and_takes_no_room() {
    let index = Index::default();
    assert_eq!(index.holders(&row(1)).count(), 0);
    assert_eq!(index.rows.len(), 0);
}
