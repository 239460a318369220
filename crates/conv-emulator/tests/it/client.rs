//! A bare client: what it sends and reads is written out here.

use std::time::Duration;

use conv_emulator::{Builder, Emulator};
use serde_json::{Value, json};

pub(crate) const ME: &str = "user_0001";
pub(crate) const GET_LIST: &str = "recentcontact/get_list";

pub(crate) struct Client {
    pub(crate) emulator: Emulator,
    pub(crate) http: reqwest::Client,
}

impl Client {
    pub(crate) async fn of(builder: Builder) -> Self {
        Self {
            emulator: builder.start().await.unwrap(),
            http: reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap(),
        }
    }

    /// An account whose list is empty, at the second of the documented samples.
    pub(crate) async fn empty() -> Self {
        let client = Self::of(Emulator::builder().conversations(0).now(1_775_552_160)).await;
        client.emulator.world().clear(ME).unwrap();
        client
    }

    pub(crate) async fn send(
        &self,
        command: &str,
        body: &Value,
    ) -> reqwest::Result<reqwest::Response> {
        let url = self.emulator.signed_url(command);
        self.http.post(url).body(body.to_string()).send().await
    }

    pub(crate) async fn call(&self, command: &str, body: Value) -> Value {
        let response = self.send(command, &body).await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub(crate) async fn ok(&self, command: &str, body: Value) -> Value {
        let reply = self.call(command, body).await;
        assert_eq!(reply["ErrorCode"], 0, "{reply}");
        assert_eq!(reply["ActionStatus"], "OK");
        reply
    }

    #[track_caller]
    pub(crate) fn refused(&self, command: &str, body: Value) -> impl Future<Output = u64> {
        let reply = self.call(command, body);
        async move {
            let reply = reply.await;
            assert_eq!(reply["ActionStatus"], "FAIL", "{reply}");
            assert!(!reply["ErrorInfo"].as_str().unwrap().is_empty());
            reply["ErrorCode"].as_u64().unwrap()
        }
    }

    pub(crate) async fn page(&self, after: Option<&Value>) -> Value {
        self.ok(GET_LIST, list_request(after, 63)).await
    }

    /// All pages of a listing, however the list moves.
    pub(crate) async fn pages(&self) -> Vec<Value> {
        let mut pages = vec![self.page(None).await];
        while pages.last().unwrap()["CompleteFlag"] == 0 {
            assert!(pages.len() < 2000, "the listing never ends");
            let next = self.page(pages.last()).await;
            pages.push(next);
        }
        pages
    }

    /// The rows of a listing as (ID, time, pinned), in list order.
    pub(crate) async fn list(&self) -> Vec<(String, u64, bool)> {
        sorted(self.pages().await.iter().flat_map(rows).collect())
    }

    /// Returns the true listing.
    pub(crate) fn truth(&self) -> Vec<(String, u64, bool)> {
        let rows = self.emulator.world().listing(ME).unwrap();
        rows.into_iter().map(|row| (row.id, row.time, row.pinned)).collect()
    }
}

pub(crate) fn list_request(after: Option<&Value>, flags: u64) -> Value {
    let from = |field: &str| after.map_or(json!(0), |page| page[field].clone());
    json!({
        "From_Account": ME,
        "TimeStamp": from("TimeStamp"),
        "StartIndex": from("StartIndex"),
        "TopTimeStamp": from("TopTimeStamp"),
        "TopStartIndex": from("TopStartIndex"),
        "AssistFlags": flags,
    })
}

pub(crate) fn rows(page: &Value) -> Vec<(String, u64, bool)> {
    let rows = page["SessionItem"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            let id = match row["Type"].as_u64().unwrap() {
                1 => format!("C2C{}", row["To_Account"].as_str().unwrap()),
                2 => format!("GROUP{}", row["GroupId"].as_str().unwrap()),
                other => panic!("unknown type {other}"),
            };
            (id, row["MsgTime"].as_u64().unwrap(), row["TopFlag"] == 1)
        })
        .collect()
}

pub(crate) fn sorted(mut rows: Vec<(String, u64, bool)>) -> Vec<(String, u64, bool)> {
    rows.sort_by(|a, b| (!a.2, b.1, &a.0).cmp(&(!b.2, a.1, &b.0)));
    rows
}
