//! A node that opens its log dir: recovery, then what there is to serve.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    Next, NodeOptions, Phase,
    cluster::{Cluster, ClusterOptions},
    enter_ended, enter_failed, refuse_connection,
    serving::Serving,
};
use crate::{
    broker::{Broker, NetworkLimits, Topics, stages::StageTimes},
    controller::{Catalog, catalog::document::CATALOG_DOCUMENT},
    effect::{Effect, Input, NodeAnswer, NodeCall},
    error::Fatal,
    ids::*,
    log::{Identity, OpenLog, Opened, Recovery, RecoveryStep},
    quorum::FoundLog,
    replica::Partitions,
    trace::Event,
    turn::Turn,
};

#[derive(Clone, Debug)]
pub(super) struct Opening {
    recovery: Recovery,
    catalog: Catalog,
    network: NetworkLimits,
    stages: StageTimes,
    /// `None`: the broker is on its own.
    cluster: Option<ClusterOptions>,
    identity: Identity,
    has_catalog: bool,
}

impl Opening {
    pub fn begin(turn: &mut Turn<'_>, options: &NodeOptions) -> Self {
        // A member's identity is kept by its log dir: there it is drawn, if it must be.
        let identity = Identity { cluster_id: options.cluster_id.clone(), node: options.id };
        let cluster_id = match (&options.cluster_id, &options.cluster) {
            (Some(id), _) => id.clone(),
            (None, Some(_)) => String::new(),
            (None, None) => TopicId(turn.rng.uuid()).to_string(),
        };
        Self {
            recovery: Recovery::start(turn, options.dir),
            catalog: Catalog::new(cluster_id, options.id, options.address.clone(), options.config.clone()),
            network: options.network,
            stages: options.stages,
            cluster: options.cluster.clone(),
            identity,
            has_catalog: false,
        }
    }

    pub fn on_input(&mut self, turn: &mut Turn<'_>, input: Input<NodeCall>) -> Option<Next> {
        refuse_connection(turn, &input);
        let step = match input {
            Input::Listed { io, entries } => self.recovery.on_listed(turn, io, entries),
            Input::Loaded { io, bytes } => self.recovery.on_loaded(turn, io, bytes),
            Input::Committed { io } => self.recovery.on_committed(turn, io),
            Input::Failed { io, why } => self.recovery.on_failed(turn, io, why),
            // Recovery can be broken off anywhere, and is begun anew by the next start.
            Input::Call(NodeCall::Stop) => return Some(enter_ended(turn)),
            Input::Call(NodeCall::LimitMemory { request_bytes, hot_bytes }) => {
                self.network.request_memory_max = request_bytes;
                self.recovery.limit_memory(hot_bytes);
                return None;
            }
            _ => return None,
        };
        self.on_step(turn, step)
    }

    fn on_step(&mut self, turn: &mut Turn<'_>, step: RecoveryStep) -> Option<Next> {
        match step {
            RecoveryStep::Working { done, total } => {
                turn.effects.push(Effect::Answer(NodeAnswer::Recovering { done, total }));
                None
            }
            RecoveryStep::Catalog(document) => self.on_catalog(turn, document),
            RecoveryStep::Done(opened) => match self.enter_serving(turn, *opened) {
                Ok(serving) => Some(Next::Phase(Phase::Serving(Box::new(serving)))),
                Err(fatal) => Some(enter_failed(turn, fatal)),
            },
            RecoveryStep::Failed(fatal) => Some(enter_failed(turn, fatal)),
        }
    }

    fn enter_serving(&mut self, turn: &mut Turn<'_>, mut opened: Opened) -> Result<Serving, Fatal> {
        let found = match opened.member.take() {
            None => None,
            Some(member) => {
                self.catalog.cluster_id.clone_from(&member.properties.cluster_id);
                let directory = member.properties.directory;
                Some((directory, FoundLog::new(opened.logs.remove(0), member)?))
            }
        };
        let catalog = self.catalog.clone();
        let config_of =
            |id: TopicPartition| catalog.topic(id.topic).map(|topic| Arc::clone(&topic.config)).unwrap_or_default();
        let partitions = Partitions::open(&opened.dir, opened.logs, config_of);
        let mut topics = Topics::new(catalog, partitions, opened.dir);
        if !self.has_catalog && self.cluster.is_none() {
            // The cluster's identity is kept before anything that depends on it.
            topics.keep_catalog();
        }
        let mut broker = Broker::new(topics, self.network, self.stages);
        turn.note(Event::BrokerStarted {});
        let cluster = match (self.cluster.take(), found) {
            (Some(options), Some((directory, found))) => {
                Some(Box::new(Cluster::open(turn, options, &mut broker, directory, found)))
            }
            _ => None,
        };
        let mut serving = Serving::new(broker, cluster);
        serving.begin(turn);
        Ok(serving)
    }

    fn on_catalog(&mut self, turn: &mut Turn<'_>, document: Option<Bytes>) -> Option<Next> {
        if self.cluster.is_some() {
            if document.is_some() {
                let why = "this log dir was made by a broker on its own, which is no member of a cluster".to_owned();
                return Some(enter_failed(turn, Fatal { file: CATALOG_DOCUMENT.to_owned(), why }));
            }
            let step = self.recovery.open_member(turn, &self.identity);
            return self.on_step(turn, step);
        }
        self.has_catalog = document.is_some();
        if let Err(fatal) = self.catalog.restore(document) {
            return Some(enter_failed(turn, fatal));
        }
        let logs = self.catalog.topics().flat_map(|topic| {
            (0..topic.partitions).map(|partition| OpenLog {
                id: TopicPartition { topic: topic.id, partition },
                topic: topic.name.clone(),
            })
        });
        let logs = logs.collect();
        let step = self.recovery.open_logs(turn, logs);
        self.on_step(turn, step)
    }
}
