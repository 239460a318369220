//! Records: any bytes are refused or read; a record that was read is written and read as equal.

use std::{fmt::Debug, sync::Arc};

use conv_api::{
    ConversationId, StoreError,
    model::Seq,
    store::record::{self, LocalRecord, RowRecord, StateRecord, VERSION},
};

pub fn record(data: &[u8]) {
    read(data);
    // Hardly any bytes have the right checksum: once more as the body of a record of each kind.
    for kind in 1..=3 {
        read(&sealed(VERSION, kind, data));
    }
    if let [version, kind, body @ ..] = data {
        read(&sealed(*version, *kind, body));
    }
}

fn read(bytes: &[u8]) {
    if let Err(error) = record::seq(bytes) {
        assert!(
            matches!(error, StoreError::Corrupt { .. } | StoreError::NewerSchema { .. }),
            "{error:?}"
        );
    }
    let ids = ["C2Calice", "GROUPg1"].map(|id| id.parse::<ConversationId>().unwrap());
    for id in ids {
        let decode = |bytes: &[u8]| RowRecord::decode(&id, bytes);
        comes_back(bytes, decode, RowRecord::encode);
    }
    comes_back(bytes, StateRecord::decode, StateRecord::encode);
    comes_back(bytes, LocalRecord::decode, LocalRecord::encode);
}

fn comes_back<T: Debug + PartialEq>(
    bytes: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, StoreError>,
    encode: impl Fn(&T, Seq) -> Result<Arc<[u8]>, StoreError>,
) {
    let Ok(value) = decode(bytes) else { return };
    let seq = record::seq(bytes).unwrap();
    match encode(&value, seq) {
        Ok(written) => {
            assert_eq!(record::seq(&written).unwrap(), seq);
            assert_eq!(decode(&written).unwrap(), value);
        }
        Err(StoreError::TooLarge { .. }) => assert!(bytes.len() > record::MAX_BODY / 2),
        Err(error) => panic!("{error}: {value:?}"),
    }
}

/// An envelope that is right, around any body.
fn sealed(version: u8, kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![version, kind];
    bytes.extend(7_u64.to_le_bytes());
    bytes.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    let check = crc32(bytes.iter().chain(body));
    bytes.extend(check.to_le_bytes());
    bytes.extend(body);
    bytes
}

fn crc32<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}
