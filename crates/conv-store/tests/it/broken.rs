//! Each case of the suite fails on a store, or an engine, that is broken in its one way.

mod engine;
mod store;

/// One test of each case: it must fail on this flaw. Time runs ahead while nothing happens, so that
/// no test waits for the suite's timeout.
macro_rules! each_fails {
    ($suite:ident, $broken:ident, $names:expr, $($case:ident: $flaw:ident,)+) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $case() {
                let result = conv_store::testing::$suite::$case(&$broken::new(Flaw::$flaw)).await;
                let failure = result.expect_err("the case does not see the flaw");
                println!("{}: {failure}", stringify!($case));
            }
        )+

        #[test]
        fn no_case_is_left_out() {
            assert_eq!($names.to_vec(), [$(stringify!($case)),+]);
        }
    };
}

use each_fails;
