//! The head of the list, as a screen shows it.

use conv_api::{All, ConversationQuery};

use super::{GROWING, Work};
use crate::{
    contest::Contest,
    data,
    figure::Value,
    ours::{Ours, SCREEN},
    peers::{Dash, PersistentList, Plain, Sqlite},
    settings::Settings,
    watch::Cpu,
};

pub const TOP: Work = Work {
    name: "top",
    title: "the first 50 rows of the list",
    baseline: "BTreeMap range",
    sizes: GROWING,
    run,
};

fn run(rows: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let rows = data::rows(rows);
    let ours = Ours::in_memory(&rows);
    let snapshot = ours.conversations.snapshot();
    let all = ConversationQuery::from(All);
    let (plain, imbl) = (Plain::of(&rows), PersistentList::of(&rows));
    let (dash, sqlite) = (Dash::of(&rows), Sqlite::in_memory(&rows));
    Contest::new(Cpu::Thread)
        .enter("conv, snapshot", |_| snapshot.rows().take(SCREEN).cloned().collect::<Vec<_>>())
        .enter("conv, facade", |_| ours.screen(&all))
        .enter("BTreeMap range", |_| plain.order.values().take(SCREEN).cloned().collect::<Vec<_>>())
        .enter("imbl range", |_| imbl.order.values().take(SCREEN).cloned().collect::<Vec<_>>())
        .enter("DashMap, sorted on read", |_| dash.first(SCREEN, |_| true))
        .enter("SQLite, in memory", |_| sqlite.top(SCREEN))
        .run(settings)
}
