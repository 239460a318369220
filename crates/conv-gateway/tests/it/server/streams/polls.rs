//! The long poll.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    client::{Held, row_id},
    quiet::{NOW, Quiet, id},
};

async fn poll(quiet: &Quiet, body: Value) -> (u16, Value) {
    let (status, answer) = quiet.answer("/conversations/changes", &body).await;
    (status.as_u16(), answer["data"].clone())
}

#[tokio::test(start_paused = true)]
async fn a_poll_waits_for_a_change_and_not_longer_than_asked() {
    let quiet = Quiet::new(8).await;
    let mut held = Held::default();
    let (status, first) = poll(&quiet, json!({ "window": 5 })).await;
    assert_eq!((status, &first["type"]), (200, &json!("reset")));
    assert_eq!(first["state"]["isSyncCompleted"], true);
    held.fold(&first);
    let next = |held: &Held, wait: u64| {
        json!({ "window": 5, "position": held.position, "conversations": held.conversations,
            "wait": wait })
    };
    let begun = Instant::now();
    assert_eq!(poll(&quiet, next(&held, 20)).await, (204, Value::Null));
    assert_eq!(begun.elapsed().as_secs(), 20);

    let (polled, ()) = tokio::join!(poll(&quiet, next(&held, 20)), async {
        tokio::time::sleep(Duration::from_secs(7)).await;
        quiet.say(7, NOW + 2_000_000_000).await;
    });
    assert_eq!(begun.elapsed().as_secs(), 27);
    assert_eq!((polled.0, &polled.1["type"]), (200, &json!("patch")));
    held.fold(&polled.1);
    assert_eq!(held.rows, quiet.listed(&json!({}), 5).await.0);
    assert_eq!(poll(&quiet, next(&held, 0)).await.0, 204);
    assert_eq!(quiet.gateway.stream_stats().polls_open, 0);
}

#[tokio::test(start_paused = true)]
async fn no_position_is_an_error() {
    let quiet = Quiet::new(8).await;
    for position in ["", "garbage", "00000000c0ffee00.3", "0123456789abcdef.18446744073709551615"] {
        let body = json!({ "position": position, "wait": 25 });
        let (status, answer) = poll(&quiet, body).await;
        assert_eq!((status, &answer["type"]), (200, &json!("reset")), "{position}");
        let body = json!({ "position": position, "wait": 25, "whole": true });
        let (status, answer) = poll(&quiet, body).await;
        assert_eq!((status, &answer["type"]), (200, &json!("tooOld")), "{position}");
    }
    for wrong in [
        json!({ "wait": 26 }),
        json!({ "window": 501 }),
        json!({ "whole": true, "window": 3 }),
        json!({ "query": { "limit": 3 } }),
        json!({ "epoch": 1 }),
    ] {
        assert_eq!(poll(&quiet, wrong.clone()).await.0, 400, "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_list_is_followed_by_its_rows() {
    let quiet = Quiet::new(8).await;
    let (_, position) = quiet.listed(&json!({}), 1).await;
    quiet.say(3, NOW + 1).await;
    quiet.set_unread(4, 2).await;
    quiet.set_unread(4, 0).await;
    let body = json!({ "whole": true, "position": position });
    let (status, answer) = poll(&quiet, body).await;
    assert_eq!((status, &answer["type"]), (200, &json!("changes")));
    let rows: Vec<_> = answer["rows"].as_array().unwrap().iter().map(row_id).collect();
    assert_eq!(rows, [id(3).as_str(), id(4).as_str()]);
    assert_eq!((&answer["removed"], &answer["totals"]["conversations"]), (&json!([]), &json!(8)));

    // What leaves a query was removed, for those who asked for it.
    let unread = json!({ "hasUnreadCount": true });
    quiet.set_unread(5, 1).await;
    let (_, position) = quiet.listed(&json!({}), 1).await;
    quiet.set_unread(5, 0).await;
    quiet.set_unread(6, 0).await;
    let body = json!({ "whole": true, "query": unread, "position": position });
    let (_, answer) = poll(&quiet, body).await;
    assert_eq!((&answer["rows"], &answer["removed"]), (&json!([]), &json!([id(5)])));

    let body = json!({ "whole": true, "position": answer["position"], "wait": 3 });
    assert_eq!(poll(&quiet, body.clone()).await.0, 204);
    let (polled, ()) = tokio::join!(poll(&quiet, body), quiet.say(1, NOW + 9));
    assert_eq!(polled.1["rows"].as_array().unwrap().len(), 1);
}
