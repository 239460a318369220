//! Figures of the gateway, and whether they meet their goals.

use crate::report::{bytes, grouped};

/// One measured number.
#[derive(Clone, Debug)]
pub struct Figure {
    pub what: String,
    pub goal: Goal,
    pub value: f64,
    pub unit: Unit,
}

#[derive(Clone, Copy, Debug)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// For information.
    None,
}

#[derive(Clone, Copy, Debug)]
pub enum Unit {
    Bytes,
    PerSecond,
    Millis,
    Micros,
    Seconds,
    Count,
    Times,
    Percent,
}

impl Figure {
    pub fn new(what: impl Into<String>, goal: Goal, value: f64, unit: Unit) -> Self {
        Self { what: what.into(), goal, value, unit }
    }

    fn line(&self) -> String {
        let (goal, is_met) = match self.goal {
            Goal::AtMost(limit) => (format!("≤ {}", self.unit.show(limit)), self.value <= limit),
            Goal::AtLeast(limit) => (format!("≥ {}", self.unit.show(limit)), self.value >= limit),
            Goal::None => (String::new(), true),
        };
        let verdict = match (self.goal, is_met) {
            (Goal::None, _) => "",
            (_, true) => "pass",
            (_, false) => "**miss**",
        };
        let measured = self.unit.show(self.value);
        format!("| {} | {goal} | {measured} | {verdict} |\n", self.what)
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Bytes => bytes(value),
            Self::PerSecond => format!("{}/s", grouped(value.round() as usize)),
            Self::Millis if value < 10.0 => format!("{value:.1} ms"),
            Self::Millis => format!("{value:.0} ms"),
            Self::Micros => format!("{value:.0} µs"),
            Self::Seconds => format!("{value:.1} s"),
            Self::Count if value.fract() == 0.0 => grouped(value as usize),
            Self::Count => format!("{value:.2}"),
            Self::Times => format!("{value:.2}×"),
            Self::Percent => format!("{value:.1} %"),
        }
    }
}

pub fn table(figures: &[Figure]) -> String {
    let head = "| what | goal | measured | |\n| --- | ---: | ---: | --- |\n";
    figures.iter().fold(head.to_owned(), |text, figure| text + &figure.line())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_at_its_limit_and_missed_beyond() {
        let line = |goal, value| Figure::new("x", goal, value, Unit::Millis).line();
        assert_eq!(line(Goal::AtMost(5.0), 5.0), "| x | ≤ 5.0 ms | 5.0 ms | pass |\n");
        assert_eq!(line(Goal::AtMost(5.0), 5.1), "| x | ≤ 5.0 ms | 5.1 ms | **miss** |\n");
        assert_eq!(line(Goal::AtLeast(50.0), 49.0), "| x | ≥ 50 ms | 49 ms | **miss** |\n");
        assert_eq!(line(Goal::None, 12.0), "| x |  | 12 ms |  |\n");
    }
}
