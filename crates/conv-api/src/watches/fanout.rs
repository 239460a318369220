//! Changes of a row that many accounts hold: they are marked a few per second, oldest first.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use conv_model::{AccountId, ConversationId};

use super::{options::WatchOptions, work::Pending};
use crate::passes::Rate;

/// Rows whose holders are being marked. A further change of such a row costs a look-up, however many
/// hold it.
#[derive(Debug)]
pub(super) struct Fanout {
    rows: HashMap<ConversationId, Ring>,
    /// The rows, in turn.
    turns: VecDeque<ConversationId>,
    rate: Rate,
}

/// The holders of a row. Those not marked since its last change are next.
#[derive(Debug)]
struct Ring {
    holders: Vec<AccountId>,
    next: usize,
    left: usize,
    pending: Pending,
}

impl Fanout {
    pub(super) fn new(options: &WatchOptions) -> Self {
        let per_second = options.holders_per_second;
        let rate = Rate::with_burst(per_second, per_second);
        Self { rows: HashMap::new(), turns: VecDeque::new(), rate }
    }

    /// A row changed: each of its holders is to be marked after this moment. They are asked for unless
    /// a change before is still at it. Returns false if there is none.
    pub(super) fn add(
        &mut self,
        row: &ConversationId,
        pending: &Pending,
        holders: impl FnOnce() -> Vec<AccountId>,
    ) -> bool {
        if let Some(ring) = self.rows.get_mut(row) {
            ring.left = ring.holders.len();
            ring.pending.merge(pending);
            return true;
        }
        let holders = holders();
        if holders.is_empty() {
            return false;
        }
        let left = holders.len();
        self.rows.insert(row.clone(), Ring { holders, next: 0, left, pending: pending.clone() });
        self.turns.push_back(row.clone());
        true
    }

    /// Returns the next account to mark, if there is one now.
    pub(super) fn next(&mut self, now: Duration) -> Option<(AccountId, Pending)> {
        let row = self.turns.front()?;
        let ring = self.rows.get_mut(row)?;
        self.rate.take(now).ok()?;
        let account = ring.holders.get(ring.next).cloned();
        ring.next = (ring.next + 1) % ring.holders.len().max(1);
        ring.left = ring.left.saturating_sub(1);
        let (pending, is_over) = (ring.pending.clone(), ring.left == 0);
        if let Some(row) = self.turns.pop_front() {
            match is_over {
                true => drop(self.rows.remove(&row)),
                false => self.turns.push_back(row),
            }
        }
        Some((account?, pending))
    }

    /// Returns the moment of the next mark.
    pub(super) fn wake(&self, now: Duration) -> Option<Duration> {
        self.turns.front()?;
        let mut rate = self.rate;
        Some(rate.take(now).map_or_else(|wait| now.saturating_add(wait), |()| now))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;
    use crate::Work;

    fn account(n: usize) -> AccountId {
        format!("user_{n}").parse().unwrap()
    }

    proptest! {
        /// Each change of a row is followed by a mark of each holder, at most so many per second.
        #[test]
        fn each_holder_is_marked_after_each_change(
            holders in 1_usize..60,
            per_second in 1_u32..30,
            changes in proptest::collection::vec((0_u64..5_000, 0_u8..3), 1..30),
        ) {
            let per_second = NonZeroU32::new(per_second).unwrap();
            let options = WatchOptions::default().with_holders_per_second(per_second);
            let mut fanout = Fanout::new(&options);
            let row = |n: u8| ConversationId::c2c(&format!("peer_{n}")).unwrap();
            let (mut now, mut begun) = (Duration::ZERO, 0_usize);
            let mut marked: Vec<(Duration, AccountId)> = Vec::new();
            let mut changed = Vec::new();
            let mut changes = changes.into_iter();
            loop {
                while let Some((account, _)) = fanout.next(now) {
                    marked.push((now, account));
                }
                match changes.next() {
                    Some((pause, n)) => {
                        now += Duration::from_millis(pause);
                        let all = || (0..holders).map(account).collect();
                        fanout.add(&row(n), &Work::Listing.into(), all);
                        changed.push((now, marked.len()));
                        begun += 1;
                    }
                    None => match fanout.wake(now) {
                        Some(wake) => now = wake,
                        None => break,
                    },
                }
            }
            prop_assert_eq!(begun, changed.len());
            for (_, before) in changed {
                let after: std::collections::BTreeSet<_> =
                    marked[before..].iter().map(|(_, account)| account.clone()).collect();
                prop_assert_eq!(after.len(), holders);
            }
            let most = per_second.get() as usize * 2;
            for (at, (begin, _)) in marked.iter().enumerate() {
                let second = marked[at..].iter().take_while(|it| it.0 < *begin + Duration::from_secs(1));
                prop_assert!(second.count() <= most);
            }
        }
    }

    #[test]
    fn a_storm_asks_for_the_holders_once() {
        let options = WatchOptions::default().with_holders_per_second(NonZeroU32::MIN);
        let mut fanout = Fanout::new(&options);
        let (row, mut asked) = (ConversationId::c2c("alice").unwrap(), 0);
        for _ in 0..10_000 {
            fanout.add(&row, &Work::Listing.into(), || {
                asked += 1;
                (0..1_000).map(account).collect()
            });
        }
        assert_eq!(asked, 1);
        assert!(fanout.next(Duration::ZERO).is_some() && fanout.next(Duration::ZERO).is_none());
    }
}
