//! Generates a world from a seed: the directory at once, an account's list on first use.

use std::sync::Arc;

use fastrand::Rng;

use super::{
    account::Account,
    directory::{Avatar, Directory, Group, GroupType, Message, User},
    names,
    peer::Peer,
};

/// The range of times: the last seven days.
const WEEK: u64 = 7 * 24 * 3600;
/// The maximum number of labelled conversations per account.
const MAX_LABELLED: usize = 1000;
/// The share of conversations with a user: two in three.
const USERS_OF_THREE: usize = 2;

/// Valid user IDs that a careless client fails on.
const ODD_USERS: &[&str] = &[
    "C2Cq",
    "GROUPy",
    "my_c2c_x",
    "user name+/=~",
    "12345678901234567890123456789012",
    "User_0002",
    "a",
];

/// The groups that every account of at least [`ENOUGH`] conversations has.
const FIXED_GROUPS: &[(&str, GroupType)] = &[
    ("@TGS#_community1", GroupType::Community),
    ("@TGS#_community1@TOPIC#_general", GroupType::Community),
    ("meeting-room-1", GroupType::Meeting),
    ("live-1", GroupType::AvChatRoom),
    ("work-1", GroupType::Work),
];
const ENOUGH: usize = 20;

pub(crate) const GROUP_NAMES: &[&str] = &["Suppliers", "Family", "VIP 客户"];

pub(super) fn directory(
    seed: u64,
    now: u64,
    accounts: &[Arc<str>],
    conversations: usize,
) -> Directory {
    let mut rng = Rng::with_seed(seed);
    let mut directory = Directory::default();
    let users = conversations * USERS_OF_THREE / 3;
    let numbered = accounts.len().max(users + users / 4 + 16);
    let ids = (1..=numbered).map(|n| Arc::from(format!("user_{n:04}")));
    let odd = ODD_USERS.iter().map(|id| Arc::from(*id));
    for id in accounts.iter().cloned().chain(ids).chain(odd) {
        if !directory.users.contains_key(&id) {
            directory.users.insert(Arc::clone(&id), user(&mut rng));
            directory.first_users.push(id);
        }
    }
    let rooms = conversations - users;
    let ids = (1..=rooms + rooms / 4 + 16).map(|n| group_id(&mut rng, n)).collect::<Vec<_>>();
    let fixed = FIXED_GROUPS.iter().map(|(id, kind)| (Arc::from(*id), *kind));
    for (id, kind) in fixed.chain(ids) {
        let owner = rng.choice(&directory.first_users).cloned().unwrap_or_else(|| Arc::from("a"));
        let group = group(&mut rng, kind, owner, now, &id);
        directory.groups.insert(Arc::clone(&id), group);
        directory.first_groups.push(id);
    }
    directory
}

fn user(rng: &mut Rng) -> User {
    User {
        nick: names::person(rng).map(String::into_boxed_str),
        avatar: Avatar::generated_if(rng.u8(..10) < 8),
        gender: match rng.u8(..4) {
            0 => Some("Gender_Type_Male"),
            1 => Some("Gender_Type_Female"),
            2 => Some("Gender_Type_Unknown"),
            _ => None,
        },
        birthday: (rng.u8(..3) == 0).then(|| 19_500_101 + rng.u32(..60) * 10_000),
        level: (rng.u8(..5) == 0).then(|| rng.u32(..100)),
    }
}

fn group_id(rng: &mut Rng, n: usize) -> (Arc<str>, GroupType) {
    let kind = match rng.u8(..100) {
        0..=44 => GroupType::Public,
        45..=74 => GroupType::Work,
        75..=89 => GroupType::Meeting,
        90..=94 => GroupType::AvChatRoom,
        _ => GroupType::Community,
    };
    let id = match kind {
        GroupType::Community => format!("@TGS#_c{n:04}"),
        _ if rng.bool() => format!("@TGS#{}{n:04}EA", rng.char('A'..='Z')),
        _ => format!("group_{n:04}"),
    };
    (Arc::from(id), kind)
}

