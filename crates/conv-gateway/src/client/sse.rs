//! A parser of `text/event-stream`, for bytes that come in any pieces.

/// The maximum bytes of a line, and of an event's data.
const MAX_LINE: usize = 4 * 1024 * 1024;

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// The name; empty for a comment, and for an event without one.
    pub(super) name: String,
    pub(super) data: String,
}

/// A line or an event is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Takes bytes and gives events.
#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    /// True after a carriage return, whose line feed belongs to it.
    after_return: bool,
    event: Event,
    has_field: bool,
    is_begun: bool,
}

impl Parser {
    /// Takes a piece, and gives the events that end in it.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for byte in piece {
            match byte {
                b'\n' if std::mem::take(&mut self.after_return) => {}
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    let line = std::mem::take(&mut self.line);
                    events.extend(self.line(&line)?);
                }
                _ => {
                    self.after_return = false;
                    if self.line.len() >= MAX_LINE {
                        return Err(TooLong);
                    }
                    self.line.push(*byte);
                }
            }
        }
        Ok(events)
    }

    fn line(&mut self, line: &[u8]) -> Result<Option<Event>, TooLong> {
        let line = String::from_utf8_lossy(line);
        let mut line = line.as_ref();
        if !std::mem::replace(&mut self.is_begun, true) {
            line = line.trim_start_matches('\u{FEFF}');
        }
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return Ok(std::mem::take(&mut self.has_field).then_some(event));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.event.name = value.to_owned(),
            "data" => {
                if self.event.data.len().saturating_add(value.len()) > MAX_LINE {
                    return Err(TooLong);
                }
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            // A comment, and fields that are not needed here.
            _ => return Ok(None),
        }
        self.has_field = true;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        let text = "\u{FEFF}: hello\n\nevent: hello\ndata: {}\n\nretry: 5\nid\ndata:a\r\ndata: b\r\n\r\n\
                    event:x\r\rdata\n\ndata: cut";
        let events = Parser::default().take(text.as_bytes()).unwrap();
        assert_eq!(
            events,
            [event("hello", "{}"), event("", "a\nb"), event("x", ""), event("", "")]
        );
    }

    #[test]
    fn a_line_without_an_end_is_refused() {
        let mut parser = Parser::default();
        let piece = vec![b'a'; 1024 * 1024];
        let taken = (0..5).map(|_| parser.take(&piece)).collect::<Vec<_>>();
        assert_eq!(taken.last(), Some(&Err(TooLong)));
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            lines in proptest::collection::vec("(event|data|id|retry|)(:| : |)[a-zé\u{FEFF}]{0,5}", 0..20),
            ends in proptest::collection::vec(prop_oneof!["\n", "\r", "\r\n", "\n\n", "\r\n\r\n"], 20),
            size in 1..9_usize,
        ) {
            let text: String = lines.iter().zip(&ends).map(|(line, end)| format!("{line}{end}")).collect();
            let whole = Parser::default().take(text.as_bytes()).unwrap();
            let mut parser = Parser::default();
            let pieces = text.as_bytes().chunks(size).flat_map(|piece| parser.take(piece).unwrap());
            prop_assert_eq!(pieces.collect::<Vec<_>>(), whole);
        }

        #[test]
        fn no_bytes_are_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Parser::default().take(&bytes);
        }
    }
}
