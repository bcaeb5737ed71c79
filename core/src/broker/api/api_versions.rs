//! ApiVersions (key 18, versions 0–5)
//!
//! Behaviour
//! - Tells the APIs that this listener serves, as `wire/api.rs` has them.
//! - A version that is not served is answered in version 0 with UNSUPPORTED_VERSION and the range of this API alone
//!   (KIP-511), and the connection stays.
//! - From version 3 on a client's name and version must look like a name and a version, else INVALID_REQUEST.
//! - From version 5 on a client that says whom it means and does not mean this broker is told so; one that
//!   names a cluster without a node, or the reverse, is INVALID_REQUEST.
//!
//! Versions
//! - 1 throttle time · 3 flexible, client software, features · 5 cluster and node that the client means (KIP-1242)
//!
//! Differs from Kafka
//! - No features are told: there is no metadata log whose format could have a level.

use kafka_wire::{ApiVersionsRequest, ApiVersionsResponse, api_versions_response::ApiVersion};

use super::{Ask, Handled};
use crate::{broker::Topics, effect::Listener, error::ErrorCode, trace::event::CloseReason, turn::Turn, wire::Api};

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
        }
        ask.reply(&response)
    }
}

fn served_at(listener: Listener) -> Vec<ApiVersion> {
    Api::ALL.iter().filter(|api| api.is_served_at(listener)).map(|&api| told(api)).collect()
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
    use super::*;

    #[test]
    fn names_of_software_are_told_from_anything_else() {
        assert!(["a", "apache-kafka-java", "4.4.0", "0"].into_iter().all(is_name));
        assert!(!["", "-a", "a.", "a b", "ü", "a\n"].into_iter().any(is_name));
    }
}
