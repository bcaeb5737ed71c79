//! UpdateFeatures (key 57, versions 0–2)
//!
//! Behaviour
//! - All features change their level, or none (KIP-584); the answer waits until that is committed.
//! - With `validate_only` everything is checked and nothing done.
//!
//! Versions
//! - 1 kinds of downgrade, `validate_only` (KIP-778) · 2 no result for each feature
//!
//! Differs from Kafka
//! - A broker on its own has no features (UNSUPPORTED_VERSION).

use kafka_wire::{UpdateFeaturesRequest, UpdateFeaturesResponse, update_features_response::UpdatableFeatureResult};
use kafka_wire_core::StrBytes;

use super::Ask;
use crate::{
    broker::decide::Due,
    controller::{Controller, Decision, FeatureUpdate, UpgradeKind},
    error::ErrorCode,
    turn::Turn,
};

/// What the controller decides.
pub(in crate::broker) fn decide(
    turn: &mut Turn<'_>,
    controller: &Controller<Due>,
    ask: Ask,
    request: UpdateFeaturesRequest,
) -> Decision<Due> {
    let kind = |allow_downgrade: bool, number: i8| match (ask.version, allow_downgrade) {
        (0, true) => Some(UpgradeKind::SafeDowngrade),
        (0, false) => Some(UpgradeKind::Upgrade),
        _ => UpgradeKind::from_number(number),
    };
    let updates = request.feature_updates.iter().map(|asked| FeatureUpdate {
        name: asked.feature.to_string(),
        level: asked.max_version_level,
        kind: kind(asked.allow_downgrade, asked.upgrade_type),
    });
    let updates: Vec<FeatureUpdate> = updates.collect();
    let decision = controller.update_features(&updates, request.validate_only);
    decision.map(|told| {
        let mut response = UpdateFeaturesResponse::default();
        match told {
            Ok(()) if ask.version < 2 => {
                let done = request.feature_updates.iter().map(|asked| {
                    let mut result = UpdatableFeatureResult::default();
                    result.feature = asked.feature.clone();
                    result
                });
                response.results = done.collect();
            }
            Ok(()) => {}
            Err(refused) => {
                response.error_code = ask.refuse(turn, refused.error);
                let why = refused.message.unwrap_or_default();
                let why = format!("The update failed for all features since the following feature had an error: {why}");
                response.error_message = Some(StrBytes::from(why));
            }
        }
        ask.due(&response, &refusal(ErrorCode::NotController))
    })
}

pub(in crate::broker) fn refusal(error: ErrorCode) -> UpdateFeaturesResponse {
    let mut response = UpdateFeaturesResponse::default();
    response.error_code = error.code();
    response
}
