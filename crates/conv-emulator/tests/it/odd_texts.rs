//! Texts that are cut, not UTF-8, or not to be seen.

use conv_emulator::{Emulator, Fault, GroupType, LATIN1_BYTE, LONE_SURROGATE, Rule};
use serde_json::json;

use crate::client::{Client, GET_LIST, ME, list_request};

/// The bytes of an answer.
async fn bytes(client: &Client, command: &str, body: serde_json::Value) -> Vec<u8> {
    client.send(command, &body).await.unwrap().bytes().await.unwrap().to_vec()
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

async fn client() -> Client {
    let client = Client::empty().await;
    let world = client.emulator.world();
    world.add_user("a", "Ann");
    world.add_group("g", GroupType::Public, "Team");
    world.say(ME, "C2Ca", "hi").unwrap();
    client
}

#[tokio::test]
async fn a_text_cut_inside_an_emoji_ends_in_a_lone_surrogate() {
    let client = client().await;
    let world = client.emulator.world();
    let cut = format!("Ann {LONE_SURROGATE}");
    world.rename_user("a", &cut).unwrap();
    world.rename_group("g", &cut).unwrap();
    world.say(ME, "C2Ca", &cut).unwrap();
    let calls = [
        ("profile/portrait_get", json!({"To_Account": ["a"], "TagList": ["Tag_Profile_IM_Nick"]})),
        ("group_open_http_svc/get_group_info", json!({"GroupIdList": ["g"]})),
        (
            "openim/admin_getroammsg",
            json!({"Operator_Account": ME, "Peer_Account": "a",
            "MaxCnt": 1, "MinTime": 0, "MaxTime": u32::MAX}),
        ),
    ];
    for (command, body) in calls {
        let bytes = bytes(&client, command, body).await;
        assert!(has(&bytes, br#""Ann \ud83d""#), "{command}: {}", bytes.escape_ascii());
        assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_err(), "{command}");
    }
}

#[tokio::test]
async fn faults_cut_all_names_and_messages() {
    let client = client().await;
    for rule in [r"names=Ann \ud83d", r"texts=Ann \ud83d"] {
        client.emulator.faults().push(rule.parse().unwrap());
    }
    let info = bytes(&client, "group_open_http_svc/get_group_info", json!({"GroupIdList": ["g"]}));
    assert!(has(&info.await, br#""Name":"Ann \ud83d""#));
    let roam = json!({"Operator_Account": ME, "Peer_Account": "a", "MaxCnt": 1, "MinTime": 0,
        "MaxTime": u32::MAX});
    let messages = bytes(&client, "openim/admin_getroammsg", roam).await;
    assert!(has(&messages, br#""Text":"Ann \ud83d""#));
}

#[tokio::test]
async fn a_custom_mark_can_hold_a_byte_of_latin1() {
    let client = client().await;
    client.emulator.world().set_custom_mark(ME, "C2Ca", &format!("caf{LATIN1_BYTE}")).unwrap();
    let page = bytes(&client, GET_LIST, list_request(None, 63)).await;
    assert!(has(&page, b"\"CustomMark\":\"caf\xe9\""));
    assert!(std::str::from_utf8(&page).is_err());

    let client = Client::of(Emulator::builder().conversations(10)).await;
    let rule: Rule = "bad-row=latin1-mark,nth=1,on=get_list".parse().unwrap();
    client.emulator.faults().push(rule);
    let page = bytes(&client, GET_LIST, list_request(None, 63)).await;
    assert_eq!(page.iter().filter(|byte| **byte == 0xe9).count(), 1);
    client.page(None).await;
}

#[tokio::test]
async fn names_can_be_blank_or_of_zero_width() {
    let client = client().await;
    let body = json!({"To_Account": ["a"], "TagList": ["Tag_Profile_IM_Nick"]});
    for name in ["   ", "\u{200b}", "\u{3164}", "\u{2800}", "\u{ad}", "\u{fe0f}"] {
        client.emulator.world().rename_user("a", name).unwrap();
        let by_world = client.ok("profile/portrait_get", body.clone()).await;
        client.emulator.world().rename_user("a", "Ann").unwrap();
        client.emulator.faults().push(Rule::once(Fault::Names(name.into())));
        let by_fault = client.ok("profile/portrait_get", body.clone()).await;
        for reply in [by_world, by_fault] {
            assert_eq!(reply["UserProfileItem"][0]["ProfileItem"][0]["Value"], name);
        }
    }
}
