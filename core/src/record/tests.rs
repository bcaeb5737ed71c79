use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::{effect::Frame, error::ErrorCode, time::Timestamp};

const ANY: usize = 64 << 20;

fn batch_of(compression: Compression, values: &[&[u8]]) -> Batch {
    let mut builder = BatchBuilder::new(compression);
    for (index, value) in values.iter().enumerate() {
        builder.append(Timestamp(1_700_000_000_000 + index as i64), None, Some(value), &[]);
    }
    builder.finish(None)
}

/// Byte by byte as `DefaultRecordBatch` and `DefaultRecord` lay it out.
#[test]
fn the_layout_is_kafkas() {
    let mut builder = BatchBuilder::new(Compression::None);
    builder.append(Timestamp(1), Some(b"k"), Some(b"v"), &[Header { key: "h".into(), value: None }]);
    let mut batch = builder.finish(Some(ProducerStamp {
        producer_id: 7,
        producer_epoch: 2,
        base_sequence: 5,
        is_transactional: false,
    }));
    batch.place(0x0102, 9);
    let bytes = batch.to_bytes();
    assert_eq!(&bytes[..8], 0x0102_i64.to_be_bytes());
    assert_eq!(&bytes[8..12], (49_i32 + 12).to_be_bytes());
    assert_eq!(&bytes[12..17], [0, 0, 0, 9, 2]);
    assert_eq!(&bytes[17..21], crc::crc32c(&[&bytes[21..]]).to_be_bytes());
    assert_eq!(&bytes[61..], [22, 0, 0, 0, 2, b'k', 2, b'v', 2, 2, b'h', 1]);
    assert_eq!(batch.header().last_sequence(), 5);
}

#[test]
fn placing_and_stamping_keep_the_crc_right() {
    let mut batch = batch_of(Compression::None, &[b"one", b"two"]);
    batch.place(1 << 40, 3);
    assert!(batch.crc_is_right());
    batch.stamp(TimestampType::LogAppendTime, Timestamp(99));
    assert!(batch.crc_is_right());
    let again = Batch::parse(batch.to_bytes()).unwrap();
    assert_eq!(again, batch);
    let records: Vec<_> = again.records(ANY).unwrap().map(Result::unwrap).collect();
    assert_eq!(records.iter().map(|record| record.offset).collect::<Vec<_>>(), [1 << 40, (1 << 40) + 1]);
    assert!(records.iter().all(|record| record.timestamp == Timestamp(99)));
}

#[test]
fn bodies_are_shared_not_copied() {
    let bytes = batch_of(Compression::None, &[&[7; 1000]]).to_bytes();
    let body = bytes.slice(HEADER_BYTES..).as_ptr();
    let mut batch = Batch::parse(bytes).unwrap();
    batch.place(5, 0);
    let mut frame = Frame::default();
    batch.push_to(&mut frame);
    assert_eq!(frame.parts()[1].as_ptr(), body);
}

/// Sets bytes of a batch and makes its CRC right again, so that what is wrong is found by the walk.
fn with_bytes(at: usize, bytes: &[u8]) -> Result<Checked, BatchError> {
    let mut whole = batch_of(Compression::None, &[b"one", b"two"]).to_bytes().to_vec();
    whole[at..at + bytes.len()].copy_from_slice(bytes);
    let crc = crc::crc32c(&[&whole[21..]]);
    whole[17..21].copy_from_slice(&crc.to_be_bytes());
    Batch::parse(whole.into())?.check(&BatchLimits::any_time(ANY))
}

#[test]
fn each_lie_of_a_header_has_its_name() {
    assert!(with_bytes(0, &[]).is_ok());
    assert_eq!(with_bytes(8, &48_i32.to_be_bytes()), Err(BatchError::Length));
    assert_eq!(with_bytes(8, &(-1_i32).to_be_bytes()), Err(BatchError::Length));
    assert_eq!(with_bytes(8, &1000_i32.to_be_bytes()), Err(BatchError::Truncated));
    assert_eq!(with_bytes(16, &[1]), Err(BatchError::Magic(1)));
    assert_eq!(with_bytes(21, &[0, 5]), Err(BatchError::UnknownCompression));
    assert_eq!(with_bytes(21, &[0, 8]), Err(BatchError::Timestamp(0)));
    assert_eq!(with_bytes(21, &[0, 16]), Err(BatchError::Attributes));
    assert_eq!(with_bytes(21, &[0, 32]), Err(BatchError::Attributes));
    assert_eq!(with_bytes(23, &7_i32.to_be_bytes()), Err(BatchError::Offsets));
    assert_eq!(with_bytes(43, &7_i64.to_be_bytes()), Err(BatchError::Sequence));
    assert_eq!(with_bytes(57, &0_i32.to_be_bytes()), Err(BatchError::Count));
    assert_eq!(with_bytes(57, &1_i32.to_be_bytes()), Err(BatchError::Offsets));
    assert_eq!(with_bytes(61, &[2]), Err(BatchError::Record(0)));
    assert_eq!(with_bytes(64, &[4]), Err(BatchError::Offsets));
    assert_eq!(BatchError::Record(0).code(), ErrorCode::InvalidRecord);
}

#[test]
fn a_flipped_bit_anywhere_under_the_crc_is_found() {
    let whole = batch_of(Compression::None, &[b"one", b"two"]).to_bytes();
    for bit in 17 * 8..whole.len() * 8 {
        let mut flipped = whole.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let batch = Batch::parse(flipped.into()).unwrap();
        assert_eq!(batch.check(&BatchLimits::any_time(ANY)), Err(BatchError::Crc), "bit {bit}");
    }
}

