//! Names that show nothing.

/// Letters and symbols that are blank by design: fillers of Hangul, the empty braille pattern, and
/// a note without a head.
const BLANK: [char; 6] = ['\u{115F}', '\u{1160}', '\u{2800}', '\u{3164}', '\u{FFA0}', '\u{1D159}'];

/// Returns true if a reader sees anything of a text: not so of blanks, zero-width characters, marks
/// without a base letter, variation selectors, and control or format characters.
pub(super) fn is_visible(text: &str) -> bool {
    text.chars().any(shows)
}

fn shows(char: char) -> bool {
    char.is_ascii_graphic() || (!BLANK.contains(&char) && (is_private(char) || is_printed(char)))
}

/// Returns true if a debug text shows the character as it is. The standard library escapes, by the
/// tables of Unicode, characters without an appearance of their own: blanks, control and format
/// characters, and those that extend the character before.
fn is_printed(char: char) -> bool {
    char != ' ' && char.escape_debug().eq([char])
}

/// Returns true if the app's own fonts decide what the character looks like.
fn is_private(char: char) -> bool {
    matches!(char, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Some characters of each invisible kind.
    const UNSEEN: &str = " \t\n\0\u{7F}\u{85}\u{A0}\u{AD}\u{300}\u{34F}\u{488}\u{5B0}\u{61C}\u{64B}\
        \u{115F}\u{1160}\u{17B4}\u{180E}\u{1AB0}\u{2003}\u{200B}\u{200D}\u{202E}\u{2028}\u{2060}\
        \u{20DD}\u{2066}\u{2800}\u{3000}\u{3164}\u{FE0F}\u{FEFF}\u{FFA0}\u{1D159}\u{E0041}\u{E0100}";

    const SEEN: &[&str] = &[
        "a",
        "0",
        "-",
        "\"",
        "'",
        "\\",
        "é",
        "e\u{301}",
        "王",
        "김",
        "ﷺ",
        "न",
        "👩‍💻",
        "❤️",
        "\u{FFFD}",
        "\u{F8FF}",
    ];

    #[test]
    fn each_kind_of_unseen_character_is_unseen() {
        for char in UNSEEN.chars() {
            assert!(!shows(char), "{char:?}");
        }
        for text in SEEN {
            assert!(is_visible(text), "{text}");
        }
    }

    #[test]
    fn every_letter_and_digit_of_a_script_is_seen() {
        for range in [
            '!'..='~',
            'À'..='ɏ',
            'Α'..='Ρ',
            'А'..='я',
            'א'..='ת',
            'ぁ'..='ゖ',
            '一'..='鿿',
            '가'..='힣',
        ] {
            for char in range {
                assert!(shows(char), "{char:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn one_seen_character_is_enough_at_any_place(
            unseen in prop::collection::vec(prop::sample::select(UNSEEN.chars().collect::<Vec<_>>()), 0..12),
            seen in prop::sample::select(SEEN),
            at: prop::sample::Index,
        ) {
            let (before, after) = unseen.split_at(at.index(unseen.len() + 1));
            let text: String = unseen.iter().collect();
            prop_assert!(!is_visible(&text), "{text:?}");
            let (before, after): (String, String) =
                (before.iter().collect(), after.iter().collect());
            let text = format!("{before}{seen}{after}");
            prop_assert!(is_visible(&text));
        }

        #[test]
        fn invisible_characters_need_no_font(text: String) {
            if !is_visible(&text) {
                prop_assert!(text.chars().all(|char| !char.is_ascii_graphic()));
            }
        }
    }
}
