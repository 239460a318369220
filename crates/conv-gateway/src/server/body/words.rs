//! What is wrong with JSON, in words that a caller knows.

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
    use conv_api::ConversationType;
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
}
