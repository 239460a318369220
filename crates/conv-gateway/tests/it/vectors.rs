//! The test vectors of clients in other languages: `vectors/`. `CONV_BLESS=1` writes the files.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use conv_api::{LiveChange, Patch, RemoveReason};
use conv_model::{Conversation, ConversationId, PageKey, list_order};
use serde_json::{Value, json};

use crate::server::stage::contract;

/// Compares with a committed file, whose lists have a line per item.
#[track_caller]
fn committed(file: &str, value: &Value) {
    let mut text = String::from("{\n");
    let members = value.as_object().unwrap();
    for (n, (name, value)) in members.iter().enumerate() {
        let end = if n + 1 < members.len() { "," } else { "" };
        let value = match value.as_array() {
            Some(items) => {
                let lines: Vec<_> = items.iter().map(|item| format!("    {item}")).collect();
                format!("[\n{}\n  ]", lines.join(",\n"))
            }
            None => value.to_string(),
        };
        text += &format!("  \"{name}\": {value}{end}\n");
    }
    text += "}\n";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors").join(file);
    if std::env::var_os("CONV_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(known, text, "{file} differs; CONV_BLESS=1 cargo test takes the new one");
}

fn row(mut value: Value) -> Conversation {
    let id: ConversationId = serde_json::from_value(value["conversationID"].clone()).unwrap();
    value["type"] = json!(id.conversation_type());
    serde_json::from_value(value).unwrap()
}

/// Rows of every kind, in no order.
fn rows() -> Vec<Conversation> {
    let message = |time: u64, text: &str| {
        json!({"lastTime": time, "lastSequence": 7, "fromAccount": "bob", "type": "TIMTextElem",
            "payload": {"text": text}, "messageForShow": text, "cloudCustomData": "",
            "isRevoked": false, "revoker": null, "onlineOnlyFlag": false, "nick": "Bob",
            "nameCard": "", "version": 0})
    };
    vec![
        // Nothing but its ID is known.
        row(json!({"conversationID": "C2Cnever_read"})),
        row(json!({"conversationID": "C2Cbob", "type": "C2C", "unreadCount": 3, "isPinned": true,
            "lastMessage": message(1_775_000_100, "<b>hi</b> & bye"), "remark": "Bob from Press",
            "userProfile": {"userID": "bob", "nick": "Bob", "avatar": "https://example.com/b.png"},
            "markList": [1, 4_294_967_296_u64], "customData": "{\"vip\":true}",
            "conversationGroupList": ["Press", "VIP 客户"], "peerReadTime": 1_775_000_050})),
        // Two of one moment: the ID decides.
        row(json!({"conversationID": "C2Czoe", "lastMessage": message(1_775_000_000, "a"),
            "userProfile": {"userID": "zoe", "nick": "شكرا \u{202e}evil"}, "unreadCount": 0})),
        row(json!({"conversationID": "C2Cadam", "lastMessage": message(1_775_000_000, "b"),
            "userProfile": {"userID": "adam", "nick": ""}, "unreadCount": 0, "draftText": "later"})),
        row(json!({"conversationID": "GROUP@TGS#1muted", "subType": "Public", "unreadCount": 9,
            "messageRemindType": "AcceptNotNotify", "lastMessage": message(1_775_000_300, "x"),
            "groupProfile": {"groupID": "@TGS#1muted", "name": "🚀 launch", "type": "Public"}})),
        row(json!({"conversationID": "GROUP@TGS#2a/b?c#d%20 e", "subType": "Private",
            "unreadCount": 1, "lastMessage": message(1_775_000_200, "y"),
            "groupAtInfoList": [{"from": "bob", "groupID": "@TGS#2a/b?c#d%20 e",
                "messageSequence": 7, "atTypeArray": [2]}],
            "groupProfile": {"groupID": "@TGS#2a/b?c#d%20 e", "name": "Team", "type": "Private"}})),
        row(json!({"conversationID": "GROUP@TGS#_3community@TOPIC#_1", "subType": "Community",
            "lastMessage": message(1_775_000_250, "z")})),
        row(json!({"conversationID": "@TIM#SYSTEM", "lastMessage": message(1_700_000_000, "s")})),
    ]
}

#[test]
fn rows_in_their_order_with_what_a_page_shows_of_them() {
    let mut rows = rows();
    rows.sort_by(list_order);
    let cases: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({"name": row.show_name(), "isPinned": row.listing.is_pinned,
                "countsUnread": row.counts_unread(), "row": row})
        })
        .collect();
    for (case, row) in cases.iter().zip(&rows) {
        let again: Conversation = serde_json::from_value(case["row"].clone()).unwrap();
        assert_eq!(serde_json::to_value(&again).unwrap(), case["row"]);
        assert_eq!(again.show_name(), row.show_name());
    }
    let about = "Rows in list order. name: what a page shows. countsUnread: true if its unread messages \
        count in totals; null if not known.";
    committed("rows.json", &json!({"about": about, "rows": cases}));
}

