use conv_model::{MarkError, MarkType, Marks, testing};
use proptest::prelude::*;

#[track_caller]
fn assert_bits(text: &str, values: &[u64]) {
    let marks = Marks::from_bit_string(text).unwrap();
    assert_eq!(marks.iter().map(MarkType::value).collect::<Vec<_>>(), values, "{text:?}");
}

#[test]
fn the_values_are_those_of_the_sdk_at_run_time() {
    let four = [MarkType::STAR, MarkType::UNREAD, MarkType::FOLD, MarkType::HIDE];
    assert_eq!(four.map(MarkType::value), [1, 2, 4, 8]);
    assert_eq!(four.map(MarkType::bit), [0, 1, 2, 3]);
}

#[test]
fn bit_strings_read_from_the_right() {
    assert_bits("1", &[1]);
    assert_bits("10", &[2]);
    assert_bits("1000", &[8]);
    assert_bits("111001", &[1, 8, 16, 32]);
    assert_bits("011111110", &[2, 4, 8, 16, 32, 64, 128]);
    assert_bits(&format!("1{}", "0".repeat(32)), &[1 << 32]);
    assert_bits(&format!("1{}", "0".repeat(63)), &[1 << 63]);
    assert_bits("0", &[]);
    assert_bits(&"0".repeat(90), &[]);
    assert_bits(&format!("{}1", "0".repeat(90)), &[1]);
}

#[test]
fn odd_bit_strings_are_refused() {
    for text in ["", "2", " 1", "1 ", "+1", "-1", "1_0", "0x1", "１", &"1".repeat(65)] {
        assert_eq!(Marks::from_bit_string(text), Err(MarkError::BadBitString), "{text:?}");
    }
}

#[test]
fn a_mark_is_one_power_of_two() {
    for value in [0, 3, 5, 1 << 32 | 1, u64::MAX, (1 << 63) - 1] {
        assert_eq!(MarkType::from_value(value), Err(MarkError::NotOneBit(value)));
    }
    assert_eq!(MarkType::from_bit(64), Err(MarkError::NoSuchBit(64)));
}

#[test]
fn marks_are_exact_up_to_the_highest_bit() {
    for bit in 0..64 {
        let mark = MarkType::from_bit(bit).unwrap();
        assert_eq!(mark.value(), 1 << bit);
        assert_eq!(MarkType::from_value(1 << bit), Ok(mark));
        let json = serde_json::to_string(&Marks::NONE.with(mark)).unwrap();
        assert_eq!(json, format!("[{}]", 1_u64 << bit));
        assert_eq!(serde_json::from_str::<Marks>(&json).unwrap(), Marks::from_bits(1 << bit));
    }
}

#[test]
fn high_marks_read_as_javascript_prints_them() {
    let printed = "[36028797018963970,72057594037927940,144115188075855870,288230376151711740,\
        576460752303423500,1152921504606847000,2305843009213694000,4611686018427388000,\
        9223372036854776000]";
    let marks: Marks = serde_json::from_str(printed).unwrap();
    assert_eq!(marks.bits(), u64::MAX << 55);
}

#[test]
fn numbers_that_are_no_mark_are_refused_in_json() {
    for json in [
        "[3]",
        "[0]",
        "[-1]",
        "[1.0]",
        "[\"1\"]",
        "1",
        "null",
        "[18446744073709552000]",
        "[9223372036854775809]",
        "[9223372036854776001]",
        "[9007199254740993]",
    ] {
        assert!(serde_json::from_str::<Marks>(json).is_err(), "{json}");
    }
}

proptest! {
    #[test]
    fn sets_of_marks_read_back(marks in testing::marks()) {
        prop_assert_eq!(Marks::from_bit_string(&marks.to_bit_string()), Ok(marks));
        prop_assert_eq!(marks.iter().collect::<Marks>(), marks);
        let json = serde_json::to_string(&marks).unwrap();
        prop_assert_eq!(serde_json::from_str::<Marks>(&json).unwrap(), marks);
        let values: Vec<u64> = serde_json::from_str(&json).unwrap();
        prop_assert!(values.is_sorted() && values.iter().all(|value| value.is_power_of_two()));
    }

    #[test]
    fn a_mark_is_put_on_and_taken_off(marks in testing::marks(), mark in testing::mark_types()) {
        prop_assert!(marks.with(mark).contains(mark));
        prop_assert!(!marks.without(mark).contains(mark));
        prop_assert_eq!(marks.without(mark).with(mark), marks.with(mark));
    }
}
