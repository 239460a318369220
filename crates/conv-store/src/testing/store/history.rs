//! A long history, judged by the reference model.

use proptest::{
    collection::vec,
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

use super::super::{
    Failure, TestResult,
    fixture::StoreFixture,
    model::{agree, operations},
};

/// The operations of the history: some hundred changes and about ten reopenings.
const OPERATIONS: usize = 150;

/// A store holds the same as the reference model after each of many operations. They are the same
/// ones each time.
pub async fn a_long_history_is_that_of_the_model<F: StoreFixture>(fixture: &F) -> TestResult {
    let mut runner = TestRunner::deterministic();
    let history = vec(operations(), OPERATIONS).new_tree(&mut runner);
    let history = history.map_err(|reason| Failure::new(reason.to_string()))?;
    agree(fixture, history.current()).await
}
