//! Rows that cannot be read: the good ones are shown, at every share of bad ones.

use conv_tests::online::{emulator, prompt, rows, script, shown, truth};

const ROWS: usize = 20;

#[tokio::test]
async fn the_good_rows_are_shown_and_the_bad_ones_counted_at_every_share() {
    for kind in ["old-time", "non-ascii-id", "number-id", "negative-time", "null"] {
        for every in [1, 2, 5, 19] {
            let cloud = emulator(ROWS).start().await.unwrap();
            script(&cloud, &format!("spoilt-rows={kind}/{every}"));
            let conversations = prompt(&cloud).build().await.unwrap();
            let report = conversations.sync().await.unwrap();
            let bad = ROWS / every;
            assert_eq!(rows(&conversations).await.len(), ROWS - bad, "{kind}/{every}");
            assert_eq!(report.skipped.len(), bad, "{kind}/{every}: {report:?}");
        }
    }
}

#[tokio::test]
async fn rows_that_were_there_stay_when_they_cannot_be_read() {
    for kind in ["old-time", "non-ascii-id", "number-id", "no-id", "null"] {
        for every in [1, 5] {
            let cloud = emulator(ROWS).start().await.unwrap();
            let conversations = prompt(&cloud).build().await.unwrap();
            conversations.sync().await.unwrap();
            script(&cloud, &format!("spoilt-rows={kind}/{every}"));
            let report = conversations.sync().await.unwrap();
            assert_eq!(shown(&conversations).await, truth(&cloud), "{kind}/{every}");
            assert!(report.is_sync_completed() && !report.skipped.is_empty(), "{report:?}");
        }
    }
}

#[tokio::test]
async fn a_decoration_that_cannot_be_read_costs_itself_and_not_the_row() {
    for (kind, data) in [("latin1-mark", "caf\u{fffd}"), ("bad-labels", "")] {
        let cloud = emulator(ROWS).start().await.unwrap();
        script(&cloud, &format!("spoilt-rows={kind}/1"));
        let conversations = prompt(&cloud).build().await.unwrap();
        let report = conversations.sync().await.unwrap();
        assert!(report.skipped.is_empty(), "{kind}: {report:?}");
        let rows = rows(&conversations).await;
        assert_eq!(rows.len(), ROWS, "{kind}");
        assert!(rows.iter().all(|row| &*row.listing.custom_data == data), "{kind}");
    }
}

#[tokio::test]
async fn labels_that_cannot_be_read_leave_those_that_are_known() {
    let cloud = emulator(ROWS).start().await.unwrap();
    let conversations = prompt(&cloud).build().await.unwrap();
    conversations.sync().await.unwrap();
    script(&cloud, "spoilt-rows=bad-labels/1");
    conversations.sync().await.unwrap();
    assert_eq!(shown(&conversations).await, truth(&cloud));
}
