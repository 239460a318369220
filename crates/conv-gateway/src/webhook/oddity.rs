//! The reasons an event is not known.

/// The reason an event is not known. It is answered like any other, and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Oddity {
    /// Neither query nor body has a `CallbackCommand`.
    NoCommand,
    /// Query and body have different commands.
    CommandsDiffer,
    /// A command that this version does not know.
    Command,
    /// The body has more than [`MAX_BODY`](super::MAX_BODY) bytes.
    TooLarge,
    /// The body is deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    TooDeep,
    /// The body is not a JSON object in UTF-8.
    NotAnObject,
    /// A field that the command needs is missing, or has an invalid value, such as an invalid userID.
    Field(&'static str),
}

impl Oddity {
    /// Its name in lower case with underscores: a label for a counter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoCommand => "no_command",
            Self::CommandsDiffer => "commands_differ",
            Self::Command => "command",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::NotAnObject => "not_an_object",
            Self::Field(_) => "field",
        }
    }
}
