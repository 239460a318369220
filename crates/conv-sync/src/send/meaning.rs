//! The meaning of a refusal for the mutations of a call.

use conv_model::{ErrorClass, GroupTarget, Mutation, MutationFailure};

use crate::{Retry, SourceError};

/// The cloud's code for a conversation group that does not exist.
pub(super) const NO_SUCH_GROUP: i32 = 51009;

/// The cloud's code for a fault of its own, and for a group that was dissolved.
pub(super) const FAULT_OR_GONE: i32 = 51007;

/// The app may not see the group: that does not say that it is gone.
const NO_RIGHT: i32 = 10007;

/// The meaning of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A new signature helps.
    SignAgain,
    /// The app's account is at fault: no call can succeed.
    Hold,
    /// Calls come too often. Nothing was applied.
    Slow,
    /// The call has too many items.
    TooMany,
    /// The same call may work later.
    Later,
    /// The same call is worth one more try.
    OnceMore,
    /// The call will never work.
    Final,
}

pub(super) fn meaning(error: &SourceError) -> Meaning {
    match error.code() {
        // SDKAppID missing or disabled, no plan, the command is switched off: they are as wrong for
        // the next mutation as for this one, whatever class a read gives them.
        Some(60009 | 60012 | 60020 | 10026) => return Meaning::Hold,
        Some(51006 | 70206 | 10018) => return Meaning::TooMany,
        Some(60022) => return Meaning::Slow,
        _ => {}
    }
    match (error.class(), error.retry()) {
        // Decided on the way to the cloud: a newer message came. `SourceError::Cancelled` is a call that
        // was stopped here, and may go again.
        (ErrorClass::Cancelled, Retry::Never) if error.code().is_some() => Meaning::Final,
        (_, Retry::Reauthenticate) => Meaning::SignAgain,
        (ErrorClass::Auth, _) => Meaning::Hold,
        (ErrorClass::RateLimited, _) => Meaning::Slow,
        (ErrorClass::Transient | ErrorClass::Cancelled, _) | (_, Retry::BackOff) => Meaning::Later,
        (_, Retry::Once) => Meaning::OnceMore,
        _ => Meaning::Final,
    }
}

/// Returns whether the cloud may have applied a call that ended so.
pub(super) fn may_be_applied(error: &SourceError) -> bool {
    if matches!(meaning(error), Meaning::Slow | Meaning::TooMany | Meaning::Hold) {
        return false;
    }
    match error {
        error if error.is_unsent() => false,
        SourceError::Network { .. }
        | SourceError::TimedOut
        | SourceError::Protocol { .. }
        | SourceError::Cancelled
        // Something on the way answered: what it passed on before, no status says for certain.
        | SourceError::Http { .. } => true,
        // A time limit within the cloud, or a code that is not known.
        SourceError::Cloud { class, .. } => {
            matches!(class, ErrorClass::Transient | ErrorClass::Cloud)
        }
        _ => false,
    }
}

/// Returns true if a refusal says that the cloud has the value already: the item to remove is not
/// there.
pub(super) fn is_done_already(mutation: &Mutation, error: &SourceError) -> bool {
    if error.class() != ErrorClass::NotFound || error.code() == Some(NO_RIGHT) {
        return false;
    }
    is_removal(mutation)
}

/// Returns whether a mutation is of a group's conversation.
pub(super) fn is_of_group(mutation: &Mutation) -> bool {
    mutation.conversation_id().is_some_and(|id| id.group_id().is_some())
}

/// Returns whether a mutation is done where there is nothing to change.
pub(super) fn is_removal(mutation: &Mutation) -> bool {
    match mutation {
        Mutation::Delete { .. }
        | Mutation::Group { target: GroupTarget::Absent, .. }
        | Mutation::Pin { is_pinned: false, .. }
        | Mutation::Mark { is_set: false, .. }
        | Mutation::Member { is_member: false, .. } => true,
        Mutation::CustomData { custom_data, .. } => custom_data.is_empty(),
        _ => false,
    }
}

pub(super) fn failure(error: &SourceError) -> MutationFailure {
    MutationFailure::new(error.class(), error.code(), error.to_string())
}

#[cfg(test)]
mod tests {
    use conv_model::ErrorClass::{
        self, Auth, Cancelled, Cloud, NotFound, RateLimited, Transient, Unsupported,
    };

    use super::*;

    fn cloud(code: i32, class: ErrorClass, retry: Retry) -> SourceError {
        SourceError::Cloud { code, class, retry, message: "no".into(), retry_after: None }
    }

    #[test]
    fn a_refusal_means_what_the_queue_has_to_do() {
        let cases = [
            (cloud(60007, RateLimited, Retry::BackOff), Meaning::Slow, false),
            (cloud(60022, Transient, Retry::BackOff), Meaning::Slow, false),
            (cloud(50004, Transient, Retry::BackOff), Meaning::Later, true),
            (cloud(60008, Transient, Retry::Once), Meaning::Later, true),
            (cloud(51007, Cloud, Retry::Once), Meaning::OnceMore, true),
            (cloud(70001, Auth, Retry::Reauthenticate), Meaning::SignAgain, false),
            (cloud(70003, Auth, Retry::Never), Meaning::Hold, false),
            (cloud(60020, Unsupported, Retry::Never), Meaning::Hold, false),
            (cloud(70206, NotFound, Retry::Never), Meaning::TooMany, false),
            (cloud(51013, Unsupported, Retry::Never), Meaning::Final, false),
            (SourceError::TimedOut, Meaning::Later, true),
            (SourceError::network("reset"), Meaning::Later, true),
            (
                SourceError::NotConnected { what: "refused".into(), cause: None },
                Meaning::Later,
                false,
            ),
            (SourceError::Protocol { what: "HTML".into() }, Meaning::Later, true),
            (SourceError::Http { status: 502, retry_after: None }, Meaning::Later, true),
            (SourceError::Http { status: 404, retry_after: None }, Meaning::Later, true),
            (SourceError::Http { status: 204, retry_after: None }, Meaning::Later, true),
            (SourceError::Http { status: 302, retry_after: None }, Meaning::Later, true),
            (SourceError::Http { status: 429, retry_after: None }, Meaning::Slow, false),
            (SourceError::Http { status: 403, retry_after: None }, Meaning::Hold, false),
            (SourceError::NotFound, Meaning::Final, false),
            (cloud(990_005, Cancelled, Retry::Never), Meaning::Final, false),
            (SourceError::Cancelled, Meaning::Later, true),
        ];
        for (error, expected, is_uncertain) in cases {
            assert_eq!(meaning(&error), expected, "{error}");
            assert_eq!(may_be_applied(&error), is_uncertain, "{error}");
        }
    }
}
