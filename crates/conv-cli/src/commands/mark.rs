//! Marks on the command line, spelt as the table shows them.

use conv_api::{MarkFilter, MarkType};

/// Parses a mark.
pub(super) fn named(name: &str) -> Result<MarkType, String> {
    of(name, "star, unread, fold, hide, 2^32 to 2^63, or a power of two")
}

/// Parses a mark to list by, or the lack of any.
pub(super) fn filter(name: &str) -> Result<MarkFilter, String> {
    match name {
        "none" | "0" => Ok(MarkFilter::Unmarked),
        name => of(name, "star, unread, fold, hide, none, 2^32 to 2^63, or a power of two")
            .map(MarkFilter::With),
    }
}

fn of(name: &str, expected: &str) -> Result<MarkType, String> {
    let number = |digits: &str| digits.parse().map_err(|_| format!("expected {expected}"));
    Ok(match name {
        "star" => MarkType::STAR,
        "unread" => MarkType::UNREAD,
        "fold" => MarkType::FOLD,
        "hide" => MarkType::HIDE,
        name => match name.strip_prefix("2^") {
            Some(bit) => {
                let bit = u32::try_from(number(bit)?).unwrap_or(u32::MAX);
                MarkType::from_bit(bit).map_err(|error| error.to_string())?
            }
            None => MarkType::from_value(number(name)?).map_err(|error| error.to_string())?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::table;

    #[test]
    fn the_words_of_the_table_are_accepted() {
        for bit in 0..64 {
            let mark = MarkType::from_bit(bit).unwrap();
            assert_eq!(named(&table::mark(mark)), Ok(mark));
            assert_eq!(filter(&table::mark(mark)), Ok(MarkFilter::With(mark)));
            assert_eq!(named(&mark.value().to_string()), Ok(mark));
        }
    }

    #[test]
    fn no_mark_is_something_to_list_by_alone() {
        for name in ["none", "0", "2^64", "2^", "2^-1", "3", "", "STAR"] {
            let error = named(name).unwrap_err();
            assert!(!error.contains("none"), "{error}");
        }
        assert_eq!(filter("none"), Ok(MarkFilter::Unmarked));
    }
}
