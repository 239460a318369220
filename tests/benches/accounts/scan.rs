//! Opening an account that was put away, beside a bare scan of the same records and their decoding.

use std::{hint::black_box, sync::Arc, time::Instant};

use conv_api::{
    Conversation, ConversationId,
    model::Seq,
    store::record::{RowRecord, Stamp},
};

use super::host::{Host, ROWS};

const ACCOUNTS: usize = 500;
const ROUNDS: usize = 20;

pub async fn compare() {
    let host = Host::new(ACCOUNTS).await;
    let accounts = host.open().await;
    let folder = tempfile::TempDir::new().unwrap();
    let raw = sled::open(folder.path()).unwrap();
    for (number, name) in host.names.iter().enumerate() {
        let list = accounts.open(name).await.unwrap();
        for row in list.snapshot().rows() {
            let key = [&prefix(number)[..], row.id.as_str().as_bytes()].concat();
            raw.insert(key, record(row).as_ref()).unwrap();
        }
    }
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        accounts.put_away_idle();
        for (number, name) in host.names.iter().enumerate() {
            let begun = Instant::now();
            let list = accounts.open(name).await.unwrap();
            ours.push(begun.elapsed().as_secs_f64() * 1e6);
            assert_eq!(list.snapshot().len(), ROWS);
            drop(list);
            let begun = Instant::now();
            let rows = scan(&raw, number);
            bare.push(begun.elapsed().as_secs_f64() * 1e6);
            assert_eq!(black_box(rows).len(), ROWS);
        }
    }
    let (ours, bare) = (p10(ours), p10(bare));
    println!(
        "open {ROWS} rows: {ours:.0} µs, bare scan and decode {bare:.0} µs: {:.2} (goal 1.5)\n",
        ours / bare
    );
    accounts.close().await.unwrap();
}

/// A row decoded anew, so that it shares nothing.
pub fn decoded(row: &Arc<Conversation>) -> RowRecord {
    RowRecord::decode(&row.id, &record(row)).unwrap()
}

fn scan(raw: &sled::Db, number: usize) -> Vec<RowRecord> {
    let entries = raw.scan_prefix(prefix(number)).map(|entry| {
        let (key, value) = entry.unwrap();
        let id: ConversationId = std::str::from_utf8(&key[8..]).unwrap().parse().unwrap();
        RowRecord::decode(&id, &value).unwrap()
    });
    entries.collect()
}

fn record(row: &Arc<Conversation>) -> Arc<[u8]> {
    RowRecord::new(Arc::clone(row), Stamp::default()).encode(Seq::ZERO).unwrap()
}

fn prefix(number: usize) -> [u8; 8] {
    // As in a database, neighbours in name are no neighbours on disk.
    (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()
}

fn p10(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 10]
}
