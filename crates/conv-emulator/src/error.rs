//! Errors outside the protocol.

/// An error of the emulator itself. Refusals of the emulated cloud are in its answers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The port cannot be opened.
    #[error("cannot listen on 127.0.0.1 port {port}")]
    Listen {
        /// The requested port.
        port: u16,
        /// The reason.
        #[source]
        source: std::io::Error,
    },
    /// A setting of the builder is invalid.
    #[error("{0}")]
    Setting(&'static str),
    /// The text is not a `C2C…` or `GROUP…` conversation ID.
    #[error("expected a conversation ID beginning with `C2C` or `GROUP`, got `{0}`")]
    BadConversationId(String),
    /// The world has no such account.
    #[error("no account `{0}` in this world")]
    UnknownAccount(String),
    /// The account's list does not have this conversation.
    #[error("no conversation `{0}` in the list")]
    UnknownConversation(String),
    /// The world has no such chat group, or the account no such conversation group.
    #[error("no group `{0}`")]
    UnknownGroup(String),
    /// Another conversation group of the account has this name.
    #[error("a conversation group named `{0}` exists")]
    GroupExists(String),
    /// The text does not spell a [`Rule`](crate::Rule).
    #[error("{0}")]
    BadRule(String),
    /// Not the spelling of [`Unknowns`](crate::Unknowns) or of an [`Edition`](crate::Edition).
    #[error("{0}")]
    BadUnknowns(String),
}
