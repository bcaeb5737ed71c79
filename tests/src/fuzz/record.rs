//! Record batches and their codecs.

use bytes::Bytes;
use ottla_core::record::{
    Batch, BatchError, BatchLimits, Compression, HEADER_BYTES, crc::crc32c, internal::MetadataRecord,
};

/// Far less than a broker allows, so that bombs are found by small inputs.
const DECOMPRESSED_BYTES_MAX: usize = 256 * 1024;
/// `BatchHeader`: where its CRC lies and where what it covers begins.
const CRC_AT: std::ops::Range<usize> = 17..21;

/// Batches one behind the other, each also with the CRC put right.
pub(super) fn batches(bytes: &[u8]) {
    for batch in Batch::split(Bytes::copy_from_slice(bytes), true).flatten() {
        walk(&batch);
        walk(&resealed(&batch));
    }
}

/// A batch that passes a broker's check has as many records as it says, each of which reads.
fn walk(batch: &Batch) {
    let checked = batch.check(&BatchLimits::any_time(DECOMPRESSED_BYTES_MAX));
    let records = batch.records(DECOMPRESSED_BYTES_MAX).map(|records| records.collect::<Result<Vec<_>, _>>());
    if let Ok(checked) = checked {
        let records = records.expect("it was decompressed before").expect("every record was walked over before");
        assert_eq!(records.len() as i32, checked.record_count);
        let last = records.last().map(|record| record.offset);
        assert_eq!(last, Some(batch.header().base_offset.saturating_add(i64::from(checked.record_count) - 1)));
    }
}

fn resealed(batch: &Batch) -> Batch {
    let mut bytes = batch.to_bytes().to_vec();
    assert!(bytes.len() >= HEADER_BYTES);
    let crc = crc32c(&[&bytes[CRC_AT.end..]]);
    bytes[CRC_AT].copy_from_slice(&crc.to_be_bytes());
    Batch::parse(bytes.into()).expect("only its CRC changed")
}

/// What comes out is within the bound, and goes in and out again unchanged.
fn decompress(codec: Compression, bytes: &[u8]) {
    match codec.decompress(bytes, DECOMPRESSED_BYTES_MAX) {
        Ok(plain) => {
            assert!(plain.len() <= DECOMPRESSED_BYTES_MAX);
            let again = codec.decompress(&codec.compress(&plain), plain.len());
            assert!(again.as_ref() == Ok(&plain), "{codec:?} of {} bytes: {:?}", plain.len(), again.err());
        }
        Err(why) => assert!(matches!(why, BatchError::TooLarge | BatchError::Compressed), "{why:?}"),
    }
}

pub(super) fn gzip(bytes: &[u8]) {
    decompress(Compression::Gzip, bytes);
}

pub(super) fn snappy(bytes: &[u8]) {
    decompress(Compression::Snappy, bytes);
}

pub(super) fn lz4(bytes: &[u8]) {
    decompress(Compression::Lz4, bytes);
}

pub(super) fn zstd(bytes: &[u8]) {
    decompress(Compression::Zstd, bytes);
}

/// A record that reads is written and read again, and says what it holds.
pub(super) fn metadata(bytes: &[u8]) {
    if let Ok(record) = MetadataRecord::decode(bytes) {
        assert_eq!(MetadataRecord::decode(&record.encode()).as_ref(), Ok(&record));
        assert!(record.fields().iter().all(|(name, value)| !name.is_empty() && !value.is_empty()));
    }
}
