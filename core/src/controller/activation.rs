//! A new controller begins (`ActivationRecordsGenerator`).

use super::{
    Controller, Decision, Moment,
    features::{ELIGIBLE_LEADER_REPLICAS, default_levels},
    image::{ConfigResource, Image},
    rounds::Rounds,
    rules::MIN_IN_SYNC,
};
use crate::record::internal::metadata::{AbortTransactionRecord, ConfigRecord, FeatureLevelRecord, MetadataRecord};

impl<A> Controller<A> {
    /// This node leads the quorum, and its image has all that is committed. Gives what it writes first: in an empty log the
    /// levels of all features, else the end of what its predecessor left half done.
    ///
    /// Differs from Kafka, which writes the first records as a transaction: here they are one batch.
    pub fn activate(&mut self, moment: Moment) -> Decision<()> {
        self.decider.enter_active();
        self.heartbeats.begin(self.decider.committed(), moment);
        self.rounds = Rounds::begin(moment.now);
        let image = self.end();
        let mut records = Vec::new();
        if image.is_in_transaction() {
            let reason = Some("Controller failover".into());
            records.push(MetadataRecord::AbortTransaction(AbortTransactionRecord { reason }));
        }
        if is_empty(image.settled()) {
            records.extend(self.first_records());
        }
        Decision::atomic(records, ())
    }

    fn first_records(&self) -> impl Iterator<Item = MetadataRecord> {
        let level = |(name, feature_level): (&str, i16)| {
            MetadataRecord::FeatureLevel(FeatureLevelRecord { name: name.into(), feature_level })
        };
        let is_elr_on = default_levels().any(|(name, level)| name == ELIGIBLE_LEADER_REPLICAS && level > 0);
        let resource = ConfigResource::all_brokers();
        // Who is eligible depends on it, so it is the cluster's and no single broker's.
        let min_in_sync = MetadataRecord::Config(ConfigRecord {
            resource_type: resource.kind as i8,
            resource_name: resource.name,
            name: MIN_IN_SYNC.into(),
            value: Some(self.rules.options.config.min_in_sync_replicas.to_string().into()),
        });
        default_levels().map(level).chain(is_elr_on.then_some(min_in_sync))
    }
}

fn is_empty(image: &Image) -> bool {
    *image == Image::default()
}
