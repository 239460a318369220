//! Operations, as property tests draw them.

use std::{collections::BTreeSet, sync::Arc};

use conv_model::{
    Checkpoint, ConversationId, Coverage, Cursor, Delta, ErrorClass, Finished, ListLimit, Local,
    Mutation, MutationFailure, PassFailure, PassId, PassStatus, Phase, Progress, Prune, SkippedRow,
    SyncScope, SyncStep, UpstreamEnd, UpstreamPosition, testing,
};
use proptest::prelude::*;

use super::naive::Rows;

/// An operation on a store.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Operation {
    /// A change.
    Apply(Box<Make>),
    /// Local state.
    Put(ConversationId, Local),
    /// Mutations that are accepted together, or refused.
    Enqueue(Vec<Mutation>),
    /// The progress of mutations, by their places among the pending ones.
    Progress(Vec<(usize, Progress)>),
    /// It is closed, and opened again.
    Reopen,
}

/// A change that depends on what the store holds by then.
#[derive(Clone, Debug)]
pub struct Make {
    delta: Delta,
    pass: Pass,
    step: Option<SyncStep>,
    prune: Pruned,
    /// Asked for so many changes ago.
    asked: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Pass {
    No,
    Old,
    Current,
    Next,
}

#[derive(Clone, Debug)]
enum Pruned {
    No,
    /// All but what the change lists and every row whose place in the map has its bit here.
    Unlisted(u16),
    Unconfirmed(u16),
    Gone(u16),
    Expired(u64, u64),
}

impl Make {
    /// So many changes ago it was asked for.
    pub(super) fn asked(&self) -> Option<usize> {
        self.asked
    }

