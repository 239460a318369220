//! A world to serve without a cloud, and calls to paste.

use std::time::Duration;

use conv_api::{Accounts, ConversationId, ConversationType, UserSigSigner};
use conv_emulator::Emulator;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Error, cloud::Credentials, output::time};

/// An emulator in this process, and a user of its world.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Demo {
    #[serde(skip)]
    emulator: Emulator,
    #[serde(rename = "userID")]
    user_id: &'static str,
    user_sig: String,
}

/// Ends each answer with a line's end, for a terminal.
const CURL: &str = "curl -s -w '\\n'";
const USER: &str = "user_0001";
const DAY: Duration = Duration::from_secs(86_400);
/// The pause between two messages that come.
const PAUSE: Duration = Duration::from_secs(3);

impl Demo {
    /// Starts the emulator with its demo key, never with the app's: the UserSig is shown.
    pub(super) async fn start() -> Result<Self, Error> {
        let now = time::now();
        let emulator = Emulator::builder().account(USER).conversations(120).seed(7);
        let emulator = emulator.now(now.as_secs()).plan_limit(100).start().await?;
        let signer = UserSigSigner::new(USER, emulator.secret_key());
        let user_sig = signer.sign(emulator.sdk_app_id(), now, DAY)?.expose().to_owned();
        Ok(Self { emulator, user_id: USER, user_sig })
    }

    pub(super) fn credentials(&self) -> Result<Credentials, Error> {
        let base_url = self.emulator.base_url().parse();
        Ok(Credentials {
            base_url: base_url.map_err(|_| Error::Usage("emulator has no address".to_owned()))?,
            sdkappid: self.emulator.sdk_app_id(),
            identifier: self.emulator.identifier().to_owned(),
            key: self.emulator.secret_key().to_owned(),
        })
    }

    /// Pulls the list, so that the first call finds it.
    pub(super) async fn pull(&self, accounts: &Accounts) -> Result<(), Error> {
        let account = USER.parse().map_err(conv_api::Error::from)?;
        accounts.open(&account).await?.sync().await?;
        Ok(())
    }

    /// Returns the address of the inbox. Its fragment, which a browser sends to no server, fills in the
    /// login.
    pub(super) fn inbox(&self, url: &str) -> String {
        // A UserSig has `*`, `-` and `_` beside letters and digits: nothing to encode.
        format!("{url}/inbox/#userID={}&userSig={}", self.user_id, self.user_sig)
    }

    /// Returns one line for a shell per call; the first sets the token of the others.
    pub(super) async fn calls(
        &self,
        url: &str,
        private_url: &str,
        accounts: &Accounts,
    ) -> Result<Vec<String>, Error> {
        let account = USER.parse().map_err(conv_api::Error::from)?;
        let list = accounts.open(&account).await?.snapshot();
        let users = list.rows().map(|row| row.id.clone());
        let mut users = users.filter(|id| id.conversation_type() == ConversationType::C2c);
        let (Some(one), Some(two)) = (users.next(), users.next()) else { return Ok(Vec::new()) };
        let login = json!({ "userID": self.user_id, "userSig": self.user_sig });
        let mut lines = vec![format!(
            "TOKEN=$(curl -s {url}/v1/login -H 'Content-Type: application/json' -d '{login}' \
             | sed 's/.*\"accessToken\":\"\\([^\"]*\\).*/\\1/')"
        )];
        let get = |path| format!("{CURL} '{url}/v1{path}' -H \"Authorization: Bearer $TOKEN\"");
        lines.extend(["/conversations?limit=3", "/groups", "/totals"].map(get));
        lines.extend(posts(&one, &two).map(|(path, body)| {
            let body = body.to_string().replace('\'', "'\\''");
            format!("{} -H 'Content-Type: application/json' -d '{body}'", get(path))
        }));
        lines.extend(["readyz", "metrics"].map(|path| format!("{CURL} {private_url}/{path}")));
        Ok(lines)
    }
}

/// The calls that have a body, which work in this order.
fn posts(one: &ConversationId, two: &ConversationId) -> [(&'static str, Value); 15] {
    let group = |ids: &[&ConversationId]| json!({ "conversationIDList": ids, "groupName": "VIP" });
    [
        ("/login/renew", json!({})),
        ("/conversations/list", json!({ "type": "C2C", "limit": 3 })),
        ("/conversations/profile", json!({ "conversationID": one })),
        ("/conversations/refresh", json!({})),
        ("/conversations/pin", json!({ "conversationID": one, "isPinned": true })),
        ("/conversations/read", json!({ "conversationID": one })),
        (
            "/conversations/mark",
            json!({ "conversationIDList": [one], "markType": 1, "enableMark": true }),
        ),
        ("/conversations/custom-data", json!({ "conversationIDList": [one], "customData": "vip" })),
        ("/conversations/draft", json!({ "conversationID": one, "draftText": "Dear Sir" })),
        ("/groups/create", group(&[one])),
        ("/groups/add", group(&[two])),
        ("/groups/remove", group(&[two])),
        ("/groups/rename", json!({ "oldName": "VIP", "newName": "Friends" })),
        ("/groups/delete", json!("Friends")),
        ("/conversations/delete", json!({ "conversationIDList": [two] })),
    ]
}

/// Lets messages come, for as long as it is polled; without a demo it only waits.
pub(super) async fn live(demo: Option<&Demo>, accounts: &Accounts) {
    let (Some(demo), Ok(account)) = (demo, USER.parse()) else {
        return std::future::pending().await;
    };
    for message in 0_usize.. {
        tokio::time::sleep(PAUSE).await;
        let world = demo.emulator.world();
        world.set_now(time::now().as_secs());
        let rows = world.listing(USER).unwrap_or_default();
        // In turn near the head, where a short page shows it, and further down.
        let place = if message % 2 == 0 { 1 + message % 3 } else { 10 + message % 50 };
        let Some(row) = rows.get(place) else { continue };
        // It fails only for rows that the world does not have, and the next message comes anyway.
        let _ = world.say(USER, &row.id, &format!("message {message}"));
        let _ = accounts.request_sync(&account);
    }
}
