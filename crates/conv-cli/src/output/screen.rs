//! Lines on a terminal, of which only changed ones are written again.

use std::fmt::Write;

/// The lines on the terminal; the cursor is below them.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    shown: Vec<String>,
}

impl Screen {
    /// Returns what to write so that these lines replace the current ones.
    pub(crate) fn paint(&mut self, lines: Vec<String>) -> String {
        let mut out = String::new();
        let height = self.shown.len();
        let changed = self.shown.iter().zip(&lines).enumerate();
        for (at, (_, line)) in changed.filter(|(_, (old, new))| old != new) {
            let up = height - at;
            // Writing to a `String` cannot fail.
            let _ = write!(out, "\x1b[{up}A\r{line}\x1b[K\x1b[{up}B\r");
        }
        if lines.len() < height {
            let _ = write!(out, "\x1b[{}A\r\x1b[J", height - lines.len());
        }
        for line in lines.iter().skip(height) {
            let _ = writeln!(out, "{line}\x1b[K");
        }
        self.shown = lines;
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_changed_lines_are_written_again() {
        let mut screen = Screen::default();
        assert_eq!(screen.paint(lines(&["a", "b", "c"])), "a\x1b[K\nb\x1b[K\nc\x1b[K\n");
        assert_eq!(screen.paint(lines(&["a", "b", "c"])), "");
        assert_eq!(screen.paint(lines(&["a", "B", "c"])), "\x1b[2A\rB\x1b[K\x1b[2B\r");
    }

    #[test]
    fn lines_come_and_go_at_the_end() {
        let mut screen = Screen::default();
        screen.paint(lines(&["a", "b", "c"]));
        assert_eq!(screen.paint(lines(&["a"])), "\x1b[2A\r\x1b[J");
        assert_eq!(screen.paint(lines(&["a", "d"])), "d\x1b[K\n");
    }
}
