//! A work's figures as a Markdown table: a line an entrant, a column a size.

use std::collections::BTreeSet;

use crate::{
    figure::{Figure, Value},
    work::Work,
};

pub fn table(work: &Work, figures: &[Figure]) -> String {
    let figures: Vec<_> = figures.iter().filter(|figure| figure.work == work.name).collect();
    let sizes: BTreeSet<_> = figures.iter().map(|figure| figure.rows).collect();
    let find = |entrant: &str, rows| {
        figures.iter().find(|figure| figure.entrant == entrant && figure.rows == rows)
    };
    let mut text = format!("| {} |", work.title);
    sizes.iter().for_each(|rows| text += &format!(" {} rows |", grouped(*rows)));
    text += &format!("\n| --- |{}\n", " ---: |".repeat(sizes.len()));
    for entrant in entrants(&figures) {
        text += &format!("| {entrant} |");
        for rows in &sizes {
            let base = find(work.baseline, *rows).map(|base| base.value);
            let cell = find(entrant, *rows).map(|figure| cell(figure.value, base));
            text += &format!(" {} |", cell.unwrap_or_default());
        }
        text += "\n";
    }
    text
}

/// In the order in which they entered.
pub fn entrants<'a>(figures: &[&'a Figure]) -> Vec<&'a str> {
    let mut entrants: Vec<&str> = Vec::new();
    for figure in figures {
        if !entrants.contains(&figure.entrant.as_str()) {
            entrants.push(&figure.entrant);
        }
    }
    entrants
}

/// The value, and how many times the baseline's it is.
fn cell(value: Value, base: Option<Value>) -> String {
    let shown = match value {
        Value::Time { wall, .. } => micros(wall),
        Value::Bytes(bytes) => self::bytes(bytes),
        Value::Count(count) => format!("{count:.0}"),
    };
    match base {
        Some(base) => format!("{shown} · {}", ratio(value.main() / base.main())),
        None => shown,
    }
}

pub fn ratio(ratio: f64) -> String {
    match ratio {
        0.095.. => format!("{}×", significant(ratio)),
        _ => format!("1/{}", significant(1.0 / ratio)),
    }
}

pub fn micros(micros: f64) -> String {
    match micros {
        1e6.. => format!("{} s", significant(micros / 1e6)),
        1e3.. => format!("{} ms", significant(micros / 1e3)),
        1.0.. => format!("{} µs", significant(micros)),
        _ => format!("{} ns", significant(micros * 1e3)),
    }
}

pub fn bytes(bytes: f64) -> String {
    match bytes {
        1e9.. => format!("{} GB", significant(bytes / 1e9)),
        1e6.. => format!("{} MB", significant(bytes / 1e6)),
        1e4.. => format!("{} KB", significant(bytes / 1e3)),
        _ => format!("{bytes:.0} B"),
    }
}

/// Three digits that count.
fn significant(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// 100,000
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well_at_each_size() {
        assert_eq!([7, 500, 10_000, 1_000_000].map(grouped), ["7", "500", "10,000", "1,000,000"]);
        assert_eq!([0.0123, 7.4, 1234.5].map(micros), ["12.3 ns", "7.40 µs", "1.23 ms"]);
        assert_eq!([0.5, 2.34, 0.004].map(ratio), ["0.50×", "2.34×", "1/250"]);
        assert_eq!([814.0, 65_500.0].map(bytes), ["814 B", "65.5 KB"]);
    }
}
