//! Records: decoding returns what was encoded, invalid ones are refused, and the format does not
//! change.

use std::sync::Arc;

use conv_model::{
    Acknowledgement, AtType, Checkpoint, Conversation, Cursor, ErrorClass, Finished, GroupAtInfo,
    GroupDetail, GroupNames, GroupTarget, GroupType, IfNewer, Known, LastMessage, ListLimit, Local,
    MarkType, MessageKind, Mutation, MutationFailure, PassId, Payload, Pending, PendingState,
    ProfileDetail, ReadMark, Seq, SyncScope, SyncState, Timestamp, UpstreamPosition, testing,
};
use conv_store::{
    StoreError,
    record::{
        self, LocalRecord, MAX_BODY, OutboxRecord, PendingRecord, RowRecord, Stamp, Stamps,
        StateRecord,
    },
};
use proptest::prelude::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A row with something in every place.
fn row() -> Conversation {
    let mut row = Conversation::new("GROUPg1".parse().unwrap());
    row.listing.time = Some(Timestamp::from_secs(1_700_000_000));
    row.listing.is_pinned = true;
    row.listing.marks = [MarkType::STAR, MarkType::HIDE].into_iter().collect();
    row.listing.groups = vec!["Suppliers".into()];
    row.listing.custom_data = "custom".into();
    row.listing.version = Some(3);
    row.profile.name = Some("Team".into());
    row.profile.avatar = Some("https://example.com/a.png".into());
    row.profile.group_type = Some(GroupType::Public);
    row.profile.read_at = Some(Timestamp::from_secs(1_700_000_001));
    let mut detail = GroupDetail::default();
    detail.introduction = "all of us".into();
    detail.member_count = Some(7);
    detail.self_info.role = "Owner".into();
    row.profile.detail = Some(Arc::new(ProfileDetail::Group(detail)));
    row.unread.count = Some(5);
    row.unread.group_at_info = Some(Arc::from([GroupAtInfo::new("bob", "g1", 9, AtType::All)]));
    row.unread.remind_type = Some("AcceptAndNotify".into());
    let mut message = LastMessage::new(MessageKind::Text);
    message.time = row.listing.time;
    message.sequence = 9;
    message.from_account = "bob".into();
    message.payload = Some(Payload::of_text("hello"));
    row.last_message = Known::Value(Arc::new(message));
    row
}

fn state() -> SyncState {
    let mut state = SyncState::default();
    state.pass = PassId::new(4);
    state.begun = Seq::new(17);
    state.scope = SyncScope::new(100, 1);
    state.checkpoint = Some(Checkpoint::new(Cursor::new("v1:100"), 100));
    let limit = vec![ListLimit::Capped(100), ListLimit::Retention(604_800)];
    let as_of = Some(Timestamp::from_secs(1_700_000_000));
    state.finished = Some(Finished::new(as_of, limit, SyncScope::new(100, 1)));
    state.groups = GroupNames::new([(1, "Suppliers".into())], as_of);
    state
}

/// Mutations of every kind and in every state. No slot has all of these; a record does not mind.
fn pending() -> Vec<Pending> {
    let id = || "C2Calice".parse().unwrap();
    let group = |name: &str| name.parse().unwrap();
    let family = |target| Mutation::Group { group_name: group("Family"), target };
    let seen = Timestamp::from_secs(1_700_000_000);
    let mutations = [
        Mutation::Pin { id: id(), is_pinned: true },
        Mutation::Mark { id: id(), mark_type: MarkType::STAR, is_set: false },
        Mutation::CustomData { id: id(), custom_data: "vip".into() },
        Mutation::Member { id: id(), group_name: group("Family"), is_member: true },
        family(GroupTarget::Present),
        family(GroupTarget::Absent),
        family(GroupTarget::Named(group("Kin"))),
        Mutation::Delete { id: id(), seen, clears_history: true, if_newer: IfNewer::KeepHistory },
        Mutation::Read { id: id(), until: ReadMark::new(seen, 9), count: 3 },
        Mutation::Remind { id: id(), remind_type: "AcceptNotNotify".into() },
    ];
    let states = [
        PendingState::Queued,
        PendingState::Sending,
        PendingState::Settling,
        PendingState::Held,
        PendingState::Failed,
    ];
    let pending = mutations.into_iter().zip(states.into_iter().cycle()).zip(7..);
    let mut pending: Vec<_> = pending
        .map(|((mutation, state), number)| {
            let mut pending = Pending::new(number, mutation, Some(seen));
            (pending.state, pending.attempts) = (state, 2);
            pending
        })
        .collect();
    pending[0].is_uncertain = true;
    pending[0].failure = Some(MutationFailure::new(ErrorClass::Cloud, Some(51007), "refused"));
    pending
}

