//! Formats how long ago something was. The only code that reads the device's clock for output.

use std::time::{SystemTime, UNIX_EPOCH};

use conv_api::Timestamp;

/// Returns now, by the device's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_secs(since.as_secs())
}

/// Returns how long before `now` a moment was, as one number and one unit. Later moments count as
/// `now`, since the clocks of the device and the cloud differ.
pub(crate) fn ago(moment: Timestamp, now: Timestamp) -> String {
    const UNITS: [(u64, &str); 5] =
        [(31_557_600, "y"), (604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "min")];
    let seconds = now.as_secs().saturating_sub(moment.as_secs());
    match UNITS.iter().find(|(unit, _)| seconds >= *unit) {
        Some((unit, name)) => format!("{} {name} ago", seconds / unit),
        None => "now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_their_largest_unit() {
        let now = Timestamp::from_secs(1_700_000_000);
        let text = |seconds: u64| ago(Timestamp::from_secs(1_700_000_000 - seconds), now);
        assert_eq!([text(0), text(59), text(60)], ["now", "now", "1 min ago"]);
        assert_eq!([text(7_199), text(7_200), text(86_400)], ["1 h ago", "2 h ago", "1 d ago"]);
        assert_eq!([text(604_800), text(63_115_200)], ["1 w ago", "2 y ago"]);
        assert_eq!(ago(Timestamp::from_secs(1_700_000_100), now), "now");
    }
}
