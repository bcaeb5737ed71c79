//! The locks of a cluster, and its storage behind them.

use std::time::Duration;

use ottla_core::host::{MemoryStorage, Storage};
use ottla_js::error::Refusal;

use super::options::{Open, StartOptions, StorageKind, copy_name, database_name};
use crate::{
    idb::IdbStorage,
    lock::WebLock,
    storage::{PageStorage, fill, in_memory},
};

/// How long a page that was just reloaded may need to let go of its locks.
const CLUSTER_PATIENCE: Duration = Duration::from_secs(1);
/// A terminated Worker's last transaction ends well before.
const BROKER_PATIENCE: Duration = Duration::from_secs(10);
/// Of one cluster.
const COPIES_MAX: u32 = 100;

/// Storage that is ours.
#[derive(Debug)]
pub struct Opened {
    pub name: String,
    pub storage: PageStorage,
    pub locks: Locks,
}

/// Nobody else may open the cluster while they are held. Empty where nothing is shared.
#[derive(Debug, Default)]
pub struct Locks {
    /// The broker's own: let go of before the cluster's. Whoever comes next needs both.
    _broker: Option<WebLock>,
    _cluster: Option<WebLock>,
}

impl Locks {
    pub async fn take(name: &str) -> Result<Self, Refusal> {
        Self::take_within(name, CLUSTER_PATIENCE).await
    }

    async fn take_within(name: &str, patience: Duration) -> Result<Self, Refusal> {
        let in_use = || Refusal::new("in-use", format!("`{name}` is open in another tab"));
        let without = |_| Refusal::new("no-storage", "this page has no Web Locks, which keep two tabs apart");
        let cluster = WebLock::take(&format!("ottla-cluster-{name}"), patience).await.map_err(without)?;
        let cluster = cluster.ok_or_else(in_use)?;
        let broker = WebLock::take(&format!("ottla-broker-{name}-1"), BROKER_PATIENCE).await.map_err(without)?;
        let broker = broker.ok_or_else(in_use)?;
        Ok(Self { _broker: Some(broker), _cluster: Some(cluster) })
    }
}

pub(super) async fn open(options: &StartOptions) -> Result<Opened, Refusal> {
    let name = options.name.clone();
    if options.storage == StorageKind::Memory {
        let storage = PageStorage::Memory(MemoryStorage::default());
        return Ok(Opened { name, storage, locks: Locks::default() });
    }
    let durability = super::durability(options);
    match options.open {
        Open::Exclusive => {
            let locks = Locks::take(&name).await?;
            let storage = IdbStorage::open(&database_name(&name), durability).await.map_err(Refusal::of_opening)?;
            Ok(Opened { name, storage: PageStorage::Idb(storage), locks })
        }
        Open::ReadOnly => {
            let storage = PageStorage::Memory(snapshot(&name).await?);
            Ok(Opened { name, storage, locks: Locks::default() })
        }
        Open::Copy => {
            let source = snapshot(&name).await?;
            let (name, locks) = free_copy(&name).await?;
            let database = database_name(&name);
            let target = IdbStorage::begin_filling(&database).await.map_err(Refusal::of_opening)?;
            let filled = fill(&target, &source).await;
            target.close();
            if let Err(why) = filled {
                // What could not be removed is marked, and removed by its next start.
                let _ = IdbStorage::delete(&database).await;
                return Err(why.into());
            }
            let storage = IdbStorage::open(&database, durability).await.map_err(Refusal::of_opening)?;
            Ok(Opened { name, storage: PageStorage::Idb(storage), locks })
        }
    }
}

async fn snapshot(name: &str) -> Result<MemoryStorage, Refusal> {
    let durability = crate::idb::Durability::Relaxed;
    let source = IdbStorage::open_existing(&database_name(name), durability).await.map_err(Refusal::of_opening)?;
    let memory = in_memory(&source).await;
    source.close();
    memory.map_err(Refusal::of_opening)
}

/// The first name for a copy that nothing is kept under.
async fn free_copy(name: &str) -> Result<(String, Locks), Refusal> {
    for number in 1..=COPIES_MAX {
        let name = copy_name(name, number);
        let locks = match Locks::take_within(&name, Duration::from_millis(100)).await {
            Err(why) if why.code == "in-use" => continue,
            locks => locks?,
        };
        if is_free(&name).await? {
            return Ok((name, locks));
        }
    }
    Err(Refusal::new("exists", format!("there are {COPIES_MAX} copies of `{name}`")))
}

async fn is_free(name: &str) -> Result<bool, Refusal> {
    use ottla_core::effect::StorageErrorKind::Missing;
    match IdbStorage::open_existing(&database_name(name), crate::idb::Durability::Relaxed).await {
        Err(why) if why.kind == Missing => Ok(true),
        Err(why) => Err(Refusal::of_opening(why)),
        Ok(there) => {
            let is_free = there.list(String::new()).await.is_ok_and(|files| files.is_empty());
            there.close();
            Ok(is_free)
        }
    }
}
