//! Reads and deletions of a user who saw an older list than the gateway's.

use std::time::Duration;

use conv_emulator::Change;
use serde_json::{Value, json};

use super::stage::Stage;

const ZOE: &str = "C2Czoe";

struct Scene {
    stage: Stage,
    token: String,
    /// The times of the message that the user saw, and of the one that he did not see.
    saw: u64,
    newest: u64,
}

impl Scene {
    /// The gateway's list has both messages.
    async fn new() -> Self {
        let stage = Stage::pulled(|it| it).await;
        let world = stage.cloud.world();
        let saw = world.say("alice", ZOE, "seen").unwrap();
        world.advance(Duration::from_secs(5));
        let newest = world.say("alice", ZOE, "not seen").unwrap();
        assert!(saw < newest);
        let token = stage.login("alice").await;
        let scene = Self { stage, token, saw, newest };
        for _ in 0..50 {
            scene.stage.pull("alice").await;
            if scene.row().await["lastMessage"]["lastTime"] == json!(newest) {
                return scene;
            }
        }
        panic!("the list has no second message");
    }

    async fn row(&self) -> Value {
        let rows = self.stage.post("/conversations/list", &self.token, &json!([ZOE])).await.data();
        rows["conversationList"][0].clone()
    }

    async fn changes(&self) -> Vec<Value> {
        let data = self.stage.get("/changes", &self.token).await.data();
        data["changes"].as_array().unwrap().clone()
    }

    async fn flush(&self) {
        let list = self.stage.accounts.open(&"alice".parse().unwrap()).await.unwrap();
        list.flush(Duration::from_secs(60)).await.unwrap();
    }

    fn writes(&self) -> Vec<Change> {
        let writes = self.stage.cloud.world().writes("alice").unwrap();
        writes.into_iter().map(|write| write.change).collect()
    }

    async fn delete(&self, seen: Value) -> (u16, i64) {
        let body = json!({"conversationIDList": [ZOE], "seen": seen});
        self.stage.post("/conversations/delete", &self.token, &body).await.refusal()
    }
}

#[tokio::test]
async fn a_read_covers_what_the_user_saw_and_never_more_than_is_shown() {
    let scene = Scene::new().await;
    for (until, covers) in [(scene.saw, scene.saw), (scene.newest + 100, scene.newest)] {
        let body = json!({"conversationID": ZOE, "until": until});
        scene.stage.post("/conversations/read", &scene.token, &body).await.data();
        scene.flush().await;
        let expected = Change::Read { conversation: ZOE.to_owned(), until: covers };
        assert_eq!(scene.writes().last(), Some(&expected));
    }
}

#[tokio::test]
async fn a_read_by_a_user_who_saw_no_message_changes_nothing() {
    let scene = Scene::new().await;
    let body = json!({"conversationID": ZOE, "until": 0});
    scene.stage.post("/conversations/read", &scene.token, &body).await.data();
    scene.flush().await;
    assert!(scene.writes().is_empty() && scene.changes().await.is_empty());
}

#[tokio::test]
async fn a_deletion_of_what_the_user_saw_deletes_no_newer_message() {
    let scene = Scene::new().await;
    assert_eq!(scene.delete(json!({ ZOE: scene.saw })).await.0, 200);
    assert_eq!(scene.row().await["conversationID"], ZOE);
    scene.flush().await;
    let change = scene.changes().await[0].clone();
    assert_eq!(
        (&change["state"], &change["failure"]["class"]),
        (&json!("failed"), &json!("cancelled"))
    );
    assert!(scene.stage.ids("alice").contains(&ZOE.to_owned()));

    assert_eq!(scene.delete(json!({ ZOE: scene.newest + 100 })).await.0, 200);
    scene.flush().await;
    assert!(!scene.stage.ids("alice").contains(&ZOE.to_owned()));
}

#[tokio::test]
async fn what_the_user_saw_is_of_conversations_that_are_to_be_deleted() {
    let scene = Scene::new().await;
    let other = scene.stage.ids("alice").into_iter().find(|id| id != ZOE).unwrap();
    for seen in
        [json!({ other: scene.saw }), json!({ "x": 1 }), json!(scene.saw), json!({ ZOE: -1 })]
    {
        assert_eq!(scene.delete(seen).await.0, 400);
    }
    assert!(scene.changes().await.is_empty());
}