#[test]
fn page_keys_of_rows_and_texts_that_are_none() {
    let mut rows = rows();
    rows.sort_by(list_order);
    let key = |row: &Conversation| PageKey::of(row).to_string();
    let keys: Vec<_> =
        rows.iter().map(|row| json!({"conversationID": row.id, "key": key(row)})).collect();
    for pair in rows.windows(2) {
        let pair: Vec<PageKey> = pair.iter().map(|row| key(row).parse().unwrap()).collect();
        assert!(pair[0] < pair[1]);
    }
    let first = key(&rows[0]);
    let refused: Vec<String> = vec![
        String::new(),
        "v2-".into(),
        "v1-00".into(),
        first[..first.len() - 1].to_owned(),
        first.clone() + "0",
        first.to_uppercase(),
        first.replacen('2', "3", 1),
    ];
    assert!(refused.iter().all(|text| text.parse::<PageKey>().is_err()));
    let about = "Clients hand a key back as it is. keys: of rows in list order. refused: texts that the \
        server answers with 400, code 990007; then read from the first page.";
    committed("page-keys.json", &json!({"about": about, "keys": keys, "refused": refused}));
}

fn ids(rows: &[Arc<Conversation>]) -> Vec<&ConversationId> {
    rows.iter().map(|row| &row.id).collect()
}

/// zlib's CRC-32, bit by bit: the server has another way to the same number.
fn sum<'a>(ids: impl IntoIterator<Item = &'a str>) -> u32 {
    let bytes = ids.into_iter().flat_map(|id| id.bytes().chain(*b"\n"));
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc)))
}

#[test]
fn sums_of_windows() {
    let long = format!("GROUP@TGS#_{}", "x".repeat(40));
    let many: Vec<String> = (0..50).map(|n| format!("C2Cuser_{n:04}")).collect();
    let lists: Vec<Vec<&str>> = vec![
        vec![],
        vec!["C2Ca"],
        vec!["C2Ca", "C2Cb"],
        vec!["C2Cb", "C2Ca"],
        // Without an end to each ID these would be one.
        vec!["C2CaC2Cb"],
        vec!["C2Ca", "C2Ca"],
        vec!["@TIM#SYSTEM"],
        vec!["GROUP@TGS#2a/b?c#d%20 e"],
        vec![&long, "C2Ca"],
        many.iter().map(|id| &**id).collect(),
    ];
    let cases: Vec<_> =
        lists.iter().map(|ids| json!({"ids": ids, "sum": sum(ids.iter().copied())})).collect();
    let about = "The CRC-32 (zlib's, as an unsigned number) of a window's IDs in its order: of each ID \
        its bytes, then one line feed (0x0A), after the last ID too. 0 for a window without rows.";
    committed("sums.json", &json!({"about": about, "cases": cases}));
}