fn group(rng: &mut Rng, kind: GroupType, owner: Arc<str>, now: u64, id: &str) -> Group {
    Group {
        kind,
        name: names::team(rng).into(),
        avatar: Avatar::generated_if(rng.u8(..10) < 6),
        owner,
        created: now.saturating_sub(WEEK + rng.u64(..WEEK * 50)),
        members: rng.u32(2..200),
        with_topics: kind == GroupType::Community && id == "@TGS#_community1",
        hidden: false,
        last: Message { time: time(rng, now), seq: rng.u32(1..5000), ..Message::default() },
    }
}

/// Returns a random age: most conversations are recent, few are old.
fn time(rng: &mut Rng, now: u64) -> u64 {
    let unit = rng.f64();
    let age = (WEEK as f64 * unit * unit * unit) as u64;
    now.saturating_sub(age.min(WEEK - 1))
}

/// Generates the list of one account from the seed, the account's ID and the initial directory.
pub(super) fn account(
    seed: u64,
    now: u64,
    id: &str,
    conversations: usize,
    directory: &Directory,
) -> Account {
    let mut rng = Rng::with_seed(seed ^ hash(id));
    let mut peers = peers(&mut rng, id, conversations, directory);
    // Serials follow the IDs, so that rows of one second come in the order of their IDs.
    peers.sort();
    let mut account = Account::default();
    for peer in peers {
        let last = last_message(&mut rng, now, &peer, directory, &account);
        let pinned = rng.u8(..100) < 5;
        let empty = rng.u8(..100) < 2;
        let unread = if rng.u8(..100) < 40 { 1 + (rng.f32().powi(4) * 150.0) as u32 } else { 0 };
        let row = account.insert(peer, last.time);
        row.last = last;
        row.pinned = pinned;
        row.empty = empty;
        row.unread = if empty { 0 } else { unread };
    }
    label(&mut rng, now, &mut account);
    account
}

fn peers(rng: &mut Rng, id: &str, conversations: usize, directory: &Directory) -> Vec<Peer> {
    let users = conversations * USERS_OF_THREE / 3;
    let rooms = conversations - users;
    let fixed = if conversations >= ENOUGH { FIXED_GROUPS.len().min(rooms) } else { 0 };
    let others = directory.first_groups.get(FIXED_GROUPS.len()..).unwrap_or_default();
    let mut peers = Vec::with_capacity(conversations);
    let users_but_me = pick(rng, &directory.first_users).filter(|user| &***user != id);
    peers.extend(users_but_me.take(users).map(|user| Peer::User(Arc::clone(user))));
    let rooms = directory.first_groups.iter().take(fixed).chain(pick(rng, others)).take(rooms);
    peers.extend(rooms.map(|group| Peer::Group(Arc::clone(group))));
    peers
}

