//! Sanitizes texts of the cloud and the network for errors and rows.

use std::fmt::Write;

/// The maximum number of characters of the cloud's message in an error.
const MAX_CHARS: usize = 200;
/// A run of this many characters that also occurs in a UserSig counts as a part of it.
const GIVEAWAY: usize = 12;

/// Sanitizes a text of the cloud or network for an error: shortens it, escapes control and
/// direction characters, and removes parts of the UserSig that the other side may have echoed.
pub(super) fn for_error(text: &str, user_sig: &str) -> String {
    let mut out = String::new();
    let shown = without_secret(text, user_sig);
    for (at, char) in shown.chars().enumerate() {
        if at == MAX_CHARS {
            out.push('…');
            break;
        }
        if is_tricky(char) {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "{}", char.escape_unicode());
        } else {
            out.push(char);
        }
    }
    out
}

/// Returns true if a character is a control character, or changes the direction of the text around
/// it.
fn is_tricky(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Replaces every part of the UserSig in a text.
fn without_secret(text: &str, user_sig: &str) -> String {
    let text = match user_sig {
        "" => text.to_owned(),
        _ => text.replace(user_sig, "[REDACTED]"),
    };
    text.split_inclusive(|char: char| !is_sig_char(char))
        .map(|piece| {
            let word = piece.trim_end_matches(|char| !is_sig_char(char));
            let is_part = word.len() >= GIVEAWAY && user_sig.contains(word);
            if is_part { piece.replace(word, "[REDACTED]") } else { piece.to_owned() }
        })
        .collect()
}

fn is_sig_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '*' | '-' | '_')
}

/// Returns at most the first `max` bytes of a text, cut between characters.
pub(super) fn cut(text: &str, max: usize) -> &str {
    let end = max.min(text.len());
    // A character has four bytes at most, so this ends at once.
    (0..=end).rev().find_map(|end| text.get(..end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shortened_and_escaped() {
        assert_eq!(for_error("err\n\u{202E}x\0", ""), "err\\u{a}\\u{202e}x\\u{0}");
        assert_eq!(for_error(&"ü".repeat(500), "").chars().count(), MAX_CHARS + 1);
        assert_eq!(for_error("", "abc"), "");
    }

    #[test]
    fn an_echoed_user_sig_is_cut_out() {
        let user_sig = "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwokpuZl5mcUlRYkl*UVQBcUp2Y__";
        let parts = [user_sig, &user_sig[..12], &user_sig[20..40]];
        for part in parts {
            for text in [format!("bad: usersig={part}&x"), format!("{part} {part}"), part.into()] {
                let shown = for_error(&text, user_sig);
                assert!(!shown.contains(part), "{shown}");
                assert!(shown.contains("[REDACTED]"), "{shown}");
            }
        }
        let embedded = format!("x{user_sig}y");
        assert_eq!(for_error(&embedded, user_sig), "x[REDACTED]y");
        assert_eq!(for_error("verification failed", user_sig), "verification failed");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("añb", 2), "a");
        assert_eq!(cut("añb", 3), "añ");
        assert_eq!(cut("añb", 9), "añb");
    }
}
