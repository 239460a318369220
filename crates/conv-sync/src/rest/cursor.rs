//! The cloud's four-part cursor as text.

use std::fmt;

use conv_model::Cursor;

use crate::SourceError;

/// The start of a page: two numbers for the normal rows, two for the pinned ones. They are opaque
/// and go back as they came; all zeros are the head of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) time: i64,
    pub(super) index: i64,
    pub(super) top_time: i64,
    pub(super) top_index: i64,
}

/// The source and version of the text.
const PREFIX: &str = "tim1:";

impl Position {
    /// Reads a cursor's text. A cursor of another source or version has expired.
    pub(super) fn of_cursor(cursor: &Cursor) -> Result<Self, SourceError> {
        let text = cursor.as_str();
        read(text)
            // One place must have one text: otherwise a repeated cursor would go unnoticed.
            .filter(|position| position.to_string() == text)
            .ok_or(SourceError::CursorExpired)
    }

    pub(super) fn to_cursor(self) -> Cursor {
        Cursor::new(self.to_string())
    }
}

fn read(text: &str) -> Option<Position> {
    let mut numbers = text.strip_prefix(PREFIX)?.split(',').map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some(Position { time: next()?, index: next()?, top_time: next()?, top_index: next()? })
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { time, index, top_time, top_index } = self;
        write!(f, "{PREFIX}{time},{index},{top_time},{top_index}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_gives_its_numbers_back() {
        let position =
            Position { time: 1_775_552_160, index: 0, top_time: i64::MAX, top_index: -1 };
        let cursor = position.to_cursor();
        assert_eq!(cursor.as_str(), "tim1:1775552160,0,9223372036854775807,-1");
        assert_eq!(Position::of_cursor(&cursor).unwrap(), position);
    }

    #[test]
    fn a_foreign_cursor_has_expired() {
        for text in [
            "",
            "tim1:",
            "tim1:1,2,3",
            "tim1:1,2,3,4,5",
            "tim2:1,2,3,4",
            "1,2,3,4",
            "tim1:1,2,3,x",
            "tim1:+1,2,3,4",
            "tim1:01,2,3,4",
            "tim1:1,2,3,4 ",
            "tim1:9223372036854775808,0,0,0",
        ] {
            let read = Position::of_cursor(&Cursor::new(text));
            assert!(matches!(read, Err(SourceError::CursorExpired)), "{text}");
        }
    }
}
