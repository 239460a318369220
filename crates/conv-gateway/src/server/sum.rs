//! A sum by which a client sees that its window has gone wrong.

use conv_api::ConversationId;

/// Returns the CRC-32 (zlib's) of the IDs of a window in its order: of each ID its bytes and a line feed
/// (0x0A), which no ID has in it. 0 for a window without rows. `vectors/sums.json` has examples.
pub(super) fn of<'a>(ids: impl IntoIterator<Item = &'a ConversationId>) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    for id in ids {
        sum.update(id.as_str().as_bytes());
        sum.update(b"\n");
    }
    sum.finalize()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn sum(ids: &Value) -> u64 {
        let ids: Vec<ConversationId> = serde_json::from_value(ids.clone()).unwrap();
        of(&ids).into()
    }

    /// The same file that clients in other languages are tested with.
    #[test]
    fn sums_are_those_of_the_vectors() {
        let vectors = include_str!("../../vectors/sums.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        let cases = vectors["cases"].as_array().unwrap();
        assert!(cases.len() > 8);
        for case in cases {
            assert_eq!(sum(&case["ids"]), case["sum"].as_u64().unwrap(), "{case}");
        }
        let steps = include_str!("../../vectors/updates.json");
        let steps: Value = serde_json::from_str(steps).unwrap();
        for step in steps["steps"].as_array().unwrap() {
            assert_eq!(sum(&step["after"]), step["update"]["sum"].as_u64().unwrap(), "{step}");
        }
    }
}
