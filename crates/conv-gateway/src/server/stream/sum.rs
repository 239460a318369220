//! The sum by which a client finds out that it holds the wrong rows.

use std::sync::Arc;

use conv_api::Conversation;

/// Returns the CRC-32 of the IDs of a window's rows, each followed by a line feed.
pub(in crate::server) fn sum(rows: &[Arc<Conversation>]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    for row in rows {
        sum.update(row.id.as_str().as_bytes());
        sum.update(b"\n");
    }
    sum.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_crc_of_the_ids_as_lines() {
        let row = |id: &str| Arc::new(Conversation::new(id.parse().unwrap()));
        assert_eq!(sum(&[]), 0);
        let rows = [row("C2Calice"), row("GROUP@TGS#1")];
        assert_eq!(sum(&rows), crc32fast::hash(b"C2Calice\nGROUP@TGS#1\n"));
    }
}