    pub(super) fn delta(self, newest: PassId, rows: &Rows) -> Delta {
        let mut delta = self.delta;
        delta.pass = match self.pass {
            Pass::No => None,
            Pass::Old => Some(PassId::new(newest.as_u64().saturating_sub(1))),
            Pass::Current => Some(newest),
            Pass::Next => Some(newest.next()),
        };
        delta.step = self.step;
        delta.prune = match self.prune {
            Pruned::No => None,
            Pruned::Unlisted(bits) => Some(Prune::Unlisted { keep: keep(bits, &delta, rows) }),
            Pruned::Unconfirmed(bits) => {
                Some(Prune::Unconfirmed { keep: keep(bits, &delta, rows) })
            }
            Pruned::Gone(bits) => {
                let ids = rows.keys().enumerate().filter(|(at, _)| bits >> (at % 16) & 1 == 1);
                Some(Prune::Gone { ids: Arc::new(ids.map(|(_, id)| id.clone()).collect()) })
            }
            Pruned::Expired(now, retention) => {
                let now = conv_model::Timestamp::from_secs(1_700_000_000 + now);
                Some(Prune::Expired { now, retention })
            }
        };
        delta
    }
}

fn keep(bits: u16, delta: &Delta, rows: &Rows) -> Arc<BTreeSet<ConversationId>> {
    let kept = rows.keys().enumerate().filter(|(at, _)| bits >> (at % 16) & 1 == 1);
    let listed = delta.listed.iter().map(|patch| &patch.id);
    Arc::new(kept.map(|(_, id)| id).chain(listed).cloned().collect())
}

/// Operations that meet on the same few rows and passes.
pub fn operations() -> impl Strategy<Value = Operation> {
    let put = (testing::known_ids(), testing::locals());
    let mutations = proptest::collection::vec(testing::mutations(), 1..4);
    let steps = proptest::collection::vec((0..6_usize, progress()), 1..4);
    prop_oneof![
        4 => mutations.prop_map(Operation::Enqueue),
        4 => steps.prop_map(Operation::Progress),
        8 => makes().prop_map(|make| Operation::Apply(Box::new(make))),
        2 => put.prop_map(|(id, local)| Operation::Put(id, local)),
        1 => Just(Operation::Reopen),
    ]
}

fn progress() -> impl Strategy<Value = Progress> {
    let failure = || MutationFailure::new(ErrorClass::Cloud, Some(50002), "refused");
    prop_oneof![
        8 => Just(Progress::Sending),
        6 => Just(Progress::Acknowledged),
        2 => Just(Progress::Settled),
        3 => Just(Progress::SettledUnseen),
        1 => Just(Progress::Overridden),
        1 => any::<bool>().prop_map(move |is_uncertain| {
            Progress::Returned { failure: failure(), is_uncertain }
        }),
        1 => Just(Progress::Held(failure())),
        1 => Just(Progress::Released),
        2 => Just(Progress::Failed(failure())),
        1 => Just(Progress::Expired),
        1 => Just(Progress::Retry),
        1 => Just(Progress::Drop),
    ]
}

fn makes() -> impl Strategy<Value = Make> {
    let expired = (0..20_u64, 0..6_u64).prop_map(|(now, time)| Pruned::Expired(now, time));
    let prune = prop_oneof![
        6 => Just(Pruned::No),
        2 => any::<u16>().prop_map(Pruned::Unlisted),
        1 => any::<u16>().prop_map(Pruned::Unconfirmed),
        1 => any::<u16>().prop_map(Pruned::Gone),
        1 => expired,
    ];
    // A pass of its own kind for each kind of step, and sometimes a wrong one.
    let kinds = prop_oneof![
        6 => (Just(Pass::No), Just(None)),
        4 => (Just(Pass::Current), Just(None)),
        3 => (Just(Pass::Next), begins().prop_map(Some)),
        4 => (Just(Pass::Current), steps().prop_map(Some)),
        1 => (prop_oneof![Just(Pass::No), Just(Pass::Old), Just(Pass::Next)], proptest::option::of(steps())),
        1 => (prop_oneof![Just(Pass::Old), Just(Pass::Current)], begins().prop_map(Some)),
    ];
    let asked = prop_oneof![2 => Just(None), 3 => (0..6_usize).prop_map(Some)];
    (testing::deltas().boxed(), kinds.boxed(), prune, asked)
        .prop_map(|(delta, (pass, step), prune, asked)| Make { delta, pass, step, prune, asked })
}

fn scopes() -> impl Strategy<Value = SyncScope> {
    (1..3_u32).prop_map(|rules| SyncScope::new(100, rules))
}

fn begins() -> impl Strategy<Value = SyncStep> {
    (scopes(), any::<bool>()).prop_map(|(scope, resume)| SyncStep::Begin { scope, resume })
}

fn ends() -> impl Strategy<Value = UpstreamEnd> {
    let coverage = prop_oneof![
        3 => Just(Coverage::Complete),
        1 => Just(Coverage::Partial),
        1 => Just(Coverage::CacheOnly),
        1 => Just(Coverage::Empty),
    ];
    let position = proptest::option::of((0..9_u32, -2..3_i64)).prop_map(|position| {
        position.map(|(at, excess)| {
            let mut position = UpstreamPosition::new(Cursor::new(format!("p{at}")));
            position.excess = excess;
            position
        })
    });
    (coverage, position).prop_map(|(coverage, position)| UpstreamEnd::new(coverage, position))
}

fn steps() -> impl Strategy<Value = SyncStep> {
    let skipped = proptest::collection::vec(testing::known_ids(), 0..2)
        .prop_map(|ids| ids.into_iter().map(|id| SkippedRow::new(Some(id), "odd")).collect());
    let page = (proptest::option::of(0..5_u32), skipped).prop_map(|(place, skipped)| {
        let checkpoint = place.map(|at| Checkpoint::new(Cursor::new(format!("v1:{at}")), at));
        let status = PassStatus::running(Phase::Listing, place.unwrap_or_default(), None);
        SyncStep::Page { status, checkpoint, skipped, broken: Vec::new() }
    });
    let finish =
        (proptest::option::of(testing::timestamps()), scopes(), proptest::option::of(ends()));
    let finish = finish.prop_map(|(as_of, scope, upstream)| {
        let limit = vec![ListLimit::Capped(100), ListLimit::Retention(604_800)];
        let finished = Finished::new(as_of, limit, scope);
        let broken = vec!["an order".into()];
        SyncStep::Finish { finished, upstream, skipped: Vec::new(), broken }
    });
    let fail = any::<bool>().prop_map(|forget| {
        let failure = PassFailure::new(ErrorClass::Transient, "no network");
        SyncStep::Fail { failure, forget }
    });
    prop_oneof![3 => page, 2 => finish, 1 => fail]
}
