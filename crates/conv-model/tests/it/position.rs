//! Positions as text.

use conv_model::{ErrorClass, Position, Seq};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_position_is_read_as_it_was_written(epoch: u64, write: u64) {
        let position = Position::new(epoch, Seq::new(write));
        let text = position.to_string();
        prop_assert_eq!(text.parse(), Ok(position));
        let json = serde_json::to_string(&position).unwrap();
        prop_assert_eq!(&json, &format!("\"{text}\""));
        prop_assert_eq!(serde_json::from_str::<Position>(&json).unwrap(), position);
    }

    #[test]
    fn any_text_is_a_position_or_a_classed_error(text in "[0-9a-fA-F+. -]{0,24}") {
        match text.parse::<Position>() {
            Ok(position) => prop_assert_eq!(position.to_string(), text),
            Err(error) => prop_assert_eq!(error.class(), ErrorClass::InvalidArgument),
        }
    }
}

#[test]
fn other_spellings_are_refused() {
    let whole = "00000000000000ff.7";
    assert_eq!(whole.parse(), Ok(Position::new(255, Seq::new(7))));
    for text in [
        "",
        ".",
        "ff.7",
        "00000000000000FF.7",
        "00000000000000ff.07",
        "00000000000000ff.+7",
        "+0000000000000ff.7",
        "00000000000000ff.",
        "00000000000000ff.7 ",
        "00000000000000ff.18446744073709551616",
        "00000000000000ff.7.7",
    ] {
        assert!(text.parse::<Position>().is_err(), "{text:?}");
    }
    assert!(serde_json::from_str::<Position>("7").is_err());
}