/// Every kind of step, one after another.
fn steps(all: &[Arc<Conversation>]) -> Vec<Vec<Patch>> {
    let row = |at: usize| Arc::clone(&all[at]);
    let remove = |index, at: usize, reason| Patch::Remove { index, id: all[at].id.clone(), reason };
    let mut renamed = serde_json::to_value(&all[0]).unwrap();
    renamed["draftText"] = json!("soon");
    let renamed = Arc::new(self::row(renamed));
    vec![
        vec![Patch::Insert { index: 4, row: row(4) }],
        vec![Patch::Insert { index: 0, row: row(5) }],
        vec![Patch::Move { from: 5, to: 1, row: row(4) }],
        vec![Patch::Move { from: 0, to: 5, row: row(5) }],
        vec![Patch::Update { index: 1, row: renamed }],
        vec![],
        // Each index is of the moment at which the step is taken.
        vec![
            remove(0, 4, RemoveReason::NotInCloud),
            Patch::Insert { index: 0, row: row(6) },
            Patch::Move { from: 0, to: 5, row: row(6) },
            remove(4, 5, RemoveReason::BelowWindow),
        ],
        vec![remove(4, 6, RemoveReason::LeftFilter)],
        vec![remove(1, 1, RemoveReason::Expired), remove(0, 0, RemoveReason::Deleted)],
        vec![remove(0, 2, RemoveReason::Deleted), remove(0, 3, RemoveReason::Deleted)],
    ]
}

#[test]
fn updates_and_the_rows_after_each() {
    let mut all = rows();
    all.sort_by(list_order);
    let all: Vec<_> = all.into_iter().map(Arc::new).collect();
    let totals = |rows: &[Arc<Conversation>]| json!({"conversations": rows.len(), "unread": 0, "unreadConversations": 0, "mentioned": 0});
    let step = |update: Value, rows: &[Arc<Conversation>]| {
        let mut update = update;
        update["sum"] = json!(sum(ids(rows).into_iter().map(ConversationId::as_str)));
        update["totals"] = totals(rows);
        contract().is_valid("/components/schemas/Update", &update, "update");
        json!({"update": update, "after": ids(rows)})
    };
    let mut rows = all[..4].to_vec();
    let mut cases = vec![step(json!({"type": "reset", "seq": 1, "rows": rows}), &rows)];
    for (seq, patches) in (2..).zip(steps(&all)) {
        for patch in &patches {
            patch.apply(&mut rows).unwrap();
        }
        cases.push(step(json!({"type": "patch", "seq": seq, "patches": patches}), &rows));
    }
    assert!(rows.is_empty());
    rows = all[5..].to_vec();
    cases.push(step(json!({"type": "reset", "seq": 99, "rows": rows}), &rows));
    let misfits = misfits(&all);
    let about = "steps: updates of one window, to be taken in order, each with the IDs of the rows after \
        it, whose sum it names. misfits: IDs of rows, and a step that does not fit them: nothing is \
        changed, and the client asks for a reset.";
    committed("updates.json", &json!({"about": about, "steps": cases, "misfits": misfits}));
}

fn misfits(all: &[Arc<Conversation>]) -> Vec<Value> {
    let two = all[..2].to_vec();
    let row = |at: usize| Arc::clone(&all[at]);
    let reason = RemoveReason::Deleted;
    let patches = [
        Patch::Insert { index: 3, row: row(3) },
        Patch::Update { index: 2, row: row(2) },
        Patch::Update { index: 0, row: row(1) },
        Patch::Move { from: 0, to: 2, row: row(0) },
        Patch::Move { from: 1, to: 0, row: row(0) },
        Patch::Remove { index: 2, id: all[2].id.clone(), reason },
        Patch::Remove { index: 0, id: all[1].id.clone(), reason },
    ];
    let case = |patch: &Patch| {
        let mut rows = two.clone();
        assert!(patch.apply(&mut rows).is_err());
        assert_eq!(rows, two);
        contract().is_valid("/components/schemas/Patch", &json!(patch), "patch");
        json!({"rows": ids(&two), "patch": patch})
    };
    patches.iter().map(case).collect()
}

