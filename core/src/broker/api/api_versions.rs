//! ApiVersions (key 18, versions 0–5)
//!
//! Behaviour
//! - Tells the APIs that this listener serves, as `wire/api.rs` has them.
//! - A version that is not served is answered in version 0 with UNSUPPORTED_VERSION and the range of this API alone
//!   (KIP-511), and the connection stays.
//! - From version 3 on a client's name and version must look like a name and a version, else INVALID_REQUEST.
//! - From version 3 on the features that this build knows and the levels that the cluster is at are told, as of the
//!   metadata log's last record that this broker followed. Before version 4 a range cannot begin at 0 (KAFKA-17011).
//! - From version 5 on a client that says whom it means and does not mean this broker is told so; one that
//!   names a cluster without a node, or the reverse, is INVALID_REQUEST.
//!
//! Versions
//! - 1 throttle time · 3 flexible, client software, features · 5 cluster and node that the client means (KIP-1242)
//!
//! Differs from Kafka
//! - Features that are not built are not told (`controller/features.rs`), nor is `kraft.version`. A broker on its own tells
//!   none: it has no metadata log whose format could have a level.

use kafka_wire::{
    ApiVersionsRequest, ApiVersionsResponse,
    api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey},
};
use kafka_wire_core::StrBytes;

use super::{Ask, Handled};
use crate::{
    broker::Topics,
    controller::{Image, supported_features},
    effect::Listener,
    error::ErrorCode,
    trace::event::CloseReason,
    turn::Turn,
    wire::Api,
};

impl Ask {
    /// The answer to an ApiVersions whose version nobody here knows.
    pub(in crate::broker) fn refuse_api_versions(self, turn: &mut Turn<'_>) -> Handled {
        let mut response = ApiVersionsResponse::default();
        response.error_code = self.refuse(turn, ErrorCode::UnsupportedVersion);
        response.api_keys = vec![told(Api::ApiVersions)];
        self.frame(0, &response).map_or(Handled::Close(CloseReason::Unencodable), Handled::Reply)
    }
}

impl Topics {
    pub(in crate::broker) fn on_api_versions(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: ApiVersionsRequest,
    ) -> Handled {
        let mut response = ApiVersionsResponse::default();
        let is_named = is_name(&request.client_software_name) && is_name(&request.client_software_version);
        let is_meant = request.cluster_id.as_ref().is_none_or(|id| **id == *self.catalog.cluster_id)
            && (request.node_id == -1 || request.node_id == self.catalog.broker.0);
        let is_half_meant = request.cluster_id.is_none() != (request.node_id == -1);
        if (ask.version >= 3 && !is_named) || is_half_meant {
            response.error_code = ask.refuse(turn, ErrorCode::InvalidRequest);
        } else if !is_meant {
            response.error_code = ask.refuse(turn, ErrorCode::RebootstrapRequired);
        } else {
            response.api_keys = served_at(ask.listener);
            if let Some(image) = self.catalog.image() {
                response.supported_features = supported(ask.version);
                response.finalized_features = finalized(image);
                response.finalized_features_epoch = self.catalog.image_end() - 1;
            }
        }
        ask.reply(&response)
    }
}

fn served_at(listener: Listener) -> Vec<ApiVersion> {
    Api::ALL.iter().filter(|api| api.is_served_at(listener)).map(|&api| told(api)).collect()
}

fn supported(version: i16) -> Vec<SupportedFeatureKey> {
    let told = supported_features().into_iter().map(|feature| {
        let mut told = SupportedFeatureKey::default();
        told.name = StrBytes::from(&*feature.name);
        // Older clients cannot read a range that begins at 0.
        told.min_version =
            if version < 4 { feature.min_supported_version.max(1) } else { feature.min_supported_version };
        told.max_version = feature.max_supported_version;
        told
    });
    told.collect()
}

fn finalized(image: &Image) -> Vec<FinalizedFeatureKey> {
    let told = image.features().iter().map(|(name, level)| {
        let mut told = FinalizedFeatureKey::default();
        told.name = StrBytes::from(&**name);
        (told.min_version_level, told.max_version_level) = (*level, *level);
        told
    });
    told.collect()
}

fn told(api: Api) -> ApiVersion {
    let mut version = ApiVersion::default();
    version.api_key = api.key();
    version.min_version = *api.advertised().start();
    version.max_version = *api.advertised().end();
    version
}

/// `[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?`, as `ApiVersionsRequest.isValid` wants it.
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    is_plain(bytes.first())
        && is_plain(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        broker::tests::TestBroker,
        decider::Decided,
        record::internal::metadata::{FeatureLevelRecord, MetadataRecord},
    };

    #[test]
    fn names_of_software_are_told_from_anything_else() {
        assert!(["a", "apache-kafka-java", "4.4.0", "0"].into_iter().all(is_name));
        assert!(!["", "-a", "a.", "a b", "ü", "a\n"].into_iter().any(is_name));
    }

    /// Name, lowest and highest level of each.
    type Levels = Vec<(String, i16, i16)>;

    /// What is supported, what is finalized, and as of where.
    fn features(broker: &mut TestBroker, version: i16) -> (Levels, Levels, i64) {
        let mut request = ApiVersionsRequest::default();
        (request.client_software_name, request.client_software_version) = ("test".into(), "1".into());
        let asked = broker.ask((Api::ApiVersions, version), &request, Topics::on_api_versions);
        let response: ApiVersionsResponse = asked.answer();
        let supported = response.supported_features.iter();
        let finalized = response.finalized_features.iter();
        (
            supported.map(|told| (told.name.to_string(), told.min_version, told.max_version)).collect(),
            finalized.map(|told| (told.name.to_string(), told.min_version_level, told.max_version_level)).collect(),
            response.finalized_features_epoch,
        )
    }

    #[test]
    fn features_are_told_as_of_the_metadata_log() {
        let mut broker = TestBroker::new();
        assert_eq!(features(&mut broker, 4), (vec![], vec![], -1));
        broker.topics.enter_cluster();
        let mut image = Image::default();
        let (name, feature_level): (Arc<str>, i16) = ("metadata.version".into(), 33);
        image.apply(&MetadataRecord::FeatureLevel(FeatureLevelRecord { name, feature_level }), 6);
        broker.turn(|topics, turn| topics.follow(turn, &image, 7));
        let finalized = vec![("metadata.version".to_owned(), 33, 33)];
        for (version, from) in [(3, 1), (4, 0)] {
            let (supported, told, epoch) = features(&mut broker, version);
            assert_eq!((&told, epoch), (&finalized, 6));
            assert!(supported.contains(&("eligible.leader.replicas.version".to_owned(), from, 1)), "{supported:?}");
            assert_eq!(supported.len(), 2);
        }
        assert_eq!(features(&mut broker, 2), (vec![], vec![], -1));
    }
}
