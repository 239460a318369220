//! The figures to hold, and whether they are held.

use crate::{
    figure::{Figure, Value},
    report::{bytes, grouped, ratio},
};

/// One line of a work's table.
type Entry = (&'static str, usize, &'static str);

/// The maximum cost of one of our entrants.
struct Goal {
    what: &'static str,
    ours: Entry,
    limit: Limit,
}

enum Limit {
    /// So many times another's.
    Times(f64, Entry),
    Bytes(f64),
}

use Limit::{Bytes, Times};

/// The end of a line without a figure.
const UNMEASURED: &str = "|  |  |  |\n";
const BTREE: &str = "BTreeMap range";
const SLED: &str = "conv, sled Process";

const GOALS: &[Goal] = &[
    goal(
        "top 50 on a snapshot / `BTreeMap` range",
        ("top", 10_000, "conv, snapshot"),
        Times(1.2, ("top", 10_000, BTREE)),
    ),
    goal("the same", ("top", 100_000, "conv, snapshot"), Times(1.2, ("top", 100_000, BTREE))),
    goal(
        "top 50 through the facade / `BTreeMap` range",
        ("top", 10_000, "conv, facade"),
        Times(1.5, ("top", 10_000, BTREE)),
    ),
    goal("the same", ("top", 100_000, "conv, facade"), Times(1.5, ("top", 100_000, BTREE))),
    goal(
        "top 50 through the facade / SQLite",
        ("top", 10_000, "conv, facade"),
        Times(1.0 / 30.0, ("top", 10_000, "SQLite, in memory")),
    ),
    goal(
        "borrowed ID / ruma's `&RoomId`",
        ("parse", 1_000, "conv, borrowed"),
        Times(0.75, ("parse", 1_000, "ruma, &RoomId")),
    ),
    goal(
        "page of 100 into sled, `Process` / `apply_batch` + `flush`",
        ("commit-page", 10_000, SLED),
        Times(1.3, ("commit-page", 10_000, "sled, apply_batch + flush")),
    ),
    goal(
        "the same / transaction of four trees",
        ("commit-page", 10_000, SLED),
        Times(0.5, ("commit-page", 10_000, "sled, transaction of four trees")),
    ),
    goal(
        "one update, `Process` / `insert` + `flush`",
        ("commit-one", 10_000, SLED),
        Times(1.2, ("commit-one", 10_000, "sled, insert + flush")),
    ),
    goal(
        "ten updates at once, `Process` / SQLite NORMAL, one transaction",
        ("commit-ten", 10_000, SLED),
        Times(1.2, ("commit-ten", 10_000, "SQLite NORMAL, one transaction")),
    ),
    goal(
        "update in memory, published / `imbl` maps with indexes in ArcSwap",
        ("update-memory", 10_000, "conv, snapshot"),
        Times(1.0, ("update-memory", 10_000, "imbl maps with indexes")),
    ),
    goal(
        "the same / `imbl` map of the list alone",
        ("update-memory", 10_000, "conv, snapshot"),
        Times(0.5, ("update-memory", 10_000, "imbl map in ArcSwap")),
    ),
    goal(
        "update in memory / SQLite, nothing durable",
        ("update-memory", 10_000, "conv, store in memory"),
        Times(0.8, ("update-memory", 10_000, "SQLite, in memory")),
    ),
    goal(
        "64 updates at once / locked maps",
        ("update-bulk", 10_000, "conv, snapshot"),
        Times(2.0, ("update-bulk", 10_000, "locked maps")),
    ),
    goal(
        "open + load / sled open + scan + decode",
        ("open", 10_000, "conv, sled"),
        Times(1.25, ("open", 10_000, "sled, open + scan + decode")),
    ),
    goal(
        "open + load / matrix-sdk-sqlite",
        ("open-matrix", 10_000, "conv, sled"),
        Times(1.0, ("open-matrix", 10_000, "matrix-sdk-sqlite")),
    ),
    goal(
        "heap of a conversation, all indexes",
        ("heap", 10_000, "conv, rows and indexes"),
        Bytes(760.0),
    ),
    goal(
        "pull of 500, memory / the same calls bare",
        ("pull-first", 500, "conv, memory"),
        Times(1.5, ("pull-first", 500, "the same calls, bare")),
    ),
    goal(
        "bytes to the engine, second pull / first",
        ("pull-bytes", 500, "second pull, nothing new"),
        Times(0.02, ("pull-bytes", 500, "first pull")),
    ),
    goal(
        "100 readers, one update / eyeball-im-util",
        ("live", 50_000, "conv, readers of 100 queries"),
        Times(0.01, ("live", 50_000, "eyeball-im-util's adapters")),
    ),
    goal(
        "one change accepted / one append and fdatasync",
        ("enqueue", 10_000, SLED),
        Times(1.3, ("enqueue", 10_000, "log, one fdatasync")),
    ),
    goal(
        "top 50 with 1,000 changes pending / without",
        ("pending-top", 10_000, "conv, 1,000 pending"),
        Times(1.2, ("pending-top", 10_000, "conv, none pending")),
    ),
    goal(
        "all pages with 1,000 changes pending / without",
        ("pending-paging", 10_000, "conv, 1,000 pending"),
        Times(1.2, ("pending-paging", 10_000, "conv, none pending")),
    ),
    goal(
        "first pending change of a row",
        ("pending-heap", 500, "conv, the first change of a row"),
        Bytes(1_024.0),
    ),
    goal("a further one", ("pending-heap", 500, "conv, a further change of it"), Bytes(300.0)),
    goal("idle evicted account", ("idle", 100, "conv, an evicted account"), Bytes(4096.0)),
    goal(
        "reader beside a writer / alone, p10",
        ("busy", 50_000, "p10 beside a writer"),
        Times(3.0, ("busy", 50_000, "p10 alone")),
    ),
    goal(
        "the same, p99",
        ("busy", 50_000, "p99 beside a writer"),
        Times(3.0, ("busy", 50_000, "p99 alone")),
    ),
];

