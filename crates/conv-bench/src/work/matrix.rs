//! Beside the Matrix SDK: measured by the package in `matrix` beside, whose figures are taken in.

use std::path::Path;

use super::Work;
use crate::figure::{Figure, Value};

pub const OPEN: Work = Work {
    name: "open-matrix",
    title: "opened, and all rows loaded",
    baseline: "matrix-sdk-sqlite",
    sizes: &[500, 10_000],
    run: |rows, _| figures("open-matrix", rows),
};

pub const COMMIT: Work = Work {
    name: "commit-matrix",
    title: "a page of 100 is stored",
    baseline: "matrix-sdk-sqlite",
    sizes: &[500, 10_000],
    run: |rows, _| figures("commit-matrix", rows),
};

/// The entrants, in the order of the report.
const ENTRANTS: [&str; 2] = ["conv, sled", "matrix-sdk-sqlite"];

/// None where that package was not run.
fn figures(work: &str, rows: usize) -> Vec<(&'static str, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("matrix/figures.json");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let figures: Vec<Figure> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let find = |entrant: &str| {
        let is_it = |it: &&Figure| it.work == work && it.rows == rows && it.entrant == entrant;
        figures.iter().find(is_it).map(|figure| figure.value)
    };
    ENTRANTS.into_iter().filter_map(|entrant| Some((entrant, find(entrant)?))).collect()
}
