//! What can go wrong outside the protocol.

/// An error of the emulator itself; what the emulated cloud refuses is told in its answers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The port cannot be listened on.
    #[error("cannot listen on 127.0.0.1 port {port}")]
    Listen {
        /// The port that was asked for.
        port: u16,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A setting of the builder that no world can be made of.
    #[error("{0}")]
    Setting(&'static str),
    /// Not a `C2C…` or `GROUP…` conversation ID.
    #[error("expected a conversation ID beginning with `C2C` or `GROUP`, got `{0}`")]
    BadConversationId(String),
    /// No such account in this world.
    #[error("no account `{0}` in this world")]
    UnknownAccount(String),
    /// The account's list does not hold this conversation.
    #[error("no conversation `{0}` in the list")]
    UnknownConversation(String),
    /// No such chat group in this world, or no such conversation group of this account.
    #[error("no group `{0}`")]
    UnknownGroup(String),
    /// Another conversation group of the account has this name.
    #[error("a conversation group named `{0}` exists")]
    GroupExists(String),
    /// Not the spelling of a [`Rule`](crate::Rule).
    #[error("{0}")]
    BadRule(String),
    /// Not the spelling of [`Unknowns`](crate::Unknowns) or of an [`Edition`](crate::Edition).
    #[error("{0}")]
    BadUnknowns(String),
}