type Rows = Vec<Arc<Conversation>>;

/// The difference between two windows, as a client that comes back gets it.
fn difference(before: &Rows, after: &Rows) -> LiveChange {
    let is_new = |row: &&Arc<Conversation>| !before.contains(row);
    let rows = after.iter().filter(is_new).cloned().collect();
    LiveChange::Sync { order: after.iter().map(|row| row.id.clone()).collect(), rows }
}

/// Reads a difference as a client does: each ID of the order in its newest form. `None` if there is no
/// such row.
fn arranged(before: &Rows, change: &Value) -> Option<Vec<Value>> {
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for row in before.iter().map(|row| json!(row)).chain(change["rows"].as_array()?.clone()) {
        known.insert(row["conversationID"].as_str()?.to_owned(), row);
    }
    let order = change["order"].as_array()?.iter();
    order.map(|id| known.get(id.as_str()?).cloned()).collect()
}

#[test]
fn resumes_and_the_rows_after_each() {
    let mut all = rows();
    all.sort_by(list_order);
    let all: Rows = all.into_iter().map(Arc::new).collect();
    let (held, newer) = all.split_at(5);
    let held = held.to_vec();
    let of = |numbers: &[usize]| -> Rows { numbers.iter().map(|n| Arc::clone(&all[*n])).collect() };
    let mut renamed = serde_json::to_value(&held[1]).unwrap();
    renamed["draftText"] = json!("soon");
    let renamed = Arc::new(row(renamed));
    let changed = vec![Arc::clone(&renamed), of(&[0])[0].clone(), newer[0].clone()];
    let cases = [
        // The totals alone changed, or rows below the window.
        (of(&[0, 1, 2]), of(&[0, 1, 2])),
        // Another order, of rows that the client holds.
        (of(&[0, 1, 2]), of(&[2, 0, 1])),
        // One came.
        (of(&[0, 1]), of(&[0, 5, 1])),
        // One left.
        (of(&[0, 1, 2]), of(&[0, 2])),
        // One changed and moved, one came, two left.
        (of(&[0, 1, 2, 3]), changed),
        // None of the rows is left.
        (of(&[3, 4]), of(&[5, 6, 7])),
        (of(&[0, 1, 2, 3, 4]), Rows::new()),
        // The window was empty.
        (Rows::new(), of(&[4, 6])),
    ];
    let case = |(before, after): &(Rows, Rows)| {
        let mut update = json!(difference(before, after));
        update["seq"] = json!(9);
        update["position"] = json!("00c0ffee00c0ffee.9");
        update["sum"] = json!(sum(ids(after).into_iter().map(ConversationId::as_str)));
        update["totals"] = json!({"conversations": after.len(), "unread": 0,
            "unreadConversations": 0, "mentioned": 0});
        contract().is_valid("/components/schemas/Update", &update, "update");
        assert_eq!(arranged(before, &update), Some(after.iter().map(|row| json!(row)).collect()));
        json!({"before": ids(before), "update": update, "after": ids(after)})
    };
    let resumes: Vec<_> = cases.iter().map(case).collect();
    let (before, order) = (of(&[0, 1]), of(&[0, 2]));
    let misfit = json!({"type": "sync", "order": ids(&order), "rows": []});
    assert_eq!(arranged(&before, &misfit), None);
    let misfits = [json!({"before": ids(&before), "update": misfit})];
    let about = "held: rows as a client holds them. resumes: IDs of rows that it held when it came back, \
        the update that it gets, and the IDs of its rows afterwards, whose sum the update names. A row \
        of the update replaces the held one; one that is not in the order has left. misfits: updates \
        with an ID that is in neither: nothing is changed, and the client asks for a reset.";
    committed(
        "resumes.json",
        &json!({"about": about, "held": held, "resumes": resumes, "misfits": misfits}),
    );
}
