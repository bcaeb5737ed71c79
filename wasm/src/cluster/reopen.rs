//! A log dir that went offline is opened again: by a new broker over the database as it is then.
//!
//! The new broker serves only if its storage holds what the old one knew to be committed. A database that was emptied
//! or replaced meanwhile (evicted, "Clear site data", deleted in another tab) is never gone on with.

use std::{cell::RefMut, rc::Weak};

use ottla_core::{
    effect::StorageErrorKind,
    ids::{LeaderEpoch, Offset, TopicPartition},
    node::Node,
};
use ottla_js::error::Refusal;

use super::{Cluster, Inner, StorageKind, database_name, durability, node_options, on_recovery};
use crate::{broker::Broker, idb::IdbStorage, storage::PageStorage};

/// A dir that goes offline again so soon is left to the page: milliseconds.
const AGAIN: f64 = 10_000.0;

/// What memory knows to be in storage.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Committed {
    cluster_id: String,
    epoch: LeaderEpoch,
    ends: Vec<(TopicPartition, Offset)>,
}

impl Committed {
    fn of(node: &Node) -> Option<Self> {
        let topics = node.topics()?;
        let ends = topics.partitions.iter().map(|partition| (partition.id(), partition.log().committed_end()));
        Some(Self {
            cluster_id: topics.catalog.cluster_id.clone(),
            epoch: topics.dir.epoch(),
            ends: ends.filter(|(_, end)| *end > 0).collect(),
        })
    }

    /// What is missing in `found`, in words.
    fn missing_in(&self, found: &Self) -> Option<String> {
        if found.cluster_id != self.cluster_id {
            return Some(format!("the database holds cluster {}, not {}", found.cluster_id, self.cluster_id));
        }
        if found.epoch <= self.epoch {
            return Some(format!("the database is of epoch {}, memory of {}", found.epoch - 1, self.epoch));
        }
        let end_of = |id| found.ends.iter().find(|(found, _)| *found == id).map_or(0, |(_, end)| *end);
        let lost = self.ends.iter().find(|(id, end)| end_of(*id) < *end);
        lost.map(|(id, end)| {
            let (topic, partition, found) = (id.topic, id.partition, end_of(*id));
            format!("topic {topic} partition {partition} ends at {found} in the database, at {end} in memory")
        })
    }
}

/// Opens the dir again once it is offline; once, and not if that was tried a moment ago.
pub(super) fn watch(inner: Weak<Inner>, offline: impl Future<Output = Option<StorageErrorKind>> + 'static) {
    wasm_bindgen_futures::spawn_local(async move {
        if offline.await.is_none() {
            return;
        }
        if let Some(inner) = inner.upgrade()
            && inner.world.clock.millis() - inner.reopened.get() > AGAIN
        {
            // What kept it from opening is in the status; the page may ask again.
            let _ = Cluster(inner).reopen().await;
        }
    });
}

impl Cluster {
    /// Starts the broker anew over storage that is opened again. The old one goes on refusing until the new one serves.
    pub async fn reopen(&self) -> Result<(), Refusal> {
        let inner = &self.0;
        self.check_not_gone()?;
        if inner.options.storage == StorageKind::Memory || self.is_read_only() {
            return Err(Refusal::invalid("what is in memory cannot be opened again"));
        }
        if inner.is_reopening.replace(true) {
            return Err(Refusal { retriable: true, ..Refusal::new("in-use", "it is being opened again") });
        }
        inner.reopened.set(inner.world.clock.millis());
        let reopened = self.reopen_now().await;
        inner.is_reopening.set(false);
        reopened
    }

    async fn reopen_now(&self) -> Result<(), Refusal> {
        let inner = &self.0;
        let committed = {
            let broker = inner.broker()?;
            broker.storage().close();
            Committed::of(&broker.look()).ok_or_else(Refusal::closed)?
        };
        let opened = IdbStorage::open_existing(&database_name(&inner.name), durability(&inner.options)).await;
        let storage = match opened {
            Err(why) if why.kind == StorageErrorKind::Missing => return Err(self.enter_gone(why.detail)),
            opened => opened.map_err(Refusal::of_opening)?,
        };
        let options = node_options(&inner.options)?;
        let on_recovery = on_recovery(&inner.listener);
        let broker = Broker::start(&inner.world, options, PageStorage::Idb(storage), on_recovery).await?;
        let found = Committed::of(&broker.look()).ok_or_else(Refusal::closed)?;
        if let Some(missing) = committed.missing_in(&found) {
            return Err(self.enter_gone(missing));
        }
        // It may have been stopped meanwhile.
        let mut running =
            RefMut::filter_map(inner.running.borrow_mut(), Option::as_mut).map_err(|_| Refusal::closed())?;
        let events = running.broker.look().trace().next();
        inner.events_before.set(inner.events_before.get() + events);
        let old = std::mem::replace(&mut running.broker, broker);
        drop(running);
        drop::<Broker>(old);
        self.serve();
        Ok(())
    }

    pub(super) fn check_not_gone(&self) -> Result<(), Refusal> {
        self.0.gone.borrow().as_ref().map_or(Ok(()), |why| Err(Refusal::new("gone", why.clone())))
    }

    fn enter_gone(&self, why: String) -> Refusal {
        self.0.gone.replace(Some(why.clone()));
        self.0.listener.on_gone(&why);
        Refusal::new("gone", why)
    }
}
