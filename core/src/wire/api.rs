//! The table of APIs: key, versions that ApiVersions tells, versions that are served, who may ask.
//!
//! The numbers are Apache Kafka 4.4's (`org.apache.kafka.common.protocol.ApiKeys`, the schemas' `validVersions` and
//! `listeners`). The two columns of versions differ for Produce alone: librdkafka looks for version 0 in the list before it
//! compresses, so Kafka goes on telling 0–2, which it refuses.
//!
//! Differs from Kafka: brokers have one listener for each other and for controllers, which serves whatever clients are
//! served too.

use std::ops::RangeInclusive;

use crate::effect::Listener;

macro_rules! apis {
    ($($name:ident = $key:literal, $advertised:expr, $served:expr, flexible from $flexible:literal, for $asker:ident;)*) => {
        /// An API that somebody is served.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Api { $($name = $key,)* }

        impl Api {
            /// All of them, by rising key.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub const fn from_key(key: i16) -> Option<Self> {
                match key { $($key => Some(Self::$name),)* _ => None }
            }

            /// Kafka's name, as its documentation writes it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// What ApiVersions tells.
            pub const fn advertised(self) -> RangeInclusive<i16> {
                match self { $(Self::$name => $advertised,)* }
            }

            /// What is answered. A request of another version costs its connection, ApiVersions excepted.
            pub const fn served(self) -> RangeInclusive<i16> {
                match self { $(Self::$name => $served,)* }
            }

            /// Whose it is: what is for clients is served to brokers too.
            pub const fn listener(self) -> Listener {
                match self { $(Self::$name => apis!(@listener $asker),)* }
            }

            /// The first version with compact lengths and tagged fields (KIP-482).
            const fn flexible_from(self) -> i16 {
                match self { $(Self::$name => $flexible,)* }
            }
        }
    };
    (@listener everyone) => { Listener::Client };
    (@listener brokers) => { Listener::Broker };
}

apis! {
    Produce = 0, 0..=13, 3..=13, flexible from 9, for everyone;
    Fetch = 1, 4..=18, 4..=18, flexible from 12, for everyone;
    ListOffsets = 2, 1..=11, 1..=11, flexible from 6, for everyone;
    Metadata = 3, 0..=13, 0..=13, flexible from 9, for everyone;
    ApiVersions = 18, 0..=5, 0..=5, flexible from 3, for everyone;
    CreateTopics = 19, 2..=7, 2..=7, flexible from 5, for everyone;
    DeleteTopics = 20, 1..=6, 1..=6, flexible from 4, for everyone;
    DeleteRecords = 21, 0..=2, 0..=2, flexible from 2, for everyone;
    InitProducerId = 22, 0..=5, 0..=5, flexible from 2, for everyone;
    OffsetForLeaderEpoch = 23, 2..=4, 2..=4, flexible from 4, for everyone;
    DescribeConfigs = 32, 1..=4, 1..=4, flexible from 4, for everyone;
    CreatePartitions = 37, 0..=3, 0..=3, flexible from 2, for everyone;
    IncrementalAlterConfigs = 44, 0..=1, 0..=1, flexible from 1, for everyone;
    Vote = 52, 0..=2, 0..=2, flexible from 0, for brokers;
    BeginQuorumEpoch = 53, 0..=1, 0..=1, flexible from 1, for brokers;
    EndQuorumEpoch = 54, 0..=1, 0..=1, flexible from 1, for brokers;
    DescribeQuorum = 55, 0..=2, 0..=2, flexible from 0, for everyone;
    UpdateFeatures = 57, 0..=2, 0..=2, flexible from 0, for everyone;
    Envelope = 58, 0..=0, 0..=0, flexible from 0, for brokers;
    FetchSnapshot = 59, 0..=1, 0..=1, flexible from 0, for brokers;
    DescribeCluster = 60, 0..=2, 0..=2, flexible from 0, for everyone;
    BrokerRegistration = 62, 0..=4, 0..=4, flexible from 0, for brokers;
    BrokerHeartbeat = 63, 0..=2, 0..=2, flexible from 0, for brokers;
    UnregisterBroker = 64, 0..=0, 0..=0, flexible from 0, for everyone;
    AllocateProducerIds = 67, 0..=0, 0..=0, flexible from 0, for brokers;
    ListConfigResources = 74, 0..=1, 0..=1, flexible from 0, for everyone;
    DescribeTopicPartitions = 75, 0..=0, 0..=0, flexible from 0, for everyone;
}

impl Api {
    pub const fn key(self) -> i16 {
        self as i16
    }

    pub fn is_served_at(self, listener: Listener) -> bool {
        self.listener() == Listener::Client || listener == Listener::Broker
    }

    /// Whether the active controller answers it, whichever broker is asked (`ApiKeys.forwardable`).
    pub const fn is_forwarded(self) -> bool {
        matches!(
            self,
            Self::CreateTopics
                | Self::DeleteTopics
                | Self::CreatePartitions
                | Self::IncrementalAlterConfigs
                | Self::DescribeQuorum
                | Self::UpdateFeatures
                | Self::UnregisterBroker
        )
    }

    pub fn serves(self, version: i16) -> bool {
        self.served().contains(&version)
    }

    pub const fn is_flexible(self, version: i16) -> bool {
        version >= self.flexible_from()
    }

    /// Whether an answer's header carries tagged fields. ApiVersions' never does: a client reads it before it knows
    /// which version was answered (KIP-511).
    pub const fn has_tagged_response_header(self, version: i16) -> bool {
        self.is_flexible(version) && !matches!(self, Self::ApiVersions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_wire::{API_DESCRIPTORS, response_header_version};
    use kafka_wire_core::ApiVersion;

    #[test]
    fn clients_are_served_less_than_brokers() {
        let served = |listener| Api::ALL.iter().filter(move |api| api.is_served_at(listener));
        assert_eq!(served(Listener::Broker).count(), Api::ALL.len());
        // `listeners` of their schemas does not name "broker".
        let only_brokers = [52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 73, 82];
        for api in Api::ALL {
            assert_eq!(!api.is_served_at(Listener::Client), only_brokers.contains(&api.key()), "{api:?}");
        }
    }

    #[test]
    fn the_table_agrees_with_the_generated_messages() {
        for &api in Api::ALL {
            assert_eq!(Api::from_key(api.key()), Some(api));
            let descriptor = API_DESCRIPTORS.iter().find(|known| known.api_key.value() == api.key()).unwrap();
            assert_eq!(descriptor.request.name, format!("{}Request", api.name()));
            for version in api.served() {
                let at = ApiVersion::new(version);
                assert!(descriptor.supported_versions.contains(at), "{api:?} {version}");
                let flexible = descriptor.flexible_versions.is_some_and(|range| range.contains(at));
                assert_eq!(api.is_flexible(version), flexible, "{api:?} {version}");
                let header = response_header_version(descriptor.api_key, at, flexible);
                assert_eq!(api.has_tagged_response_header(version), header == 1, "{api:?} {version}");
            }
        }
    }
}