#[test]
fn timestamps_outside_the_bounds_name_their_record() {
    let batch = batch_of(Compression::None, &[b"one", b"two"]);
    let bounds = |low: i64, high: i64| BatchLimits {
        decompressed_bytes_max: 0,
        timestamp_min: Timestamp(1_700_000_000_000 + low),
        timestamp_max: Timestamp(1_700_000_000_000 + high),
    };
    assert_eq!(batch.check(&bounds(0, 0)), Err(BatchError::Timestamp(1)));
    assert_eq!(batch.check(&bounds(1, 1)), Err(BatchError::Timestamp(0)));
    let checked = batch.check(&bounds(0, 1)).unwrap();
    assert_eq!((checked.max_timestamp.0, checked.max_timestamp_offset_delta), (1_700_000_000_001, 1));
}

#[test]
fn a_bomb_is_refused_before_it_is_made() {
    let zeros = vec![0; 4 << 20];
    for codec in &Compression::ALL[1..] {
        let batch = batch_of(*codec, &[&zeros]);
        assert_eq!(batch.check(&BatchLimits::any_time(1 << 20)), Err(BatchError::TooLarge), "{codec:?}");
        assert_eq!(batch.check(&BatchLimits::any_time(ANY)).map(|checked| checked.record_count), Ok(1), "{codec:?}");
    }
}

#[test]
fn a_set_splits_into_its_batches_and_a_torn_end_is_told() {
    let one = batch_of(Compression::None, &[b"one"]);
    let set: Bytes = [one.to_bytes(), one.to_bytes()].concat().into();
    assert_eq!(Batch::split(set.clone(), false).filter(Result::is_ok).count(), 2);
    for cut in one.size() + 1..set.len() {
        let torn = set.slice(..cut);
        assert_eq!(Batch::split(torn.clone(), true).map(Result::unwrap).count(), 1);
        let last = Batch::split(torn.clone(), false).last();
        assert_eq!(last, Some(Err(BatchError::Truncated)), "{cut}");
        assert_eq!(Batch::parse(torn), Err(BatchError::Truncated));
    }
}

type Fields = (i64, Option<Vec<u8>>, Option<Vec<u8>>, Vec<(Vec<u8>, Option<Vec<u8>>)>);

fn fields() -> impl Strategy<Value = Fields> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..200);
    let headers = proptest::collection::vec((bytes(), proptest::option::of(bytes())), 0..3);
    (0..4_000_000_000_000_i64, proptest::option::of(bytes()), proptest::option::of(bytes()), headers)
}

proptest! {
    #[test]
    fn records_read_back(codec in 0..5_i16, given in proptest::collection::vec(fields(), 1..30)) {
        let mut builder = BatchBuilder::new(Compression::from_number(codec).unwrap());
        for (timestamp, key, value, headers) in &given {
            let headers: Vec<Header> = headers
                .iter()
                .map(|(key, value)| Header { key: key.clone().into(), value: value.clone().map(Bytes::from) })
                .collect();
            builder.append(Timestamp(*timestamp), key.as_deref(), value.as_deref(), &headers);
        }
        let size = builder.size();
        let batch = builder.finish(None);
        prop_assert!(codec != 0 || size == batch.size());
        let checked = batch.check(&BatchLimits::any_time(ANY)).unwrap();
        prop_assert_eq!(checked.max_timestamp.0, given.iter().map(|fields| fields.0).max().unwrap());
        prop_assert_eq!(checked.max_timestamp, batch.header().max_timestamp);
        prop_assert_eq!(checked.has_null_key, given.iter().any(|fields| fields.1.is_none()));
        let read: Vec<Fields> = batch
            .records(ANY)
            .unwrap()
            .map(Result::unwrap)
            .map(|record| {
                let headers = record.headers.into_iter();
                let headers = headers.map(|header| (header.key.to_vec(), header.value.map(|value| value.to_vec())));
                (record.timestamp.0, record.key.map(|key| key.to_vec()), record.value.map(|value| value.to_vec()), headers.collect())
            })
            .collect();
        prop_assert_eq!(read, given);
    }

    #[test]
    fn no_bytes_panic(codec in 1..5_i16, seed in any::<u64>(), cut in 0..400_usize, flips in proptest::collection::vec((0..400_usize, any::<u8>()), 0..4)) {
        let value: Vec<u8> = (0..300_u64).map(|index| (seed.wrapping_mul(index + 1) >> 60) as u8).collect();
        let mut bytes = Compression::from_number(codec).unwrap().compress(&value);
        for (at, byte) in flips {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        bytes.truncate(cut.max(1));
        for codec in Compression::ALL {
            if let Ok(given) = codec.decompress(&bytes, 1000) {
                prop_assert!(given.len() <= 1000);
            }
        }
    }

    #[test]
    fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..300), attributes in 0..16_i16, count in -1..5_i32) {
        let mut whole = batch_of(Compression::None, &[b""]).header_bytes().to_vec();
        whole[8..12].copy_from_slice(&(49 + body.len() as i32).to_be_bytes());
        whole[21..23].copy_from_slice(&attributes.to_be_bytes());
        whole[23..27].copy_from_slice(&(count - 1).to_be_bytes());
        whole[57..61].copy_from_slice(&count.to_be_bytes());
        whole.extend_from_slice(&body);
        let crc = crc::crc32c(&[&whole[21..]]);
        whole[17..21].copy_from_slice(&crc.to_be_bytes());
        let batch = Batch::parse(whole.into()).unwrap();
        let _ = batch.check(&BatchLimits::any_time(1000));
        if let Ok(records) = batch.records(1000) {
            prop_assert!(records.count() <= 6);
        }
    }
}
