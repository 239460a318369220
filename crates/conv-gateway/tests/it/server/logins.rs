//! Logging in, renewing, and who is let in.

use axum::http::header::WWW_AUTHENTICATE;
use serde_json::json;

use super::stage::{NOW, Stage, get, post, request};

#[tokio::test]
async fn a_login_gives_a_token_that_opens_the_list() {
    let stage = Stage::pulled(|it| it).await;
    let token = stage.login("alice").await;
    let data = stage.post("/conversations/list", &token, &json!(null)).await.data();
    assert_eq!(data["conversationList"].as_array().unwrap().len(), 12);
    assert_eq!(data["isSyncCompleted"], true);
}

#[tokio::test]
async fn a_token_is_renewed_until_the_user_sig_ends() {
    let stage = Stage::new().await;
    let mut token = stage.login("alice").await;
    for _ in 0..86_400 / 800 - 1 {
        stage.advance(800);
        let data = stage.post("/login/renew", &token, &json!({})).await.data();
        token = data["accessToken"].as_str().unwrap().to_owned();
        assert_eq!(data["loginEndsAt"], NOW + 86_400);
    }
    stage.advance(800);
    let refused = stage.post("/login/renew", &token, &json!({})).await;
    assert_eq!(refused.refusal(), (401, 2024));
}

#[tokio::test]
async fn every_call_but_the_login_needs_a_token() {
    let stage = Stage::new().await;
    let token = stage.login("alice").await;
    let gets = ["/conversations", "/changes", "/groups", "/totals"];
    for path in gets {
        let path = format!("/v1{path}");
        let none = stage.send(get(&path, None)).await;
        assert_eq!(none.refusal(), (401, 2024), "{path}");
        assert_eq!(none.headers[WWW_AUTHENTICATE], "Bearer");
        let bad = stage.send(get(&path, Some("eJyrVgrxCdYr"))).await;
        assert_eq!(bad.refusal(), (401, 2024), "{path}");
        assert_eq!(bad.headers[WWW_AUTHENTICATE], "Bearer error=\"invalid_token\"");
        assert_eq!(stage.send(get(&path, Some(&token))).await.status, 200, "{path}");
    }
    for path in POSTS {
        let path = format!("/v1{path}");
        assert_eq!(
            stage.send(post(&path, None, &json!({}))).await.refusal(),
            (401, 2024),
            "{path}"
        );
    }
    let twice = request("GET", "/v1/groups", Some(&token))
        .header("authorization", format!("Bearer {token}"))
        .body(Default::default())
        .unwrap();
    assert_eq!(stage.send(twice).await.refusal(), (401, 2024));
    stage.advance(900);
    assert_eq!(stage.get("/groups", &token).await.refusal(), (401, 2024));
}

const POSTS: [&str; 17] = [
    "/login/renew",
    "/conversations/list",
    "/conversations/profile",
    "/conversations/refresh",
    "/conversations/delete",
    "/conversations/pin",
    "/conversations/read",
    "/conversations/mark",
    "/conversations/custom-data",
    "/conversations/draft",
    "/groups/create",
    "/groups/delete",
    "/groups/rename",
    "/groups/add",
    "/groups/remove",
    "/changes/retry",
    "/changes/drop",
];

#[tokio::test]
async fn an_unknown_user_and_a_bad_signature_get_the_same_answer() {
    let stage = Stage::with(|it| it.login_failures(100)).await;
    let genuine = stage.user_sig("alice");
    let login = async |user: &str, sig: &str| {
        let reply = stage.send(post("/v1/login", None, &json!({"userID": user, "userSig": sig})));
        let reply = reply.await;
        let mut json = reply.json();
        json["instance"] = json!(null);
        (reply.status.as_u16(), json)
    };
    let mut forged = genuine.clone();
    forged.replace_range(20..21, if &genuine[20..21] == "A" { "B" } else { "A" });
    let expected = login("alice", &forged).await;
    assert_eq!((expected.0, &expected.1["code"]), (401, &json!(70003)));
    for (user, sig) in [("nobody", &*forged), ("administrator", &forged), ("alice", "x")] {
        assert_eq!(login(user, sig).await, expected, "{user}");
    }
    let administrator = stage.user_sig("administrator");
    assert_eq!(login("administrator", &administrator).await.0, 403);
    assert_eq!(login("bob", &genuine).await.1["code"], 70013);
    stage.advance(86_400);
    assert_eq!(login("alice", &genuine).await.1["code"], 70001);
}

/// How long a refusal takes tells of a user only if the work depends on him.
#[tokio::test]
async fn a_login_that_is_refused_looks_at_no_list_and_no_cloud() {
    let stage = Stage::pulled(|it| it.login_failures(100)).await;
    stage.cloud.reset_calls();
    stage.asked.clear();
    let before = stage.accounts.stats();
    let mut forged = stage.user_sig("alice");
    forged.replace_range(20..21, if &forged[20..21] == "A" { "B" } else { "A" });
    // Loaded, known to the cloud alone, known to nobody, an administrator.
    for user in ["alice", "carol", "nobody", "administrator"] {
        for sig in [&*forged, "x", ""] {
            let login = json!({"userID": user, "userSig": sig});
            assert_eq!(stage.send(post("/v1/login", None, &login)).await.status, 401);
        }
    }
    let after = stage.accounts.stats();
    assert_eq!(after.accounts_open, before.accounts_open);
    assert_eq!((stage.cloud.calls().total, after.calls), (0, before.calls));
    assert!(stage.asked.accounts().is_empty());
}

#[tokio::test]
async fn a_delegate_acts_only_where_the_embedder_lets_him() {
    let none = Stage::pulled(|it| it).await;
    let token = none.login("alice").await;
    assert_eq!(none.get("/accounts/bob/groups", &token).await.refusal(), (404, 2997));

    use conv_gateway::Action;
    let stage = Stage::pulled(|it| {
        it.authorizer(|who: &conv_api::AccountId, whose: &conv_api::AccountId, action: Action| {
            who.as_str() == "alice" && whose.as_str() == "bob" && action == Action::Read
        })
    })
    .await;
    let (alice, bob) = (stage.login("alice").await, stage.login("bob").await);
    let list = stage.post("/accounts/bob/conversations/list", &alice, &json!([])).await;
    assert_eq!(list.refusal(), (400, 3153));
    let data = stage.get("/accounts/bob/conversations?limit=1", &alice).await.data();
    assert_eq!(data["conversationList"][0]["conversationID"], stage.ids("bob")[0]);
    let id = json!({"conversationID": stage.ids("bob")[0], "isPinned": true});
    let change = stage.post("/accounts/bob/conversations/pin", &alice, &id).await;
    assert_eq!(change.refusal(), (403, 2905));
    let refresh = stage.post("/accounts/bob/conversations/refresh", &alice, &json!({})).await;
    assert_eq!(refresh.refusal(), (403, 2905));
    assert_eq!(stage.get("/accounts/alice/groups", &bob).await.refusal(), (403, 2905));
    assert_eq!(stage.get("/accounts/carol/groups", &alice).await.refusal(), (403, 2905));
}
