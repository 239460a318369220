//! The counts that are committed.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::machine;

/// More than so many times the baseline is too much.
const LIMIT: f64 = 1.1;

#[derive(Debug, Serialize, Deserialize)]
pub struct Baseline {
    /// Another compiler makes other instructions.
    pub rustc: String,
    instructions: BTreeMap<String, u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Same,
    More,
    Fewer,
    Unknown,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "",
            Self::More => "**more than 10 % more**",
            Self::Fewer => "more than 10 % fewer: `instructions --write`",
            Self::Unknown => "new: `instructions --write`",
        }
    }
}

impl Baseline {
    /// By this compiler.
    pub fn of(instructions: BTreeMap<String, u64>) -> Self {
        Self { rustc: machine::rustc(), instructions }
    }

    pub fn load() -> Self {
        toml::from_str(&fs::read_to_string(path()).unwrap()).unwrap()
    }

    pub fn save(&self) {
        let head = "# Written by `cargo run --release -p conv-bench -- instructions --write`.\n\n";
        fs::write(path(), format!("{head}{}", toml::to_string(self).unwrap())).unwrap();
    }

    pub fn is_of_this_compiler(&self) -> bool {
        self.rustc == machine::rustc()
    }

    /// The count before, and how another one compares.
    pub fn judge(&self, name: &str, count: u64) -> (u64, Verdict) {
        let Some(before) = self.instructions.get(name).copied() else {
            return (0, Verdict::Unknown);
        };
        let verdict = match count as f64 / before as f64 {
            times if times > LIMIT => Verdict::More,
            times if times < 1.0 / LIMIT => Verdict::Fewer,
            _ => Verdict::Same,
        };
        (before, verdict)
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_more_is_allowed_and_no_more() {
        let baseline = Baseline::of(BTreeMap::from([("x".to_owned(), 1_000)]));
        let verdict = |count| baseline.judge("x", count).1;
        assert_eq!([1_100, 1_101].map(verdict), [Verdict::Same, Verdict::More]);
        assert_eq!([910, 900].map(verdict), [Verdict::Same, Verdict::Fewer]);
        assert_eq!(baseline.judge("y", 1), (0, Verdict::Unknown));
    }

    #[test]
    fn everything_counted_has_a_baseline() {
        let known: Vec<_> = Baseline::load().instructions.into_keys().collect();
        let mut counted: Vec<_> =
            super::super::COUNTED.iter().map(|counted| counted.name.to_owned()).collect();
        counted.sort();
        assert_eq!(known, counted);
    }
}
