//! The small text documents of a log dir, in Kafka's formats (`CheckpointFile`, `PartitionMetadataFile`).

use std::{fmt::Write, sync::Arc};

use bytes::Bytes;

use super::layout;
use crate::record::crc::crc32c;
use crate::{
    ids::{LEADER_EPOCH_MAX, LeaderEpoch, OFFSET_MAX, Offset, TopicId},
    sorted::SortedMap,
};

/// `OffsetCheckpointFile`: an offset for each partition's directory.
pub fn write_offsets<'a>(offsets: impl ExactSizeIterator<Item = (&'a str, Offset)>) -> Bytes {
    let mut text = format!("0\n{}\n", offsets.len());
    for (dir, offset) in offsets {
        let (topic, partition) = layout::parse_partition_dir(dir).unwrap_or((dir, 0));
        let _ = writeln!(text, "{topic} {partition} {offset}");
    }
    text.into()
}

/// `None`: not such a document.
pub fn read_offsets(bytes: &[u8]) -> Option<SortedMap<Arc<str>, Offset>> {
    read_rows(bytes, |row| {
        let [topic, partition, offset] = row else { return None };
        let offset = offset.parse().ok().filter(|offset| *offset <= OFFSET_MAX)?;
        let dir = layout::partition_dir(topic, partition.parse().ok()?);
        layout::parse_partition_dir(&dir).is_some().then_some((dir, offset))
    })
    .map(|rows| rows.into_iter().collect())
}

/// `LeaderEpochCheckpointFile`: where each epoch starts.
pub fn write_epochs(epochs: &[(LeaderEpoch, Offset)]) -> Bytes {
    let mut text = format!("0\n{}\n", epochs.len());
    for (epoch, start) in epochs {
        let _ = writeln!(text, "{epoch} {start}");
    }
    text.into()
}

/// `None`: not such a document.
pub fn read_epochs(bytes: &[u8]) -> Option<Vec<(LeaderEpoch, Offset)>> {
    read_rows(bytes, |row| {
        let [epoch, start] = row else { return None };
        let is_possible = |(epoch, start): &(_, _)| *epoch <= LEADER_EPOCH_MAX && *start <= OFFSET_MAX;
        Some((epoch.parse().ok()?, start.parse().ok()?)).filter(is_possible)
    })
}

/// A version line, a count, as many rows of words.
fn read_rows<T>(bytes: &[u8], row: impl Fn(&[&str]) -> Option<T>) -> Option<Vec<T>> {
    let mut lines = std::str::from_utf8(bytes).ok()?.lines();
    if lines.next()? != "0" {
        return None;
    }
    let count: u64 = lines.next()?.parse().ok()?;
    let rows: Vec<T> = lines.map(|line| row(&line.split(' ').collect::<Vec<_>>())).collect::<Option<_>>()?;
    (rows.len() as u64 == count).then_some(rows)
}

/// `partition.metadata`: which topic the directory belongs to. The third line, which Kafka's reader does not look at, is
/// ours: a directory of another topic is removed, and a flipped bit must not do that.
pub fn write_topic_id(id: TopicId) -> Bytes {
    let text = format!("version: 0\ntopic_id: {id}");
    let crc = crc32c(&[text.as_bytes()]);
    format!("{text}\ncrc: {crc:08x}").into()
}

/// `None`: not such a document.
pub fn read_topic_id(bytes: &[u8]) -> Option<TopicId> {
    let id = TopicId::parse(std::str::from_utf8(bytes).ok()?.lines().nth(1)?.strip_prefix("topic_id: ")?)?;
    (write_topic_id(id) == bytes).then_some(id)
}

/// The broker's epoch alone, as a document of our own.
pub fn write_broker_epoch(epoch: LeaderEpoch) -> Bytes {
    format!("0\n1\n{epoch}\n").into()
}

/// `None`: not such a document.
pub fn read_broker_epoch(bytes: &[u8]) -> Option<LeaderEpoch> {
    let rows = read_rows(bytes, |row| {
        let [epoch] = row else { return None };
        epoch.parse().ok().filter(|epoch| (0..=LEADER_EPOCH_MAX).contains(epoch))
    })?;
    rows.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_kafkas_text() {
        let offsets = [("a-b-0", 5), ("c-11", OFFSET_MAX)];
        let text = write_offsets(offsets.into_iter());
        assert_eq!(text, "0\n2\na-b 0 5\nc 11 4611686018427387903\n");
        assert_eq!(read_offsets(&text).unwrap(), offsets.map(|(dir, offset)| (dir.into(), offset)).into());
        let epochs = [(0, 0), (3, 17)];
        assert_eq!(write_epochs(&epochs), "0\n2\n0 0\n3 17\n");
        assert_eq!(read_epochs(&write_epochs(&epochs)).unwrap(), epochs);
        let metadata = write_topic_id(TopicId([9; 16]));
        assert!(metadata.starts_with(b"version: 0\ntopic_id: CQkJCQkJCQkJCQkJCQkJCQ\ncrc: "));
        assert_eq!(read_topic_id(&metadata), Some(TopicId([9; 16])));
        for at in 0..metadata.len() * 8 {
            let mut flipped = metadata.to_vec();
            flipped[at / 8] ^= 1 << (at % 8);
            assert_eq!(read_topic_id(&flipped), None, "bit {at}");
        }
        assert_eq!(read_broker_epoch(&write_broker_epoch(7)), Some(7));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "0\n", "1\n0\n", "0\n2\na 0 5\n", "0\n1\na 0 x\n", "0\n1\na 0 5\nb 0 5\n", "\u{1f}\u{8b}"] {
            assert_eq!(read_offsets(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(read_epochs(b"0\n1\n1 2 3\n"), None);
        assert_eq!(read_broker_epoch(b"0\n1\n-1\n"), None);
        assert_eq!(read_topic_id(b"version: 0\ntopic_id: short"), None);
    }
}
