//! Prints the report: tables on the terminal, and in the docs.

mod page;
mod plot;
mod table;

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use self::page::Page;
use crate::{figure::Figure, goals, machine, settings::Settings, work};

pub use self::table::{bytes, grouped, ratio, table};

/// Puts the tables of what was measured into the docs, and draws how costs grow.
///
/// The goals are put in only after a run of everything: each needs figures of its own run.
pub fn write(settings: &Settings, figures: &[Figure]) -> Result<(), Box<dyn Error>> {
    let docs = docs();
    let plots = docs.join("plots");
    fs::create_dir_all(&plots)?;
    let mut page = Page::open(docs.join("performance.md"))?;
    for work in work::ALL.iter().filter(|work| figures.iter().any(|it| it.work == work.name)) {
        let mut text = table(work, figures);
        let file = format!("{}.svg", work.name);
        if plot::plot(work, figures, &plots.join(&file))? {
            text += &format!("\n![{}, by the size of the list](plots/{file})\n", work.title);
        }
        text += &format!("\n`{}`\n", machine::command());
        put(&mut page, work.name, &text);
    }
    if settings.is_whole() {
        put(&mut page, "goals", &goals::table(figures, true));
        put(&mut page, "machine", &machine::describe());
    }
    Ok(page.save()?)
}

/// Puts one text into its place in the docs.
pub fn write_one(name: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let mut page = Page::open(docs().join("performance.md"))?;
    put(&mut page, name, text);
    Ok(page.save()?)
}

fn put(page: &mut Page, name: &str, text: &str) {
    if !page.put(name, text) {
        eprintln!("docs/performance.md has no place for {name}");
    }
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}
