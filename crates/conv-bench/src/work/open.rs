//! From a folder to the first answer.

use conv_api::{All, ConversationQuery, Durability};

use super::Work;
use crate::{
    contest::Contest,
    figure::Value,
    ours::{Kind, Ours, PAGE, SCREEN},
    peers::{RawSled, Safety, Sqlite},
    settings::Settings,
    stage::Stage,
    watch::{Cpu, Watch},
};

pub const OPEN: Work = Work {
    name: "open",
    title: "opened, and the first 50 rows read",
    baseline: "sled, open + scan + decode",
    sizes: &[500, 10_000, 100_000],
    run,
};

fn run(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let stage = Stage::of(count);
    let [raw, lite] = [stage.folder(), stage.folder()];
    {
        let filled = RawSled::open(&raw);
        stage.rows.chunks(100).for_each(|rows| filled.page(rows));
        Sqlite::open(&lite, Safety::Normal).put_all(&stage.rows);
    }
    Contest::new(Cpu::Process)
        .enter_timed("conv, sled", ours(&stage, Kind::Sled))
        .enter_timed("conv, redb", ours(&stage, Kind::Redb))
        .enter_timed("sled, open + scan + decode", |watch, _| {
            let (_raw, rows) = watch.time(|| {
                let raw = RawSled::open(&raw);
                let rows = raw.rows();
                (raw, rows)
            });
            assert_eq!(rows.len(), count);
        })
        .enter_timed("SQLite, first 50 alone", |watch, _| {
            let open = || Sqlite::open(&lite, Safety::Normal).top(SCREEN);
            assert_eq!(watch.time(open).len(), count.min(SCREEN));
        })
        .enter_timed("SQLite, all rows", |watch, _| {
            let open = || Sqlite::open(&lite, Safety::Normal).all();
            assert_eq!(watch.time(open).len(), count);
        })
        .run(settings)
}

fn ours(stage: &Stage, kind: Kind) -> impl FnMut(&mut Watch, usize) {
    let folder = stage.folder();
    let filled = Ours::open(kind, Durability::Process, &folder);
    filled.fill(&stage.rows, PAGE);
    filled.close();
    let all = ConversationQuery::from(All);
    move |watch, _| {
        let (ours, page) = watch.time(|| {
            let ours = Ours::open(kind, Durability::Process, &folder);
            let page = ours.screen(&all);
            (ours, page)
        });
        assert!(!page.rows.is_empty());
        ours.close();
    }
}