const fn goal(what: &'static str, ours: Entry, limit: Limit) -> Goal {
    Goal { what, ours, limit }
}

/// The goals as a table: all of them, those not measured too, or those measured alone.
pub fn table(figures: &[Figure], all: bool) -> String {
    let mut text =
        "| what | rows | goal | measured | CPU | |\n| --- | ---: | ---: | ---: | ---: | --- |\n"
            .to_owned();
    let lines = GOALS.iter().map(|goal| goal.line(figures));
    text.extend(lines.filter(|line| all || !line.ends_with(UNMEASURED)));
    text
}

impl Goal {
    fn line(&self, figures: &[Figure]) -> String {
        let Self { what, ours, limit } = self;
        let (limit, measured, cpu) = match limit {
            Times(limit, theirs) => {
                let pair = find(figures, *ours).zip(find(figures, *theirs));
                let wall = pair.map(|(ours, theirs)| ours.main() / theirs.main());
                let cpu = pair.and_then(|(ours, theirs)| Some(ours.cpu()? / theirs.cpu()?));
                let shown = wall.map(|wall| (ratio(wall), wall <= *limit));
                (ratio(*limit), shown, cpu.map(ratio))
            }
            Bytes(limit) => {
                let value = find(figures, *ours).map(Value::main);
                (bytes(*limit), value.map(|value| (bytes(value), value <= *limit)), None)
            }
        };
        let (measured, verdict) = match measured {
            Some((measured, true)) => (measured, "pass"),
            Some((measured, false)) => (measured, "**miss**"),
            None => (String::new(), ""),
        };
        let (rows, cpu) = (grouped(ours.1), cpu.unwrap_or_default());
        format!("| {what} | {rows} | {limit} | {measured} | {cpu} | {verdict} |\n")
    }
}

fn find(figures: &[Figure], (work, rows, entrant): Entry) -> Option<Value> {
    let is_it = |it: &&Figure| it.work == work && it.rows == rows && it.entrant == entrant;
    figures.iter().find(is_it).map(|figure| figure.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(entrant: &str, wall: f64) -> Figure {
        let value = Value::Time { wall, cpu: wall };
        Figure { work: "w".into(), rows: 7, entrant: entrant.into(), value }
    }

    #[test]
    fn a_goal_is_met_up_to_its_limit_missed_above_and_never_met_unmeasured() {
        let goal = goal("x / y", ("w", 7, "x"), Times(1.5, ("w", 7, "y")));
        let verdict = |ours, theirs| goal.line(&[figure("x", ours), figure("y", theirs)]);
        assert_eq!(verdict(1.5, 1.0), "| x / y | 7 | 1.50× | 1.50× | 1.50× | pass |\n");
        assert_eq!(verdict(1.6, 1.0), "| x / y | 7 | 1.50× | 1.60× | 1.60× | **miss** |\n");
        assert!(goal.line(&[figure("x", 1.0)]).ends_with(UNMEASURED));
    }
}
