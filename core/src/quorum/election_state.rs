//! What a member must never forget: the epoch it is in, who leads, whom it voted for. Kafka's file `quorum-state`.

use super::voters::ReplicaKey;
use crate::ids::{BrokerId, DirectoryId, LEADER_EPOCH_MAX, LeaderEpoch};

/// Longer documents are damaged.
const DOCUMENT_BYTES_MAX: usize = 4 * 1024;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ElectionState {
    pub epoch: LeaderEpoch,
    pub leader: Option<BrokerId>,
    /// In this epoch.
    pub voted: Option<ReplicaKey>,
}

impl ElectionState {
    /// As Kafka writes it (`QuorumStateData` version 1, JSON).
    pub fn document(&self) -> String {
        let leader = self.leader.map_or(-1, |leader| leader.0);
        let voted = self.voted.map_or(-1, |voted| voted.id.0);
        let directory = self.voted.map_or(DirectoryId::ZERO, |voted| voted.directory);
        format!(
            r#"{{"leaderId":{leader},"leaderEpoch":{},"votedId":{voted},"votedDirectoryId":"{directory}","data_version":1}}"#,
            self.epoch
        )
    }

    /// `None`: it is damaged, or of another version.
    pub fn parse(document: &str) -> Option<Self> {
        if document.len() > DOCUMENT_BYTES_MAX {
            return None;
        }
        let fields = document.trim().strip_prefix('{')?.strip_suffix('}')?;
        let (mut leader, mut epoch, mut voted, mut directory, mut version) = (None, None, None, None, None);
        for field in fields.split(',') {
            let (name, value) = field.split_once(':')?;
            let place = match name.trim().strip_prefix('"')?.strip_suffix('"')? {
                "leaderId" => &mut leader,
                "leaderEpoch" => &mut epoch,
                "votedId" => &mut voted,
                "data_version" => &mut version,
                "votedDirectoryId" => {
                    let text = value.trim().strip_prefix('"')?.strip_suffix('"')?;
                    if directory.replace(DirectoryId::parse(text)?).is_some() {
                        return None;
                    }
                    continue;
                }
                _ => return None,
            };
            if place.replace(value.trim().parse::<i32>().ok()?).is_some() {
                return None;
            }
        }
        let id = |id: i32| (id >= 0).then_some(BrokerId(id));
        let epoch = epoch.filter(|epoch| (0..=LEADER_EPOCH_MAX).contains(epoch) && version == Some(1))?;
        let directory = directory?;
        Some(Self { epoch, leader: id(leader?), voted: id(voted?).map(|id| ReplicaKey { id, directory }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_reads_back_from_its_document() {
        let voted = Some(ReplicaKey { id: BrokerId(3), directory: DirectoryId(*b"0123456789abcdef") });
        for state in [
            ElectionState::default(),
            ElectionState { epoch: 7, leader: Some(BrokerId(2)), voted: None },
            ElectionState { epoch: 8, leader: None, voted },
        ] {
            assert_eq!(ElectionState::parse(&state.document()), Some(state));
        }
    }

    #[test]
    fn a_document_of_kafka_is_read_and_a_damaged_one_is_not() {
        let kafka = r#"{"leaderId":1,"leaderEpoch":5,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}"#;
        let state = ElectionState { epoch: 5, leader: Some(BrokerId(1)), voted: None };
        assert_eq!(ElectionState::parse(kafka), Some(state));
        for end in 0..kafka.len() {
            assert_eq!(ElectionState::parse(&kafka[..end]), None, "{}", &kafka[..end]);
        }
        for (from, to) in
            [("5", "-5"), ("5", "5,\"leaderEpoch\":6"), ("version\":1", "version\":2"), ("votedId", "voted")]
        {
            assert_eq!(ElectionState::parse(&kafka.replacen(from, to, 1)), None, "{to}");
        }
    }
}