/// Yields all items once, in a seeded order. Does not copy the list, since thousands of accounts
/// draw from one directory.
fn pick<'a>(rng: &mut Rng, items: &'a [Arc<str>]) -> impl Iterator<Item = &'a Arc<str>> + use<'a> {
    let n = items.len().max(1);
    let start = rng.usize(..n);
    let mut stride = rng.usize(..n).max(1);
    while gcd(stride, n) != 1 {
        stride += 1;
    }
    (0..items.len()).filter_map(move |i| items.get((start + i * stride) % n))
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn last_message(
    rng: &mut Rng,
    now: u64,
    peer: &Peer,
    directory: &Directory,
    account: &Account,
) -> Message {
    if let Peer::Group(id) = peer {
        // All members of a group see the same newest message, unless a test dissolved the group.
        if let Some(group) = directory.groups.get(id) {
            return group.last.clone();
        }
    }
    let tie = account.rows.last_key_value().filter(|_| rng.u8(..100) < 15);
    let time = tie.map_or_else(|| time(rng, now), |(_, row)| row.time);
    Message { time, seq: rng.u32(1..100_000), ..Message::default() }
}

fn label(rng: &mut Rng, now: u64, account: &mut Account) {
    let ids: Vec<u32> = GROUP_NAMES.iter().map(|name| account.create_group(name)).collect();
    let peers: Vec<Peer> = account.rows.keys().cloned().collect();
    for (n, peer) in peers.iter().enumerate() {
        if account.labels.len() >= MAX_LABELLED {
            break;
        }
        let marks = marks(rng);
        let custom =
            if rng.u8(..100) < 5 { format!("crm:{}", rng.u32(..10_000)) } else { String::new() };
        // The first rows are always in a group: each group has members in every account.
        let group = match n {
            0..3 => ids.get(n),
            _ if rng.u8(..100) < 12 => rng.choice(&ids),
            _ => None,
        };
        if marks == 0 && custom.is_empty() && group.is_none() {
            continue;
        }
        let changed = now.saturating_sub(rng.u64(..WEEK));
        account.relabel(peer, changed, |label| {
            label.marks = marks;
            label.custom = custom.into();
            label.groups = group.into_iter().copied().collect();
        });
    }
}

fn marks(rng: &mut Rng) -> u64 {
    let mut marks = 0;
    for (bit, percent) in [(0, 6), (1, 5), (2, 4), (3, 3)] {
        if rng.u8(..100) < percent {
            marks |= 1 << bit;
        }
    }
    if rng.u8(..100) < 5 {
        marks |= 1u64 << rng.u32(32..64);
    }
    marks
}

/// FNV-1a, which is the same on every machine and in every version.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_775_552_160;

    fn build(seed: u64, conversations: usize) -> (Directory, Account) {
        let directory = directory(seed, NOW, &[Arc::from("user_0001")], conversations);
        let account = account(seed, NOW, "user_0001", conversations, &directory);
        (directory, account)
    }

    #[test]
    fn the_same_seed_builds_the_same_account() {
        let (_, one) = build(7, 250);
        let (_, two) = build(7, 250);
        assert_eq!(format!("{one:?}"), format!("{two:?}"));
        assert_ne!(format!("{one:?}"), format!("{:?}", build(8, 250).1));
    }

    #[test]
    fn an_account_has_exactly_as_many_conversations_as_asked_for() {
        for conversations in [0, 1, 2, 3, 19, 20, 21, 100, 1000] {
            assert_eq!(build(1, conversations).1.rows.len(), conversations);
        }
    }

    #[test]
    fn a_list_of_some_size_has_ties_pins_marks_groups_and_all_group_types() {
        let (directory, account) = build(7, 250);
        let times: std::collections::HashSet<_> = account.rows.values().map(|r| r.time).collect();
        assert!(times.len() < account.rows.len());
        let pins = account.rows.values().filter(|row| row.pinned).count();
        assert!((5..30).contains(&pins), "{pins}");
        assert!(account.labels.values().any(|label| label.marks >= 1 << 32));
        for name in GROUP_NAMES {
            assert!(account.group_size(account.group_id(name).unwrap()) > 0);
        }
        for kind in [
            GroupType::Work,
            GroupType::Public,
            GroupType::Meeting,
            GroupType::AvChatRoom,
            GroupType::Community,
        ] {
            assert!(account.rows.keys().any(|peer| {
                matches!(peer, Peer::Group(id) if directory.groups[id].kind == kind)
            }));
        }
    }

    #[test]
    fn every_peer_exists_has_a_legal_id_and_is_somebody_else() {
        let (directory, account) = build(3, 400);
        for peer in account.rows.keys() {
            match peer {
                Peer::User(id) => assert!(directory.users.contains_key(id) && id.len() <= 32),
                Peer::Group(id) => assert!(directory.groups.contains_key(id)),
            }
            assert!(peer.id().bytes().all(|b| (0x20..=0x7e).contains(&b)));
            assert_ne!(peer.id(), "user_0001");
        }
    }

    #[test]
    fn times_lie_in_the_last_week() {
        let (_, account) = build(3, 400);
        assert!(account.rows.values().all(|row| (NOW - WEEK..=NOW).contains(&row.time)));
    }
}
