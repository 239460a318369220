//! The costs of a gateway, in counts: they are the same on a machine that is busy.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use conv_bench::gateway::{Binaries, gates};

/// A tenth more than it takes, of which hyper's two buffers are 16,384.
const HEAP_PER_LINE: f64 = 27_000.0;

#[test]
fn a_line_a_change_a_herd_and_a_webhook_take_no_more_than_they_should() {
    let binaries = Binaries {
        plain: env!("CARGO_BIN_EXE_conv-bench").into(),
        counting: env!("CARGO_BIN_EXE_conv-bench-heap").into(),
    };
    let counts = gates::count(&binaries);
    println!("{counts:#?}");
    // Futures are larger in a debug build.
    assert!(cfg!(debug_assertions) || counts.heap_per_line <= HEAP_PER_LINE, "{counts:?}");
    assert_eq!(counts.serialisations_per_change, 1.0, "{counts:?}");
    assert!(counts.bytes_per_change <= 1_536.0, "{counts:?}");
    assert_eq!((counts.calls_of_a_herd, counts.resets_of_a_herd), (0, 0), "{counts:?}");
    // A pass: the list, and the names of its groups.
    assert_eq!(counts.calls_per_webhook, 2.0, "{counts:?}");
    assert_eq!(counts.calls_of_unwatched, 0, "{counts:?}");
}
