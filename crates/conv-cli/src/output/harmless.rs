//! Makes texts of others harmless for a terminal.

use std::borrow::Cow;

/// Replaces a character that a terminal would obey instead of showing it.
const STAND_IN: char = '\u{FFFD}';

/// Returns the text with line breaks and tabs as spaces, and with a replacement for every character
/// that moves the cursor, changes colors, or changes the direction of writing.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().map(|c| match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        c if is_harmful(c) => STAND_IN,
        c => c,
    });
    Cow::Owned(shown.collect())
}

/// Returns true if a character is a control character (C0, DEL, C1), a line or paragraph separator,
/// or overrides or embeds a direction of writing. All of these are below U+10000.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}')
        || matches!(c, '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(harmless("a\u{1b}[31mb\u{9b}2J"), "a\u{FFFD}[31mb\u{FFFD}2J");
        assert_eq!(harmless("one\r\ntwo\tthree"), "one  two three");
        assert_eq!(harmless("\u{202e}evil\u{2066}"), "\u{FFFD}evil\u{FFFD}");
    }

    #[test]
    fn scripts_and_emoji_stay_as_they_are() {
        for text in ["VIP 客户", "שלום", "👩‍👩‍👧", "नमस्ते", "❤️"]
        {
            assert!(matches!(harmless(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
