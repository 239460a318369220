//! Conversations as a table that stays aligned whatever its texts.

use console::{Alignment, Style, measure_text_width, pad_str, truncate_str};
use conv_api::{Conversation, Timestamp};

use super::{harmless::harmless, time::ago};

const GAP: &str = "  ";
const COLUMNS: usize = 8;
const HEADERS: [&str; COLUMNS] =
    ["", "NAME", "CONVERSATION", "UNREAD", "MARKS", "GROUPS", "LAST", "MESSAGE"];
/// The minimum width to which a column shrinks to fit a terminal.
const NARROWEST: usize = 10;

/// Returns the lines of a table: a header and one per row. Leaves out columns without a value. No
/// line is longer than `width`, if given.
pub(crate) fn lines<'a>(
    rows: impl IntoIterator<Item = &'a Conversation>,
    now: Timestamp,
    width: Option<usize>,
) -> Vec<String> {
    let cells: Vec<[Cell; COLUMNS]> = rows.into_iter().map(|row| cells(row, now)).collect();
    let widths = widths(&cells, width);
    let header = HEADERS.map(|text| Cell::new(text, Style::new().dim()));
    std::iter::once(&header).chain(&cells).map(|row| line(row, &widths, width)).collect()
}

#[derive(Debug)]
struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    fn new(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

fn cells(row: &Conversation, now: Timestamp) -> [Cell; COLUMNS] {
    let (plain, dim) = (Style::new(), Style::new().dim());
    let name = if row.unread.is_muted() { dim.clone() } else { plain.clone().bold() };
    let time = row.listing.time.filter(|time| !time.is_zero());
    let marks: Vec<_> = row.listing.marks.iter().map(mark).collect();
    let groups: Vec<_> = row.listing.groups.iter().map(|name| harmless(name)).collect();
    let message = row.last_message.value().map(|message| message.preview().to_string());
    [
        Cell::new(if row.listing.is_pinned { "^" } else { "" }, plain.clone().yellow()),
        Cell::new(harmless(row.show_name()), name),
        Cell::new(harmless(row.id.as_str()), dim.clone()),
        Cell::new(unread(row), plain.clone().green()),
        Cell::new(marks.join(" "), plain.clone().cyan()),
        Cell::new(groups.join(", "), plain.clone()),
        Cell::new(time.map(|time| ago(time, now)).unwrap_or_default(), dim),
        Cell::new(harmless(&message.unwrap_or_default()), plain),
    ]
}

/// Returns the unread count: `?` means unknown, `@` mentioned, parentheses muted.
fn unread(row: &Conversation) -> String {
    let at = if row.group_at_info().is_some_and(|info| !info.is_empty()) { "@" } else { "" };
    match row.unread.count {
        None => "?".to_owned(),
        Some(0) => at.to_owned(),
        Some(count) if row.unread.is_muted() => format!("{at}({count})"),
        Some(count) => format!("{at}{count}"),
    }
}

pub(crate) fn mark(mark: conv_api::MarkType) -> String {
    match mark {
        conv_api::MarkType::STAR => "star".to_owned(),
        conv_api::MarkType::UNREAD => "unread".to_owned(),
        conv_api::MarkType::FOLD => "fold".to_owned(),
        conv_api::MarkType::HIDE => "hide".to_owned(),
        other => format!("2^{}", other.bit()),
    }
}

/// Returns the width of each column; 0 for one that is left out.
fn widths(cells: &[[Cell; COLUMNS]], width: Option<usize>) -> [usize; COLUMNS] {
    let mut widths = [0; COLUMNS];
    for row in cells {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(measure_text_width(&cell.text));
        }
    }
    for (widest, header) in widths.iter_mut().zip(HEADERS).filter(|(widest, _)| **widest > 0) {
        *widest = (*widest).max(header.len());
    }
    if let Some(width) = width {
        fit(&mut widths, width);
    }
    widths
}

/// Shrinks the widest column until all fit, or all have the minimum width.
fn fit(widths: &mut [usize; COLUMNS], width: usize) {
    let shown = widths.iter().filter(|width| **width > 0).count();
    let width = width.saturating_sub(GAP.len() * shown.saturating_sub(1));
    let most = width.max(NARROWEST);
    widths.iter_mut().for_each(|each| *each = (*each).min(most));
    while widths.iter().sum::<usize>() > width {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => break,
        }
    }
}

fn line(row: &[Cell; COLUMNS], widths: &[usize; COLUMNS], width: Option<usize>) -> String {
    let shown = row.iter().zip(widths).filter(|(_, width)| **width > 0);
    let cells: Vec<_> = shown.map(|(cell, width)| styled(cell, *width)).collect();
    let line = cells.join(GAP);
    match width {
        Some(width) => truncate_str(&line, width, "").into_owned(),
        None => line.trim_end().to_owned(),
    }
}

fn styled(cell: &Cell, width: usize) -> String {
    // Cutting through a wide character leaves one column, which padding fills.
    let cut = truncate_str(&cell.text, width, "…");
    let padded = pad_str(&cut, width, Alignment::Left, None);
    cell.style.apply_to(padded).to_string()
}

#[cfg(test)]
mod tests {
    use conv_api::{ConversationId, MarkType, Marks};

    use super::*;

    fn row(user: &str, name: &str) -> Conversation {
        let mut row = Conversation::new(ConversationId::c2c(user).unwrap());
        row.profile.name = Some(name.into());
        row.listing.time = Some(Timestamp::from_secs(1_700_000_000));
        row
    }

    fn shown(rows: &[Conversation], width: Option<usize>) -> Vec<String> {
        let lines = lines(rows, Timestamp::from_secs(1_700_000_120), width);
        lines.iter().map(|line| console::strip_ansi_codes(line).into_owned()).collect()
    }

    #[test]
    fn a_row_shows_pin_name_unread_marks_and_time() {
        let mut row = row("ada", "客户 Ada");
        row.listing.is_pinned = true;
        row.listing.marks = Marks::NONE.with(MarkType::STAR).with(MarkType::from_bit(40).unwrap());
        row.unread.count = Some(3);
        assert_eq!(
            shown(&[row], None),
            [
                "   NAME      CONVERSATION  UNREAD  MARKS      LAST",
                "^  客户 Ada  C2Cada        3       star 2^40  2 min ago",
            ]
        );
    }

    #[test]
    fn unknown_values_are_not_shown_as_zero() {
        let unknown = row("a", "a");
        let mut read = row("b", "b");
        read.unread.count = Some(0);
        let lines = shown(&[unknown, read], None);
        assert!(lines[1].contains('?') && !lines[2].contains('?'), "{lines:?}");
    }

    #[test]
    fn no_line_is_longer_than_the_terminal_is_wide() {
        let long = "很长的名字".repeat(20);
        let rows = [row("a", &long), row(&"u".repeat(32), "👩‍👩‍👧‍👦 short")];
        for width in [10, 40, 61, 80, 200] {
            for line in shown(&rows, Some(width)) {
                assert!(measure_text_width(&line) <= width, "{width}: {line}");
            }
        }
        assert!(shown(&rows, None)[1].contains(&long));
    }
}
