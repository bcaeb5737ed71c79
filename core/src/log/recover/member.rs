//! Opening the dir of a member of a cluster: whose it is, and which logs are there.

use std::{collections::VecDeque, sync::Arc};

use super::{
    Identity, Logs, OpenedMember, Recovery, damaged, has_records,
    one_log::{LogRecovery, Noted},
};
use crate::{
    effect::WriteOp,
    error::Fatal,
    ids::*,
    log::{
        MetaProperties,
        layout::{self, LogFile},
    },
    sorted::SortedMap,
    turn::Turn,
};

impl Recovery {
    pub(super) fn plan_member(&mut self, turn: &mut Turn<'_>, identity: &Identity) -> Result<Logs, Fatal> {
        let properties = self.properties(turn, identity)?;
        if self.documents.contains_key(layout::CATALOG) {
            let why = "the log dir is of a broker without a quorum".to_owned();
            return Err(Fatal { file: layout::CATALOG.to_owned(), why });
        }
        let starts = self.offsets(layout::LOG_STARTS)?;
        let points = self.offsets(layout::RECOVERY_POINTS)?;
        let mut files = std::mem::take(&mut self.files);
        let metadata = layout::partition_dir(layout::METADATA_TOPIC, 0);
        let of_metadata = files.remove(&metadata).unwrap_or_default();
        let quorum_state = self.documents.get(layout::QUORUM_STATE).cloned();
        self.member = Some(OpenedMember { properties, quorum_state, checkpoints: checkpoints(&of_metadata) });
        let mut waiting = VecDeque::new();
        for (dir, found) in std::iter::once((metadata, of_metadata)).chain(files) {
            let Some((topic, partition)) = layout::parse_partition_dir(&dir) else { continue };
            let offset = |of: &SortedMap<Arc<str>, Offset>| of.get(&dir).copied().unwrap_or(0).max(0);
            let is_metadata = topic == layout::METADATA_TOPIC;
            // Leader epochs are the quorum's and the controller's, of which the dir knows nothing.
            let noted = Noted { start: offset(&starts), point: offset(&points), epoch_max: None };
            // Whose the others are is in their `partition.metadata`.
            let topic = if is_metadata { TopicId::METADATA } else { TopicId::ZERO };
            let id = TopicPartition { topic, partition };
            let log = LogRecovery::new(id, Arc::clone(&dir), found, noted, (&self.options, turn.now.wall));
            waiting.push_back((waiting.len() as u32, log));
        }
        let orphans = std::mem::take(&mut self.leftovers);
        let left = waiting.iter().map(|(_, log)| log.bytes_left()).sum();
        Ok(Logs { recovered: vec![None; waiting.len()], waiting, reading: SortedMap::new(), orphans, left })
    }

    /// What the dir says, held against who opens it; a new one for a new dir.
    fn properties(&self, turn: &mut Turn<'_>, identity: &Identity) -> Result<MetaProperties, Fatal> {
        let fatal = |why: String| Fatal { file: layout::META_PROPERTIES.to_owned(), why };
        let Some(document) = self.documents.get(layout::META_PROPERTIES) else {
            if self.files.values().any(has_records) || self.documents.contains_key(layout::QUORUM_STATE) {
                return Err(fatal("is missing, though the log dir is in use".to_owned()));
            }
            let cluster_id = identity.cluster_id.clone().unwrap_or_else(|| TopicId(turn.rng.uuid()).to_string());
            let directory = DirectoryId(turn.rng.uuid());
            return Ok(MetaProperties { cluster_id, node: identity.node, directory });
        };
        let found = MetaProperties::parse(document).ok_or_else(|| damaged(layout::META_PROPERTIES))?;
        if let Some(expected) = identity.cluster_id.as_ref().filter(|expected| **expected != found.cluster_id) {
            return Err(fatal(format!("the log dir is of cluster {}, not of {expected}", found.cluster_id)));
        }
        if found.node != identity.node {
            return Err(fatal(format!("the log dir is of node {}, not of {}", found.node, identity.node)));
        }
        Ok(found)
    }

    /// Of a new dir: written before anything that it stands for.
    pub(super) fn properties_to_write(&self) -> Option<WriteOp> {
        let member = self.member.as_ref()?;
        let file = layout::META_PROPERTIES;
        let is_new = !self.documents.contains_key(file);
        is_new.then(|| WriteOp::Put { file: file.into(), bytes: member.properties.document() })
    }
}

fn checkpoints(files: &SortedMap<LogFile, u64>) -> Vec<(Offset, LeaderEpoch, u64)> {
    let of_checkpoint = |(file, size): (&LogFile, &u64)| match file {
        LogFile::Checkpoint(offset, epoch) => Some((*offset, *epoch, *size)),
        _ => None,
    };
    files.iter().filter_map(of_checkpoint).collect()
}
