//! The errors of JSON, in words that a caller knows.

use serde_json::Error;

/// The words of the parser for what it expected, and ours.
const EXPECTED: [(&str, &str); 13] = [
    ("u8", WHOLE),
    ("u16", WHOLE),
    ("u32", WHOLE),
    ("u64", WHOLE),
    ("usize", WHOLE),
    ("a nonzero usize", "a whole number from 1"),
    ("a sequence", "a list"),
    ("a map", "an object"),
    ("a boolean", "true or false"),
    ("a string", "a text"),
    ("string or map", "a text"),
    ("map with a single key", "a text"),
    ("value", "a value"),
];
const WHOLE: &str = "a whole number from 0";

/// The words of the parser for what it found, and ours.
const FOUND: [(&str, &str); 10] = [
    ("invalid type: map", "an object"),
    ("invalid type: sequence", "a list"),
    ("invalid type: boolean ", "the value "),
    ("invalid type: integer ", "the number "),
    ("invalid type: floating point ", "the number "),
    ("invalid type: string ", "the text "),
    ("invalid type: ", ""),
    ("invalid value: map", "an object"),
    ("invalid value: integer ", "the number "),
    ("invalid value: ", ""),
];

/// The maximum length of a member's path in an error, which may have keys of the caller's choice.
const MAX_PATH: usize = 100;

/// Describes an error of the parser after the path of the member that is wrong, such as
/// `queries.main.window`. An unknown or missing member is named by the error itself: the path is that of
/// the object around it.
pub(super) fn with_member(error: &serde_path_to_error::Error<Error>) -> String {
    let words = of(error.inner());
    let path = error.path().to_string();
    let path = match words.strip_prefix("unknown field ") {
        Some(_) => path.rsplit_once('.').map_or("", |(object, _)| object),
        None => path.trim_matches('.'),
    };
    if path.is_empty() || path.len() > MAX_PATH { words } else { format!("{path}: {words}") }
}

/// Describes an error of the parser.
pub(in crate::server) fn of(error: &Error) -> String {
    let (text, place) = (error.to_string(), place(error));
    let text = text.strip_suffix(&place).unwrap_or(&text);
    mended(text) + &place
}

/// The end of the parser's text: where in the body it is, if there is a body.
fn place(error: &Error) -> String {
    match error.line() {
        0 => String::new(),
        line => format!(" at line {line} column {}", error.column()),
    }
}

fn mended(text: &str) -> String {
    if let Some(rest) = text.strip_prefix("unknown variant ") {
        return format!("unknown value {rest}");
    }
    let found = FOUND.iter().find_map(|(theirs, ours)| Some((text.strip_prefix(theirs)?, ours)));
    // What was found may be the caller's own text: what was expected is behind it.
    let split = found.and_then(|(rest, ours)| Some((rest.rsplit_once(", expected ")?, ours)));
    let Some(((rest, expected), found)) = split else {
        return text
            .strip_prefix("expected ")
            .map_or(text.to_owned(), |it| format!("expected {}", ours(it)));
    };
    format!("expected {}, not {found}{rest}", ours(expected))
}

fn ours(expected: &str) -> &str {
    let known = EXPECTED.iter().find(|(theirs, _)| *theirs == expected);
    known.map_or(expected, |(_, ours)| ours)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use conv_api::ConversationType;
    use serde::Deserialize;
    use serde_json::{Value, from_slice, from_value, json};

    use super::*;

    #[test]
    fn numbers_lists_and_objects_have_the_names_of_json() {
        let number = |value: Value| of(&from_value::<u32>(value).unwrap_err());
        assert_eq!(number(json!("x")), "expected a whole number from 0, not the text \"x\"");
        assert_eq!(number(json!(-1)), "expected a whole number from 0, not the number `-1`");
        assert_eq!(number(json!({})), "expected a whole number from 0, not an object");
        // The caller's own words stay as they are.
        let text = number(json!("u32, expected u64"));
        assert_eq!(text, "expected a whole number from 0, not the text \"u32, expected u64\"");
        let list = of(&from_slice::<Vec<bool>>(b"[\n1]").unwrap_err());
        assert_eq!(list, "expected true or false, not the number `1` at line 2 column 1");
        let kind = of(&from_value::<ConversationType>(json!("x")).unwrap_err());
        assert!(kind.starts_with("unknown value `x`, expected one of `C2C`"), "{kind}");
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[allow(dead_code)]
    struct Options {
        is_pinned: bool,
        #[serde(default)]
        queries: BTreeMap<String, Options>,
        #[serde(default)]
        numbers: Vec<u32>,
    }

    #[test]
    fn the_member_that_is_wrong_is_named() {
        let words = |json: &str| {
            let mut reader = serde_json::Deserializer::from_str(json);
            let read: Result<Options, _> = serde_path_to_error::deserialize(&mut reader);
            with_member(&read.unwrap_err())
        };
        let long = "x".repeat(MAX_PATH);
        for (json, expected) in [
            (
                r#"{"isPinned":"yes"}"#,
                "isPinned: expected true or false, not the text \"yes\" at line 1 column 17",
            ),
            (
                r#"{"isPinned":true,"numbers":[1,-1]}"#,
                "numbers[1]: expected a whole number from 0, not the number `-1` at line 1 column 32",
            ),
            (
                r#"{"isPinned":true,"queries":{"main":{"isPinned":1}}}"#,
                "queries.main.isPinned: expected true or false, not the number `1` at line 1 column 48",
            ),
            (
                r#"{"isPinned":true,"queries":{"main":{}}}"#,
                "queries.main: missing field `isPinned` at line 1 column 37",
            ),
            (r#"{}"#, "missing field `isPinned` at line 1 column 2"),
            (
                r#"{"pinned":1}"#,
                "unknown field `pinned`, expected one of `isPinned`, `queries`, `numbers` at line 1 \
                 column 9",
            ),
            (
                r#"{"queries":{"main":{"x":1}}}"#,
                "queries.main: unknown field `x`, expected one of `isPinned`, `queries`, `numbers` at \
                 line 1 column 23",
            ),
            ("[]", "invalid length 0, expected struct Options with 3 elements at line 1 column 2"),
            (
                &format!(r#"{{"queries":{{"{long}":1}}}}"#),
                "expected struct Options, not the number `1` at line 1 column 116",
            ),
        ] {
            assert_eq!(words(json), expected);
        }
    }
}
