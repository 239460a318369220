//! The tables of the page on conversation IDs are true.

use conv_model::{ConversationId, ConversationIdRef, MarkType, Marks, Peer};

/// The rows under a heading that have `columns` cells, without head and rule, spelled out.
fn table(heading: &str, columns: usize) -> Vec<Vec<String>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/conversation-id.md");
    let page = std::fs::read_to_string(path).unwrap();
    let section = page.split("\n#").find(|part| part.trim_start_matches('#').starts_with(heading));
    let rows: Vec<Vec<String>> = section
        .unwrap()
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(cell).collect())
        .collect();
    assert!(rows.len() > 4 && rows.iter().all(|row| row.len() == columns), "{rows:?}");
    rows
}

/// A cell's text; `x{3}` becomes `xxx`, `\t` a tab.
fn cell(cell: &str) -> String {
    let trimmed = cell.trim();
    let mut text = trimmed.trim_matches('`').replace("\\t", "\t");
    while let Some((head, tail)) = text.split_once('{') {
        let (times, tail) = tail.split_once('}').unwrap();
        let repeated = head.chars().next_back().unwrap().to_string();
        let more = repeated.repeat(times.parse::<usize>().unwrap() - 1);
        text = format!("{head}{more}{tail}");
    }
    text
}

#[test]
fn accepted_ids_are_accepted() {
    for row in table(" Accepted", 3) {
        let id: ConversationId = row[0].parse().unwrap();
        let (kind, peer) = match id.peer() {
            Peer::User(user) => ("C2C".to_owned(), user.as_str()),
            Peer::Group(group) => (format!("{:?}", group.kind()), group.as_str()),
            Peer::System => ("System".to_owned(), ""),
        };
        assert_eq!([id.as_str(), &kind, peer], row[..]);
    }
}

#[test]
fn refused_texts_are_refused_for_the_reason_that_is_named() {
    for row in table(" Refused", 3) {
        let reason = ConversationIdRef::parse(&row[0]).unwrap_err();
        assert_eq!(format!("{reason:?}"), row[1], "{:?}", row[0]);
    }
}

#[test]
fn web_and_native_spelling_are_those_of_the_table() {
    for row in table(" Web and native", 2) {
        let id: ConversationId = row[0].parse().unwrap();
        assert_eq!(id.to_native().unwrap_or("none".to_owned()), row[1]);
    }
}

#[test]
fn marks_have_the_spellings_of_the_table() {
    for row in table(" Marks", 4) {
        let mark = MarkType::from_bit(row[1].parse().unwrap()).unwrap();
        assert_eq!(mark.value().to_string(), row[2]);
        assert_eq!(Marks::NONE.with(mark).to_bit_string(), row[3]);
    }
}
