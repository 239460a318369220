//! Cleans up values from files, environment variables and other programs' output.

/// Returns the value without a byte order mark, blanks and line breaks around it, and without a
/// pair of quotes. None of these can be part of the value: keys, UserSigs and URLs have no blanks
/// and no quotes.
///
/// All inputs of such values use this, so they all accept the same.
pub(crate) fn tidy(text: &str) -> &str {
    let text = trim(text);
    let mut quotes = ['"', '\''].into_iter();
    let unquoted = quotes.find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    unquoted.map_or(text, trim)
}

fn trim(text: &str) -> &str {
    text.trim_matches(|char: char| char.is_whitespace() || is_stray(char))
}

/// Returns true if a character is invisible and part of no value.
pub(crate) fn is_stray(char: char) -> bool {
    char.is_control() || matches!(char, '\u{FEFF}' | '\u{200B}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_quotes_and_byte_order_marks_are_removed_around_a_value() {
        for text in [
            "a b",
            "a b\n",
            "a b\r\n",
            " \ta b\0",
            "\u{FEFF}a b",
            "\"a b\"",
            "'a b'\n",
            "\u{FEFF}\"a b\n\"\r\n",
        ] {
            assert_eq!(tidy(text), "a b", "{text:?}");
        }
        for text in ["", " ", "\"\"", "\u{FEFF}\n", "\u{200B}"] {
            assert_eq!(tidy(text), "", "{text:?}");
        }
        for text in ["\"", "'a\"", "a\"b", "\"a", "a\nb"] {
            assert_eq!(tidy(text), text, "{text:?}");
        }
    }
}
