//! Interest in an account that outlives a line.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

use conv_gateway::GatewayBuilder;
use serde_json::json;
use tokio::time::sleep;

use super::quiet::Quiet;

const HOUR: Duration = Duration::from_secs(3600);

fn once(builder: GatewayBuilder) -> GatewayBuilder {
    let (one, short) = (NonZeroUsize::MIN, Duration::from_secs(10));
    builder.cloud_calls(NonZeroU32::MIN, HOUR).kept_fresh(one, short)
}

async fn cut(quiet: &Quiet) {
    let mut line = quiet.open(json!({ "main": { "window": 3 } })).await;
    line.wait_for("reset").await;
}

async fn of(quiet: Quiet, user: &str) -> Quiet {
    let token = quiet.login_as(user).await;
    Quiet { token, ..quiet }
}

fn watched(quiet: &Quiet) -> usize {
    // The fixture's own interest in alice is always there.
    quiet.accounts.stats().watch.watched - 1
}

#[tokio::test(start_paused = true)]
async fn a_call_after_a_line_needs_no_pass_of_its_own() {
    let quiet = of(Quiet::with(3, |it| it, once).await, "bob").await;
    cut(&quiet).await;
    assert_eq!(quiet.call("/conversations/list", &json!({})).await.status(), 200);
    // The list did not take the one call of the cloud that bob may cause.
    assert_eq!(quiet.call("/conversations/refresh", &json!({})).await.status(), 200);
    assert_eq!(quiet.call("/conversations/refresh", &json!({})).await.status(), 429);
}

#[tokio::test(start_paused = true)]
async fn lines_that_are_cut_together_all_keep_their_accounts() {
    let mut quiet = Quiet::with(3, |it| it, once).await;
    for user in ["bob", "carol", "dave"] {
        quiet = of(quiet, user).await;
        cut(&quiet).await;
    }
    assert_eq!(watched(&quiet), 3, "more than the number for calls");
    // A call takes the account's place among those of calls, and ends no earlier for it.
    quiet.call("/conversations/list", &json!({})).await;
    sleep(Duration::from_secs(30)).await;
    assert_eq!(watched(&quiet), 3);
    sleep(Duration::from_secs(31)).await;
    assert_eq!(watched(&quiet), 0);
}

#[tokio::test(start_paused = true)]
async fn an_interest_that_begins_while_a_longer_one_lasts_ends_in_time() {
    let quiet = of(Quiet::with(3, |it| it, once).await, "bob").await;
    cut(&quiet).await;
    sleep(Duration::from_secs(1)).await;
    let quiet = of(quiet, "carol").await;
    quiet.call("/conversations/list", &json!({})).await;
    assert_eq!(watched(&quiet), 2);
    sleep(Duration::from_secs(21)).await;
    assert_eq!(watched(&quiet), 1, "carol's is over");
}
