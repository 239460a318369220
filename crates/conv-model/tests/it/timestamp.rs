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

#[test]
fn an_optional_moment_takes_eight_bytes_at_the_price_of_the_last_second() {
    assert_eq!(size_of::<Option<Timestamp>>(), 8);
    assert_eq!(Timestamp::from_secs(u64::MAX).as_secs(), u64::MAX - 1);
    for secs in [0, 1, 1_700_000_000, u64::MAX - 1] {
        let time = Timestamp::from_secs(secs);
        assert_eq!(time.as_secs(), secs);
        assert_eq!(serde_json::to_string(&time).unwrap(), secs.to_string());
        assert_eq!(serde_json::from_str::<Timestamp>(&secs.to_string()).unwrap(), time);
        assert_eq!(format!("{time:?}"), format!("Timestamp({secs})"));
    }
    assert_eq!(Timestamp::default(), Timestamp::ZERO);
}