/// The same, with the fields that form 2 has more.
fn pending_of_form_2() -> Vec<Pending> {
    let mut pending = pending();
    let mut moment =
        Acknowledgement::new(Some(PassId::new(300)), Some(Timestamp::from_secs(1_700_000_002)));
    moment.disagreed = Some(PassId::new(301));
    pending[2].acknowledged = Some(moment);
    pending[3].follows_another = true;
    pending[4].app = Some(1_400_000_000);
    pending
}

#[test]
fn mutations_of_form_2_have_these_bytes() {
    let golden = include_str!("record/pending_v2.hex");
    assert_eq!(PendingRecord::decode(&unhex(golden)).unwrap().pending, pending_of_form_2());
    let bytes = PendingRecord::new(pending_of_form_2()).encode(Seq::new(22)).unwrap();
    assert_eq!(hex(&bytes), golden.trim());
}

#[test]
fn mutations_of_form_1_are_read_and_written() {
    let golden = include_str!("record/pending_v1.hex");
    assert_eq!(PendingRecord::decode(&unhex(golden)).unwrap().pending, pending());
    assert_eq!(hex(&PendingRecord::new(pending()).encode(Seq::new(22)).unwrap()), golden.trim());
    let golden = include_str!("record/outbox_v1.hex");
    assert_eq!(OutboxRecord::decode(&unhex(golden)).unwrap(), OutboxRecord::new(16));
    assert_eq!(hex(&OutboxRecord::new(16).encode(Seq::new(23)).unwrap()), golden.trim());
}

/// The stamps of a row, as version 1 knew them.
fn listing_stamp() -> Stamps {
    Stamps::new(Stamp::new(Seq::new(18), PassId::new(4)))
}

fn stamps() -> Stamps {
    let mut stamps = listing_stamp();
    stamps.profile = Seq::new(3);
    stamps.unread = Seq::new(300);
    stamps.last_message = Seq::new(17);
    stamps
}

/// Later versions must read these bytes for ever, so they stay as they are.
#[test]
fn version_2_has_these_bytes() {
    let row = RowRecord::new(Arc::new(row()), stamps());
    let mut state = state();
    state.epoch = Some(7);
    let records = [
        (hex(&row.encode(Seq::new(19)).unwrap()), include_str!("record/row_v2.hex")),
        (
            hex(&StateRecord::new(&state).encode(Seq::new(20)).unwrap()),
            include_str!("record/state_v2.hex"),
        ),
        (
            hex(&LocalRecord::new(Local::draft("hello").merged(&Local::data([0, 255])))
                .encode(Seq::new(21))
                .unwrap()),
            include_str!("record/local_v2.hex"),
        ),
    ];
    for (bytes, golden) in records {
        assert_eq!(bytes, golden.trim());
    }
}

/// Only a state with the position of a source is of version 3, and these are its bytes for ever.
#[test]
fn a_state_with_the_position_of_a_source_is_of_version_3() {
    let mut state = state();
    state.epoch = Some(7);
    let mut position = UpstreamPosition::new(Cursor::new("00000000000000ff.17"));
    position.conversations = Some(120);
    position.excess = -1;
    state.upstream = Some(position);
    let bytes = StateRecord::new(&state).encode(Seq::new(20)).unwrap();
    assert_eq!(StateRecord::decode(&bytes).unwrap().sync, state);
    assert_eq!(hex(&bytes), include_str!("record/state_v3.hex").trim());
    let before = unhex(include_str!("record/state_v2.hex"));
    assert_eq!(StateRecord::decode(&before).unwrap().sync.upstream, None);
}

