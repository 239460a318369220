//! The cloud's error codes, each with its class and the retry that may help.
//!
//! Codes and meanings are Tencent's (its error code page and those of the commands); class and
//! retry are our reading of the descriptions.

use std::time::Duration;

use conv_model::ErrorClass::{
    self, Auth, Cloud, InvalidArgument, NotFound, RateLimited, Transient, Unsupported,
};

use crate::Retry::{self, BackOff, Never, Once, Reauthenticate};

/// The reply would be too large: ask for fewer groups.
pub(super) const REPLY_TOO_LARGE: i32 = 10018;

/// Not allowed: reading a group's messages, also where its kind keeps none.
pub(super) const GROUP_NO_RIGHT: i32 = 10007;

/// The app's edition is too low for standard marks and conversation groups.
pub(super) const EDITION_TOO_LOW: i32 = 51013;

/// Returns true if a code means too many calls: of the command, of the app, or for an overloaded
/// cloud.
pub(super) fn is_too_many(code: i32) -> bool {
    matches!(code, 60007 | 60011 | 60018 | 60019 | 60022 | 10006 | 10023)
}

/// The meaning of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) class: ErrorClass,
    pub(super) retry: Retry,
    /// The pause before anything can have changed.
    pub(super) after: Option<Duration>,
}

/// Looks a code up. An unknown code is an error of the cloud, and worth one retry.
pub(super) fn meaning(code: i32) -> Meaning {
    let (class, retry) = TABLE
        .iter()
        .find(|(first, last, ..)| (*first..=*last).contains(&code))
        .map_or((Cloud, Once), |(.., class, retry)| (*class, *retry));
    let after = match code {
        // The plan may still be being set up.
        60020 => Some(Duration::from_secs(300)),
        // Locked after too many failures.
        70050 => Some(Duration::from_secs(60)),
        _ => None,
    };
    Meaning { class, retry, after }
}

/// First and last code, class, retry.
type Row = (i32, i32, ErrorClass, Retry);

const fn row(code: i32, class: ErrorClass, retry: Retry) -> Row {
    (code, code, class, retry)
}

