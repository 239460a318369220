//! The `Date` header and the cloud's time.

use conv_emulator::{Emulator, Fault, Rule};

use crate::client::{Client, GET_LIST, list_request};

async fn date(client: &Client) -> Option<String> {
    let reply = client.send(GET_LIST, &list_request(None, 63)).await.unwrap();
    reply.headers().get("date").map(|date| date.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_date_is_missing_far_off_or_none_for_one_reply_or_all() {
    const YEARS: i64 = 365 * 24 * 3600;
    let client = Client::of(Emulator::builder().now(1_700_000_000)).await;
    let faults = client.emulator.faults();
    faults.push(Rule::nth(1, Fault::NoDate));
    faults.push(Rule::nth(2, Fault::DateOff(30 * YEARS)));
    faults.push(Rule::nth(3, Fault::DateOff(-13 * YEARS)));
    faults.push(Rule::calls(4.., Fault::BadDate));
    assert_eq!(date(&client).await, None);
    assert!(date(&client).await.unwrap().contains(" Nov 2053 "));
    assert!(date(&client).await.unwrap().contains(" Nov 2010 "));
    for _ in 0..2 {
        assert_eq!(date(&client).await.unwrap(), "yesterday, about noon");
    }
    faults.clear();
    assert!(date(&client).await.unwrap().contains(" Nov 2023 "));
}

#[tokio::test]
async fn a_date_can_be_missing_from_an_answer_that_fails_too() {
    let client = Client::of(Emulator::builder()).await;
    client.emulator.faults().push(Rule::always(Fault::NoDate));
    client.emulator.faults().push(Rule::always(Fault::Status(404)));
    let reply = client.send(GET_LIST, &list_request(None, 63)).await.unwrap();
    assert_eq!(reply.status(), 404);
    assert!(reply.headers().get("date").is_none());
}
