use conv_model::Timestamp;

#[test]
fn the_cloud_counts_in_seconds_or_milliseconds() {
    let secs = |number| Timestamp::from_cloud(number).map(Timestamp::as_secs).ok();
    assert_eq!(secs(1_700_000_000), Some(1_700_000_000));
    assert_eq!(secs(1_700_000_000_999), Some(1_700_000_000));
    assert_eq!(secs(0), Some(0));
    assert_eq!(secs(1_262_304_000), Some(1_262_304_000), "2010");
    assert_eq!(secs(4_102_444_799), Some(4_102_444_799), "the last second before 2100");
    for odd in [-1, i64::MIN, 1, 1_262_303_999, 4_102_444_800, 99_999_999_999, i64::MAX] {
        assert_eq!(secs(odd), None, "{odd}");
    }
}

#[test]
fn adding_seconds_ends_at_the_greatest_moment() {
    let last = Timestamp::from_secs(u64::MAX);
    assert_eq!(last.plus_secs(1), last);
}
