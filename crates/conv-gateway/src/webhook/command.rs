//! The commands.

macro_rules! commands {
    ($( $(#[$doc:meta])* $variant:ident = $word:literal ),+ $(,)?) => {
        /// A command that concerns a list or this backend; all others are [`Command::Other`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Command {
            $( $(#[$doc])* #[doc = concat!("`", $word, "`")] $variant, )+
            /// Any event *before* a change, which asks for leave: `…CallbackBefore…`,
            /// `Sns.CallbackPrev…`.
            Before,
            /// A command that this version does not know.
            Other,
        }

        impl Command {
            /// Every command, in order: for counters that begin at zero.
            pub const ALL: &[Self] = &[$( Self::$variant, )+ Self::Before, Self::Other];

            /// The cloud's word; `before` and `other` for the last two. A label for a counter: there
            /// are few of them, whatever a caller sends.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                    Self::Before => "before",
                    Self::Other => "other",
                }
            }

            pub(super) fn of(word: &str) -> Self {
                match word {
                    $( $word => Self::$variant, )+
                    _ if word.contains(".CallbackBefore") || word.contains(".CallbackPrev") => {
                        Self::Before
                    }
                    _ => Self::Other,
                }
            }
        }
    };
}

commands! {
    C2cSent = "C2C.CallbackAfterSendMsg",
    C2cRead = "C2C.CallbackAfterMsgReport",
    C2cReadAll = "C2C.CallbackAfterMsgReadAll",
    C2cReceipt = "C2C.CallbackAfterMsgReadReceipt",
    C2cRecalled = "C2C.CallbackAfterMsgWithDraw",
    C2cEdited = "C2C.CallbackAfterModifyMsg",
    GroupSent = "Group.CallbackAfterSendMsg",
    GroupEdited = "Group.CallbackAfterModifyMsg",
    GroupRecalled = "Group.CallbackAfterRecallMsg",
    GroupReceipt = "Group.CallbackAfterReadReceipt",
    GroupCreated = "Group.CallbackAfterCreateGroup",
    MembersJoined = "Group.CallbackAfterNewMemberJoin",
    MembersLeft = "Group.CallbackAfterMemberExit",
    GroupDestroyed = "Group.CallbackAfterGroupDestroyed",
    GroupChanged = "Group.CallbackAfterGroupInfoChanged",
    MemberChanged = "Group.CallbackAfterMemberFieldChanged",
    OwnerChanged = "Group.CallbackAfterChangeGroupOwner",
    TopicCreated = "Group.CallbackAfterCreateTopic",
    TopicsDestroyed = "Group.CallbackAfterTopicDestroyed",
    TopicChanged = "Group.CallbackAfterTopicInfoChanged",
    GroupSendFailed = "Group.CallbackSendMsgException",
    ProfileChanged = "Profile.CallbackPortraitSet",
    FriendAdded = "Sns.CallbackFriendAdd",
    FriendDeleted = "Sns.CallbackFriendDelete",
    BlockAdded = "Sns.CallbackBlackListAdd",
    BlockDeleted = "Sns.CallbackBlackListDelete",
    StateChanged = "State.StateChange",
    OverLimit = "Alert.RequestOverLimit",
}
