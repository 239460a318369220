//! The cases of a store.

mod changes;
mod closing;
mod expiry;
mod facets;
mod history;
mod local;
mod mutations;
mod pass;
mod position;
mod reading;
mod tasks;

pub use self::{
    changes::*, closing::*, expiry::*, facets::*, history::*, local::*, mutations::*, pass::*,
    position::*, reading::*, tasks::*,
};

/// Makes one test of each case of a store, each on a fixture of its own: an expression whose type
/// is a [`StoreFixture`](crate::testing::StoreFixture). `store_conformance!(names)` gives the names
/// of the cases; `store_conformance!(fixture, if there)` passes without what it needs.
#[macro_export]
macro_rules! store_conformance {
    (names) => {
        $crate::store_conformance! { @cases names () }
    };
    (@cases $what:ident $arguments:tt) => {
        $crate::store_conformance! {
            @$what $arguments
            a_change_is_applied_whole
            a_change_that_fails_leaves_nothing
            absent_facets_leave_what_is_stored
            an_amendment_makes_no_row
            what_is_equal_is_no_change
            a_commit_tells_the_difference
            removed_rows_are_gone
            listed_rows_without_a_fresh_profile_need_one
            names_of_groups_are_kept
            lists_come_in_list_order
            queries_answer_as_matches_says
            totals_leave_out_what_is_muted_or_unknown
            a_reader_wakes_when_something_changed
            a_reader_who_is_behind_need_not_wait
            a_snapshot_is_of_one_instant
            a_pass_that_was_superseded_changes_nothing
            two_passes_cannot_begin_with_one_number
            the_state_follows_the_pass
            what_no_listing_confirmed_goes
            a_pass_overwrites_no_listing_that_others_changed
            a_pass_removes_no_row_that_others_changed
            a_late_name_saves_no_ghost
            rows_expire_after_the_last_pass_and_by_now
            an_answer_overwrites_nothing_that_is_newer
            a_type_that_hides_a_count_is_no_news_of_what_is_unread
            a_message_that_is_gone_is_shown_no_more
            a_message_goes_with_its_retention
            an_unsure_pass_removes_nobody_and_says_whom
            one_large_item_keeps_no_other_out
            totals_wait_for_the_type_of_a_group
            local_state_outlives_its_row
            local_state_needs_no_row
            a_part_of_local_state_that_is_left_out_stays
            mutations_are_shown_and_are_there_after_reopening
            a_mutation_that_is_refused_takes_the_others_along
            two_tasks_lose_no_update
            a_call_that_is_dropped_leaves_all_or_nothing
            rows_are_there_after_reopening
            local_state_is_there_after_reopening
            a_checkpoint_is_there_after_reopening
            a_list_that_is_reopened_is_a_preview
            a_pass_goes_on_after_reopening
            a_closed_store_refuses_changes_and_still_answers
            a_position_is_that_of_the_last_stored_write
            a_reader_comes_back_for_what_changed
            a_reader_comes_back_for_mutations_that_ended
            a_foreign_position_is_answered_with_a_reset
            a_long_history_is_that_of_the_model
        }
    };
    (@names () $($case:ident)+) => {
        [$(stringify!($case)),+]
    };
    (@tests ($fixture:expr) $($case:ident)+) => {$(
        #[tokio::test]
        async fn $case() -> $crate::testing::TestResult {
            $crate::testing::store::$case(&$fixture).await
        }
    )+};
    (@tests_if ($fixture:expr, $is_there:expr) $($case:ident)+) => {$(
        #[tokio::test]
        async fn $case() -> $crate::testing::TestResult {
            if $is_there { $crate::testing::store::$case(&$fixture).await } else { Ok(()) }
        }
    )+};
    ($fixture:expr) => {
        $crate::store_conformance! { @cases tests ($fixture) }
    };
    ($fixture:expr, if $is_there:expr) => {
        $crate::store_conformance! { @cases tests_if ($fixture, $is_there) }
    };
}
