//! The cases of a bare engine.

mod again;
mod epoch;
mod keys;
mod loss;
mod sharing;
mod torn;
mod write;
mod writes;

pub use self::{again::*, epoch::*, keys::*, loss::*, sharing::*, torn::*, writes::*};

/// Makes one test of each case of an engine, each on a fixture of its own: an expression whose
/// type is an [`EngineFixture`](crate::testing::EngineFixture). `engine_conformance!(names)` gives
/// the names of the cases; `engine_conformance!(fixture, if there)` passes without what it needs.
#[macro_export]
macro_rules! engine_conformance {
    (names) => {
        $crate::engine_conformance! { @cases names () }
    };
    (@cases $what:ident $arguments:tt) => {
        $crate::engine_conformance! {
            @$what $arguments
            a_new_engine_is_empty
            what_was_committed_is_loaded
            writes_are_applied_in_order
            deleted_records_are_gone
            a_number_may_leave_others_out
            large_records_come_back_whole
            what_was_committed_is_there_after_reopening
            a_hundred_thousand_rows_come_back
            hostile_ids_are_kept_apart
            kinds_of_records_are_kept_apart
            records_of_kinds_that_came_later_are_kept
            a_conflict_refuses_the_whole_call
            of_two_writers_one_is_refused
            a_follower_wakes_only_after_another_writer_wrote
            a_commit_that_is_dropped_is_whole_or_absent
            a_write_that_is_sent_twice_is_made_once
            a_list_keeps_its_epoch
            what_was_cleared_is_kept_for_a_while
        }
    };
    (@names () $($case:ident)+) => {
        [$(stringify!($case)),+]
    };
    (@tests ($fixture:expr) $($case:ident)+) => {$(
        #[tokio::test]
        async fn $case() -> $crate::testing::TestResult {
            $crate::testing::engine::$case(&$fixture).await
        }
    )+};
    (@tests_if ($fixture:expr, $is_there:expr) $($case:ident)+) => {$(
        #[tokio::test]
        async fn $case() -> $crate::testing::TestResult {
            if $is_there { $crate::testing::engine::$case(&$fixture).await } else { Ok(()) }
        }
    )+};
    ($fixture:expr) => {
        $crate::engine_conformance! { @cases tests ($fixture) }
    };
    ($fixture:expr, if $is_there:expr) => {
        $crate::engine_conformance! { @cases tests_if ($fixture, $is_there) }
    };
}