fn unhex(text: &str) -> Vec<u8> {
    let text = text.trim();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn records_of_version_1_are_read() {
    let row_bytes = unhex(include_str!("record/row_v1.hex"));
    let read = RowRecord::decode(&row().id, &row_bytes).unwrap();
    assert_eq!(*read.row, row());
    assert_eq!(read.stamps, listing_stamp());
    let read = StateRecord::decode(&unhex(include_str!("record/state_v1.hex"))).unwrap();
    assert_eq!(read.sync, state());
    let read = LocalRecord::decode(&unhex(include_str!("record/local_v1.hex"))).unwrap();
    assert_eq!(read.local, Local::draft("hello").merged(&Local::data([0, 255])));
}

/// A version 1 record without a message said only that none was stored.
#[test]
fn no_message_in_version_1_is_unknown() {
    let read =
        RowRecord::decode(&row().id, &unhex(include_str!("record/bare_row_v1.hex"))).unwrap();
    assert_eq!(read.row.last_message, Known::Unknown);
    for known in [Known::Unknown, Known::Nothing] {
        let mut row = row();
        row.last_message = known.clone();
        let bytes = RowRecord::new(Arc::new(row), stamps()).encode(Seq::new(1)).unwrap();
        assert_eq!(bytes[0], 2);
        let id = &read.row.id;
        assert_eq!(RowRecord::decode(id, &bytes).unwrap().row.last_message, known);
    }
}

/// Earlier versions kept what a recalled message had said, and their records are read for ever.
#[test]
fn the_text_of_a_recalled_message_is_not_decoded() {
    let mut row = row();
    let mut message = LastMessage::new(MessageKind::Text);
    message.is_revoked = true;
    message.revoker = Some("bob".into());
    let recalled = message.clone();
    message.payload = Some(Payload::of_text("hello"));
    message.cloud_custom_data = "hello, too".into();
    row.last_message = Known::Value(Arc::new(message));
    let bytes = RowRecord::new(Arc::new(row.clone()), stamps()).encode(Seq::new(1)).unwrap();
    let read = RowRecord::decode(&row.id, &bytes).unwrap();
    assert_eq!(read.row.last_message, Known::Value(Arc::new(recalled)));
}

#[test]
fn a_record_of_another_kind_is_refused() {
    let local = LocalRecord::new(Local::draft("hello")).encode(Seq::new(1)).unwrap();
    assert!(matches!(StateRecord::decode(&local), Err(StoreError::Corrupt { .. })));
    assert!(matches!(RowRecord::decode(&row().id, &local), Err(StoreError::Corrupt { .. })));
}

#[test]
fn a_body_may_have_64_kibibytes() {
    let data = |length: usize| LocalRecord::new(Local::data(vec![7; length]));
    // One byte says that there is no draft, one that there are bytes, three how many.
    let longest = MAX_BODY - 5;
    assert!(data(longest).encode(Seq::new(1)).is_ok());
    let too_large = data(longest + 1).encode(Seq::new(1));
    let expected = (MAX_BODY + 1, MAX_BODY);
    assert!(
        matches!(too_large, Err(StoreError::TooLarge { bytes, limit }) if (bytes, limit) == expected)
    );
}

#[test]
fn the_last_number_is_that_of_the_records_that_are_whole() {
    let record = |seq| LocalRecord::default().encode(Seq::new(seq)).unwrap();
    let mut damaged = record(9).to_vec();
    damaged[2] ^= 1;
    assert_eq!(record::last_seq([&record(3)[..], &record(5), &damaged]), Seq::new(5));
    assert_eq!(record::last_seq([[]; 0]), Seq::ZERO);
}

proptest! {
    #[test]
    fn rows_come_back_as_they_were(
        row in testing::conversations(), stamp in any::<[u64; 5]>(), seq in any::<u64>(),
    ) {
        let mut stamps = Stamps::new(Stamp::new(Seq::new(stamp[0]), PassId::new(stamp[1])));
        stamps.profile = Seq::new(stamp[2]);
        stamps.unread = Seq::new(stamp[3]);
        stamps.last_message = Seq::new(stamp[4]);
        let mut without_local = row.clone();
        without_local.local = Local::default();
        let record = RowRecord::new(Arc::new(row), stamps);
        let bytes = record.encode(Seq::new(seq)).unwrap();
        prop_assert_eq!(record::seq(&bytes).unwrap(), Seq::new(seq));
        let read = RowRecord::decode(&without_local.id, &bytes).unwrap();
        prop_assert_eq!(&*read.row, &without_local);
        prop_assert_eq!(read.stamps, stamps);
    }

    #[test]
    fn local_states_come_back_as_they_were(local in testing::locals()) {
        let bytes = LocalRecord::new(local.clone()).encode(Seq::new(1)).unwrap();
        prop_assert_eq!(LocalRecord::decode(&bytes).unwrap().local, local);
    }

    #[test]
    fn any_change_of_any_byte_is_noticed(at in any::<proptest::sample::Index>(), bits in 1..=255_u8) {
        let mut bytes = unhex(include_str!("record/row_v1.hex"));
        let at = at.index(bytes.len());
        bytes[at] ^= bits;
        let is_noticed = matches!(record::seq(&bytes), Err(StoreError::Corrupt { .. }));
        prop_assert!(is_noticed);
        bytes[at] ^= bits;
        prop_assert!(record::seq(&bytes[..at]).is_err());
    }

    #[test]
    fn no_bytes_whatever_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(record::seq(&bytes).is_err());
        // Nor do they behind a right checksum.
        let mut sealed = vec![record::VERSION, 2];
        sealed.extend(1_u64.to_le_bytes());
        sealed.extend((bytes.len() as u32).to_le_bytes());
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&sealed);
        hasher.update(&bytes);
        sealed.extend(hasher.finalize().to_le_bytes());
        sealed.extend(bytes);
        prop_assert!(record::seq(&sealed).is_ok());
        let _ = RowRecord::decode(&row().id, &sealed);
        sealed[1] = 1;
        let _ = StateRecord::decode(&sealed);
    }
}
