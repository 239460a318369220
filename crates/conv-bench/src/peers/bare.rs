//! The calls of a pull and the decoding of their answers, and nothing else.

use std::time::Duration;

use conv_api::{Timestamp, UserSigSigner};
use reqwest::{Client, header::CONTENT_TYPE};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{cloud::Access, ours::ACCOUNT};

#[derive(Debug)]
pub struct Bare {
    client: Client,
    base: String,
    query: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listing {
    session_item: Vec<Row>,
    complete_flag: u8,
    time_stamp: i64,
    start_index: i64,
    top_time_stamp: i64,
    top_start_index: i64,
}

/// A row's fields, as the cloud spells them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "To_Account")]
    user: Option<String>,
    group_id: Option<String>,
    #[serde(rename = "MsgTime")]
    _time: u64,
    #[serde(rename = "TopFlag")]
    _top: u8,
    #[serde(rename = "StandardMark")]
    _marks: Option<String>,
    #[serde(rename = "CustomMark")]
    _custom: Option<String>,
    #[serde(rename = "ContactGroupId")]
    _groups: Option<Vec<u64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Names {
    complete_flag: u8,
    next_start_index: i64,
    #[serde(rename = "GroupItem")]
    _groups: Vec<NamedGroup>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "decoded, not used")]
struct NamedGroup {
    group_id: u64,
    group_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Users {
    user_profile_item: Vec<User>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "decoded, not used")]
struct User {
    #[serde(rename = "To_Account")]
    user: String,
    profile_item: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "decoded, not used")]
struct Field {
    tag: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Groups {
    group_info: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "decoded, not used")]
struct Group {
    group_id: String,
    #[serde(rename = "Type")]
    kind: String,
    name: String,
    face_url: String,
}

impl Bare {
    pub fn new(cloud: &Access) -> Self {
        let Access { base_url, sdk_app_id: app, identifier, secret_key } = cloud;
        let signer = UserSigSigner::new(identifier, secret_key.as_str());
        let now = Timestamp::from_secs(1_775_552_160);
        let user_sig = signer.sign(*app, now, Duration::from_secs(24 * 3600)).unwrap();
        let query = format!(
            "sdkappid={app}&identifier={identifier}&usersig={}&random=1&contenttype=json",
            user_sig.expose()
        );
        let client = Client::builder().no_proxy().build().unwrap();
        Self { client, base: base_url.clone(), query }
    }

    /// The list twice and all names once; says how many rows there are.
    pub async fn pull(&self) -> usize {
        let rows = self.list().await;
        let again = self.list().await;
        assert_eq!(rows.len(), again.len());
        self.group_names().await;
        let users: Vec<_> = rows.iter().filter_map(|row| row.user.as_deref()).collect();
        for users in users.chunks(100) {
            self.users(users).await;
        }
        let groups = rows.iter().filter_map(|row| row.group_id.as_deref());
        let groups: Vec<_> = groups.filter(|group| !group.contains("@TOPIC#_")).collect();
        for groups in groups.chunks(50) {
            self.groups(groups).await;
        }
        rows.len()
    }

    /// Makes the calls of a pass that finds nothing new; returns the number of rows.
    pub async fn pull_again(&self) -> usize {
        self.list().await;
        self.list().await.len()
    }

    /// One call, of which nothing is decoded but whether it is JSON.
    pub async fn one_call(&self) {
        let body = json!({"From_Account": ACCOUNT, "StartIndex": 0});
        let _: serde::de::IgnoredAny = self.call("recentcontact/get_contact_group", body).await;
    }

    async fn list(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut at = [0; 4];
        loop {
            let body = json!({"From_Account": ACCOUNT, "TimeStamp": at[0], "StartIndex": at[1],
                "TopTimeStamp": at[2], "TopStartIndex": at[3], "AssistFlags": 63});
            let page: Listing = self.call("recentcontact/get_list", body).await;
            rows.extend(page.session_item);
            if page.complete_flag == 1 {
                return rows;
            }
            at = [page.time_stamp, page.start_index, page.top_time_stamp, page.top_start_index];
        }
    }

    async fn group_names(&self) {
        let mut next = Some(0);
        while let Some(start) = next {
            let body = json!({"From_Account": ACCOUNT, "StartIndex": start});
            let page: Names = self.call("recentcontact/get_contact_group", body).await;
            next = (page.complete_flag != 1).then_some(page.next_start_index);
        }
    }

    async fn users(&self, users: &[&str]) {
        let tags = ["Tag_Profile_IM_Nick", "Tag_Profile_IM_Image"];
        let body = json!({"To_Account": users, "TagList": tags});
        let answer: Users = self.call("profile/portrait_get", body).await;
        assert_eq!(answer.user_profile_item.len(), users.len());
    }

    async fn groups(&self, groups: &[&str]) {
        let filter = json!({"GroupBaseInfoFilter": ["Type", "Name", "FaceUrl"]});
        let body = json!({"GroupIdList": groups, "ResponseFilter": filter});
        let answer: Groups = self.call("group_open_http_svc/get_group_info", body).await;
        assert_eq!(answer.group_info.len(), groups.len());
    }

    async fn call<T: DeserializeOwned>(&self, command: &str, body: Value) -> T {
        let url = format!("{}/v4/{command}?{}", self.base, self.query);
        let request = self.client.post(url).header(CONTENT_TYPE, "application/json");
        let reply = request.body(body.to_string()).send().await.unwrap();
        serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap()
    }
}
