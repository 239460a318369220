//! Seeded rows, as a busy account has them.

use std::sync::Arc;

use conv_api::{
    Conversation, ConversationId, ConversationPatch, Known, ListingPatch, MarkType, Timestamp,
    model::{GroupType, LastMessage, MessageKind, Payload, merge},
};
use fastrand::Rng;

const SEED: u64 = 20_251_123;
/// The newest row is of this moment.
pub const NOW: u64 = 1_775_000_000;
/// The oldest is as many seconds older: ninety days.
const SPAN: f64 = 90.0 * 86_400.0;

pub type Row = Arc<Conversation>;

const NAMES: [&str; 12] = [
    "Alice Johnson",
    "张伟（采购部）",
    "محمد الأحمد",
    "Екатерина Смирнова",
    "佐藤 花子",
    "김민준",
    "สมชาย ใจดี",
    "प्रिया शर्मा",
    "Χρήστος Παππάς",
    "Nguyễn Thị Hương",
    "🚀 Launch crew",
    "Łukasz Żółć",
];

const TEXTS: [&str; 6] = [
    "See you tomorrow at the usual place, then.",
    "明天下午三点老地方见，别忘了带合同。",
    "هل وصلت الشحنة إلى الميناء؟",
    "Документы отправил, посмотри почту.",
    "👍",
    "ok",
];

/// Rows whose last message came at a zipf-distributed age; one of twenty pinned, one of ten marked,
/// one of eight with unread messages, one of eight in a conversation group, every fourth a group.
pub fn rows(count: usize) -> Vec<Row> {
    let mut rng = Rng::with_seed(SEED);
    (0..count).map(|number| Arc::new(row(number, &mut rng))).collect()
}

/// Texts of IDs, in the order of their rows.
pub fn ids(count: usize) -> Vec<String> {
    rows(count).iter().map(|row| row.id.to_string()).collect()
}

fn row(number: usize, rng: &mut Rng) -> Conversation {
    let id = id(number, rng);
    let is_group = id.group_id().is_some();
    let mut row = Conversation::new(id);
    row.listing.time = Some(Timestamp::from_secs(NOW - age(rng)));
    row.listing.is_pinned = rng.u8(..20) == 0;
    if rng.u8(..10) == 0 {
        let mark = *rng.choice(&[MarkType::STAR, MarkType::STAR, MarkType::FOLD]).unwrap();
        row.listing.marks = row.listing.marks.with(mark);
    }
    if rng.u8(..8) == 0 {
        row.listing.groups = vec![Arc::from(*rng.choice(&["Suppliers", "Customers"]).unwrap())];
    }
    row.profile.name = Some(format!("{} {number}", rng.choice(NAMES).unwrap()).into());
    row.profile.avatar =
        Some(format!("https://example.com/avatars/{number:08}/200x200.png").into());
    row.profile.group_type = is_group.then_some(GroupType::Public);
    row.profile.read_at = Some(Timestamp::from_secs(NOW));
    row.unread.count = Some(if rng.u8(..8) == 0 { rng.u32(1..30) } else { 0 });
    row.last_message = Known::Value(Arc::new(message(number, &row, rng)));
    row
}

/// Users and each kind of group; the numbers make them unique, and are placed so that they do not
/// give away the order.
fn id(number: usize, rng: &mut Rng) -> ConversationId {
    let id = match rng.u8(..20) {
        0..15 => ConversationId::c2c(&format!("{:04x}_user_{number}", rng.u16(..))),
        15..17 => ConversationId::group(&format!("@TGS#1{:04X}{number:08}", rng.u16(..))),
        17 => ConversationId::group(&format!("team-{:04x}-{number}", rng.u16(..))),
        18 => ConversationId::group(&format!("@TGS#_@TGS#c{:04X}{number:08}", rng.u16(..))),
        _ => ConversationId::group(&format!("@TGS#_c{:04X}@TOPIC#_{number:08}", rng.u16(..))),
    };
    id.unwrap()
}

/// Most are young: that a row is older than `x` seconds falls with the logarithm of `x`.
fn age(rng: &mut Rng) -> u64 {
    SPAN.powf(rng.f64()) as u64
}

fn message(number: usize, row: &Conversation, rng: &mut Rng) -> LastMessage {
    let mut message = LastMessage::new(MessageKind::Text);
    message.time = row.listing.time;
    message.sequence = number as u64;
    message.from_account = format!("user_{number:08}").into();
    message.payload = Some(Payload::of_text(rng.choice(TEXTS).unwrap()));
    message
}

/// Returns the patch that a pull would yield for a row.
pub fn patch(row: &Conversation) -> ConversationPatch {
    let mut patch = ConversationPatch::new(row.id.clone());
    patch.listing = Some(ListingPatch::from(row.listing.clone()));
    patch.profile = row.profile.clone();
    patch.unread = row.unread.clone();
    patch.last_message = row.last_message.clone();
    patch
}

/// A new message: the row of a round, and the time that moves it to the top.
pub fn touch(row: &Conversation, round: usize) -> ConversationPatch {
    let mut patch = ConversationPatch::new(row.id.clone());
    patch.listing = Some(ListingPatch::at(Timestamp::from_secs(NOW + 1 + round as u64)));
    patch
}

/// The row after that.
pub fn touched(row: &Conversation, round: usize) -> Row {
    Arc::new(merge(Some(row), &touch(row, round)))
}

/// Returns the row that a round touches: all of them in time, none twice in a row.
pub fn which(round: usize, count: usize) -> usize {
    round.wrapping_mul(7_919) % count
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_rows_are_the_same_each_time_and_as_mixed_as_promised() {
        let rows = rows(10_000);
        assert_eq!(rows, super::rows(10_000));
        let share = |has: fn(&Row) -> bool| rows.iter().filter(|row| has(row)).count() / 100;
        let near = |share: usize, promised| assert!(share.abs_diff(promised) <= 1, "{share}");
        near(share(|row| row.listing.is_pinned), 5);
        near(share(|row| row.listing.marks.bits() != 0), 10);
        near(share(|row| row.unread.count > Some(0)), 12);
        near(share(|row| row.id.group_id().is_some()), 25);
        let ids: HashSet<_> = rows.iter().map(|row| &row.id).collect();
        assert_eq!(ids.len(), rows.len());
    }
}
