//! Answering Fetch and FetchSnapshot with bytes, from memory or loaded.

use bytes::Bytes;

use super::{MetadataLog, READ_BYTES, Told};
use crate::{
    effect::Frame,
    error::ErrorCode,
    ids::*,
    log::{Log, LogDir, Read, layout, read::ColdRange},
    quorum::{Answer, LogPosition, Records, Said, Standing},
    record::Batch,
    turn::Turn,
};

/// An answer whose bytes are loaded.
#[derive(Clone, Debug)]
pub(super) struct ColdAnswer {
    request: RequestId,
    standing: Standing,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Records { range: ColdRange, high_watermark: Offset },
    Snapshot { snapshot: LogPosition, size: u64, position: u64 },
}

impl MetadataLog {
    pub(super) fn answer_fetch(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        (request, standing): (RequestId, Standing),
        (from, high_watermark): (Offset, Offset),
    ) {
        let said = match self.log.read(from, self.log.log_end_offset(), READ_BYTES, true) {
            Ok(Read::Hot(frame)) => fetched(&frame, high_watermark),
            Ok(Read::Cold(range)) => {
                let io = dir.load(turn, &range);
                let what = What::Records { range, high_watermark };
                self.cold.insert(io, ColdAnswer { request, standing, what });
                return;
            }
            Err(error) => Err(error),
        };
        self.told.push(Told::Answer { request, answer: Answer { standing, said } });
    }

    pub(super) fn answer_snapshot(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        (request, standing): (RequestId, Standing),
        (snapshot, position): (LogPosition, u64),
    ) {
        let said = match self.snapshots.size_of(snapshot) {
            None => Err(ErrorCode::SnapshotNotFound),
            Some(size) if position >= size => Err(ErrorCode::PositionOutOfRange),
            Some(size) => {
                let file = layout::checkpoint(snapshot.offset, snapshot.epoch);
                let io = dir.load_part(turn, file, position, u64::from(READ_BYTES).min(size - position));
                let what = What::Snapshot { snapshot, size, position };
                self.cold.insert(io, ColdAnswer { request, standing, what });
                return;
            }
        };
        self.told.push(Told::Answer { request, answer: Answer { standing, said } });
    }

    /// `bytes`: what was loaded, `None` if that failed.
    pub(super) fn on_cold_answer(&mut self, cold: ColdAnswer, bytes: Option<&Bytes>) {
        let ColdAnswer { request, standing, what } = cold;
        // Who leads no more may have cut off by now what it was asked for.
        let still_leads = self.quorum().is_some_and(|quorum| quorum.is_leader() && quorum.standing() == standing);
        let said = match (what, bytes) {
            _ if !still_leads => Err(ErrorCode::NotLeaderOrFollower),
            (What::Records { range, high_watermark }, Some(bytes)) => {
                Log::cut(&range, bytes.clone()).and_then(|frame| fetched(&frame, high_watermark))
            }
            (What::Snapshot { snapshot, size, position }, Some(bytes)) if !bytes.is_empty() => {
                Ok(Said::SnapshotFetched { snapshot, size, position, bytes: bytes.clone() })
            }
            (What::Records { .. }, None) => Err(ErrorCode::KafkaStorageError),
            (What::Snapshot { .. }, _) => Err(ErrorCode::SnapshotNotFound),
        };
        let standing = self.standing();
        self.told.push(Told::Answer { request, answer: Answer { standing, said } });
    }
}

fn fetched(frame: &Frame, high_watermark: Offset) -> Result<Said, ErrorCode> {
    let bytes = frame.to_bytes();
    let (mut epochs, mut end) = (Vec::<(LeaderEpoch, Offset)>::new(), 0);
    for batch in Batch::split(bytes.clone(), false) {
        let batch = batch.map_err(|_| ErrorCode::CorruptMessage)?;
        let header = batch.header();
        if epochs.last().is_none_or(|last| last.0 < header.partition_leader_epoch) {
            epochs.push((header.partition_leader_epoch, header.base_offset));
        }
        end = header.last_offset() + 1;
    }
    Ok(Said::Fetched { high_watermark, records: Records { bytes, epochs, end } })
}
