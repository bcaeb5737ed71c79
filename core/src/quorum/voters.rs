//! Who votes.

use std::fmt;

use crate::{
    ids::{BrokerId, DirectoryId},
    sorted::SortedMap,
};

/// A node together with its log dir.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReplicaKey {
    pub id: BrokerId,
    pub directory: DirectoryId,
}

impl fmt::Display for ReplicaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

/// The set of voters. One log dir for each id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voters {
    directories: SortedMap<BrokerId, DirectoryId>,
}

impl Voters {
    pub fn new(keys: impl IntoIterator<Item = ReplicaKey>) -> Self {
        Self { directories: keys.into_iter().map(|key| (key.id, key.directory)).collect() }
    }

    pub fn contains(&self, key: ReplicaKey) -> bool {
        self.directories.get(&key.id) == Some(&key.directory)
    }

    pub fn key_of(&self, id: BrokerId) -> Option<ReplicaKey> {
        let directory = *self.directories.get(&id)?;
        Some(ReplicaKey { id, directory })
    }

    pub fn ids(&self) -> impl Iterator<Item = BrokerId> + '_ {
        self.directories.keys().copied()
    }

    /// How many are more than half.
    pub fn majority(&self) -> usize {
        self.directories.len() / 2 + 1
    }

    /// So many that refuse leave no majority.
    pub fn minority_that_blocks(&self) -> usize {
        self.directories.len() - self.majority() + 1
    }
}
