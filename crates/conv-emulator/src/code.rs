//! The protocol's error codes that the emulator itself answers. Any other code can be scripted as a
//! [`crate::Fault::Code`].

/// The URL cannot be parsed.
pub(crate) const BAD_URL: u32 = 60002;
/// The body is not a JSON object.
pub(crate) const BAD_JSON: u32 = 60003;
/// The identifier is missing or invalid.
pub(crate) const BAD_IDENTIFIER: u32 = 60004;
/// The SDKAppID is not a number.
pub(crate) const BAD_SDK_APP_ID: u32 = 60006;
/// No such command.
pub(crate) const NO_SUCH_COMMAND: u32 = 60009;
/// The caller is not an administrator of the app.
pub(crate) const NOT_ADMIN: u32 = 60010;
/// The URL has no SDKAppID.
pub(crate) const NO_SDK_APP_ID: u32 = 60012;

/// The UserSig has expired.
pub(crate) const SIG_EXPIRED: u32 = 70001;
/// The UserSig is empty.
pub(crate) const SIG_EMPTY: u32 = 70002;
/// The UserSig cannot be read.
pub(crate) const SIG_UNREADABLE: u32 = 70003;
/// The UserSig was made with another key, or for other values.
pub(crate) const SIG_OTHER_KEY: u32 = 70009;
/// The UserSig belongs to another identifier.
pub(crate) const SIG_OTHER_IDENTIFIER: u32 = 70013;
/// The UserSig belongs to another SDKAppID.
pub(crate) const SIG_OTHER_APP: u32 = 70014;
/// No such SDKAppID.
pub(crate) const APP_NOT_FOUND: u32 = 70020;
/// No such account.
pub(crate) const ACCOUNT_NOT_FOUND: u32 = 70107;

/// The account of a list was not imported.
pub(crate) const CONTACT_NO_ACCOUNT: u32 = 50001;
/// A parameter of a recentcontact command is wrong.
pub(crate) const CONTACT_BAD_PARAMETER: u32 = 50002;
/// More than 100 items in one call.
pub(crate) const CONTACT_TOO_MANY: u32 = 51006;
/// A conversation group could not be changed.
pub(crate) const CONTACT_GROUP_FAILED: u32 = 51007;
/// More than 1000 conversations.
pub(crate) const CONTACT_FULL: u32 = 51008;
/// No such conversation group.
pub(crate) const CONTACT_NO_GROUP: u32 = 51009;
/// More than 20 conversation groups.
pub(crate) const CONTACT_TOO_MANY_GROUPS: u32 = 51010;
/// The name of a conversation group is empty or too long.
pub(crate) const CONTACT_BAD_NAME: u32 = 51011;

/// More than 50 pinned conversations.
pub(crate) const CONTACT_TOO_MANY_PINS: u32 = 51012;
/// The app's edition has no standard marks and no conversation groups.
pub(crate) const CONTACT_EDITION: u32 = 51013;

/// A profile request is wrong.
pub(crate) const PROFILE_BAD_REQUEST: u32 = 40001;
/// A profile request names no account.
pub(crate) const PROFILE_NOBODY: u32 = 40002;
/// No such account.
pub(crate) const PROFILE_NO_ACCOUNT: u32 = 40003;
/// The profile service failed.
pub(crate) const PROFILE_INTERNAL: u32 = 40006;
/// No such profile field.
pub(crate) const PROFILE_NO_TAG: u32 = 40009;

/// The group service failed.
pub(crate) const GROUP_INTERNAL: u32 = 10002;
/// A parameter of a group command is wrong.
pub(crate) const GROUP_BAD_PARAMETER: u32 = 10004;
/// The caller may not do this to the group.
pub(crate) const GROUP_NO_RIGHT: u32 = 10007;
/// No such group, or it was dissolved.
pub(crate) const GROUP_NOT_FOUND: u32 = 10010;
/// Not a group ID.
pub(crate) const GROUP_BAD_ID: u32 = 10015;
/// A group request names an account that does not exist.
pub(crate) const GROUP_NO_ACCOUNT: u32 = 10019;

/// A message-service request has the wrong shape.
pub(crate) const MESSAGE_BAD_REQUEST: u32 = 90001;
/// `Peer_Account` is missing.
pub(crate) const MESSAGE_NO_PEER: u32 = 90003;
/// `Report_Account` is missing.
pub(crate) const MESSAGE_NO_READER: u32 = 90008;