#[rustfmt::skip]
pub(super) const TABLE: &[Row] = &[
    // Any command.
    row(60002, InvalidArgument, Never),  // URL could not be parsed
    row(60003, InvalidArgument, Never),  // request is not JSON
    (60004, 60006, Auth, Never),         // identifier, UserSig or SDKAppID wrong
    row(60007, RateLimited, BackOff),    // too many calls of the command
    row(60008, Transient, Once),         // service timed out
    row(60009, InvalidArgument, Never),  // no such resource
    row(60010, Auth, Never),             // identifier is not an app admin
    row(60011, RateLimited, BackOff),    // too many calls of the SDKAppID
    row(60012, InvalidArgument, Never),  // SDKAppID missing
    row(60013, Transient, Once),         // service did not answer JSON
    row(60014, Transient, BackOff),      // account lookup timed out
    row(60015, InvalidArgument, Never),  // identifier is not a text
    (60016, 60017, Auth, Never),         // SDKAppID or request disabled
    (60018, 60019, RateLimited, BackOff),// too frequent
    row(60020, Unsupported, Never),      // no plan, or not set up yet
    row(60021, Auth, Never),             // caller's IP not allowed
    row(60022, Transient, BackOff),      // overloaded
    // Accounts and UserSig.
    row(70001, Auth, Reauthenticate),            // UserSig expired
    // UserSig empty, not verified, of another key, identifier or SDKAppID, or of an app not found.
    (70002, 70020, Auth, Never),
    row(70050, Auth, Never),             // locked after too many failures
    (70051, 70052, Auth, Never),         // account blocked, UserSig revoked
    row(70101, Auth, Reauthenticate),            // ticket expired
    row(70107, NotFound, Never),         // no such account
    row(70114, Auth, Never),             // blocked for safety
    row(70169, Transient, BackOff),      // internal timeout
    row(70206, InvalidArgument, Never),  // batch size
    row(70398, Unsupported, Never),      // quota of free accounts
    row(70402, InvalidArgument, Never),  // parameter
    row(70403, Auth, Never),             // needs an admin
    row(70404, Unsupported, Never),      // SDK too old
    row(70500, Transient, BackOff),      // internal
    row(72001, Unsupported, Never),      // switched off in the console
    row(72012, Unsupported, Never),      // switched off in the console
    // Recent contacts.
    row(50001, NotFound, Never),         // account not imported
    row(50002, InvalidArgument, Never),  // parameter
    row(50003, Auth, Never),             // needs an admin
    (50004, 50005, Transient, BackOff),  // internal, timeout
    row(51006, InvalidArgument, Never),  // more than 100 in a call
    row(51007, Cloud, Once),             // group operation failed, or group dissolved
    row(51008, Unsupported, Never),      // more than 1000
    row(51009, NotFound, Never),         // no such conversation group
    row(51010, Unsupported, Never),      // more than 20 conversation groups
    row(51011, InvalidArgument, Never),  // name too long
    row(51012, InvalidArgument, Never),  // more than 50 pinned
    row(EDITION_TOO_LOW, Unsupported, Never), // no marks and groups in this edition
    // Profiles.
    (40001, 40002, InvalidArgument, Never), // request, no account given
    row(40003, NotFound, Never),         // no such account
    row(40004, Auth, Never),             // needs an admin
    row(40005, InvalidArgument, Never),
    row(40006, Transient, BackOff),      // server error
    row(40007, Auth, Never),             // no right to read a field
    (40008, 40009, InvalidArgument, Never), // unknown tag
    row(40601, InvalidArgument, Never),  // value over 500 bytes
    row(40605, InvalidArgument, Never),  // value of a standard field
    row(40610, InvalidArgument, Never),  // type of a value
    // Groups.
    row(10002, Transient, BackOff),      // server error
    (10003, 10005, InvalidArgument, Never), // command, parameter, too many accounts
    row(10006, RateLimited, BackOff),
    row(10007, NotFound, Never),         // no right to see it: not there for the caller
    row(10010, NotFound, Never),         // no such group, or dissolved
    row(10012, InvalidArgument, Never),
    row(10015, NotFound, Never),         // groupID not valid
    row(10016, Cloud, Never),            // refused by the app's own webhook
    row(REPLY_TOO_LARGE, Cloud, Never),  // the batch is halved before this surfaces
    row(10019, NotFound, Never),
    row(10021, Cloud, Never),            // groupID taken
    row(10023, RateLimited, BackOff),
    row(10025, Cloud, Never),            // groupID taken by the caller
    row(10026, Unsupported, Never),      // command disabled
    (10037, 10038, Unsupported, Never),  // quotas
    row(11000, Unsupported, Never),      // communities switched off
    // Messages.
    row(20001, InvalidArgument, Never),
    row(20002, Auth, Never),
    row(20003, InvalidArgument, Never),
    (20004, 20005, Transient, BackOff),  // network, internal
    row(20018, Transient, BackOff),      // internal
    (90001, 90012, InvalidArgument, Never), // shape of the request
    row(90992, Transient, BackOff),      // internal
    (90994, 90995, Transient, BackOff),  // internal
    row(91000, Transient, BackOff),      // internal
    row(93000, InvalidArgument, Never),  // body over 12 KB
    // Relations.
    (30001, 30004, InvalidArgument, Never),
    (30006, 30008, Transient, BackOff),  // internal, timeout, write conflict
    (30010, 30014, Unsupported, Never),  // quotas
    row(31804, NotFound, Never),         // no such account
    // The socket's codes, which a gateway may pass on.
    row(-10113, RateLimited, BackOff),
    row(-10114, Transient, BackOff),     // overloaded
    row(-20009, RateLimited, BackOff),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_answers_for_all_its_codes_and_none_hides_another() {
        for (at, (first, last, class, retry)) in TABLE.iter().enumerate() {
            assert!(first <= last);
            for code in *first..=*last {
                let found = meaning(code);
                assert_eq!((found.class, found.retry), (*class, *retry), "{code}");
                let rows = TABLE
                    .iter()
                    .enumerate()
                    .filter(|(other, row)| *other != at && (row.0..=row.1).contains(&code));
                assert_eq!(rows.count(), 0, "{code} is in two rows");
            }
        }
    }

    #[test]
    fn an_unknown_code_is_worth_one_try() {
        for code in [1, -1, 99_999, i32::MAX, i32::MIN] {
            let found = meaning(code);
            assert_eq!((found.class, found.retry), (Cloud, Once), "{code}");
        }
    }

    #[test]
    fn class_and_retry_fit_together() {
        for (first, _, class, retry) in TABLE {
            let retries = matches!(retry, BackOff | Once);
            match class {
                Transient | RateLimited => assert!(retries, "{first}"),
                Auth => assert!(matches!(retry, Never | Reauthenticate), "{first}"),
                Cloud => assert!(!matches!(retry, Reauthenticate | BackOff), "{first}"),
                _ => assert_eq!(*retry, Never, "{first}"),
            }
        }
    }

    /// The sender of changes handles a refusal by these classes.
    #[test]
    fn codes_of_changes_have_their_classes() {
        let cases: [(&[i32], ErrorClass, Retry); 8] = [
            (&[60007, 60011, 60018, 60019, 10006, 10023], RateLimited, BackOff),
            (
                &[
                    50004, 50005, 60014, 70169, 70500, 10002, 20004, 20005, 90992, 90994, 90995,
                    91000,
                ],
                Transient,
                BackOff,
            ),
            (&[60008, 60013], Transient, Once),
            (&[51007], Cloud, Once),
            (
                &[60004, 60006, 60010, 60016, 60017, 60021, 70002, 70009, 70017, 70020, 70050],
                Auth,
                Never,
            ),
            (&[51008, 51010, 51013, 10026], Unsupported, Never),
            (&[50001, 51009, 70107, 10007, 10010, 10015, 10019, 31804], NotFound, Never),
            (
                &[
                    60002, 60003, 70402, 50002, 51006, 51011, 51012, 70206, 10003, 10004, 90001,
                    90012,
                ],
                InvalidArgument,
                Never,
            ),
        ];
        for (codes, class, retry) in cases {
            for code in codes {
                let found = meaning(*code);
                assert_eq!((found.class, found.retry), (class, retry), "{code}");
            }
        }
    }

    #[test]
    fn codes_that_change_late_say_when() {
        assert_eq!(meaning(70050).after, Some(Duration::from_secs(60)));
        assert_eq!(meaning(60020).after, Some(Duration::from_secs(300)));
        assert_eq!(meaning(60007).after, None);
    }
}
