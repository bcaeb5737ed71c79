//! Which level of each feature the whole cluster is at (`FeatureControlManager`, KIP-584, KIP-1022).

use std::sync::Arc;

use super::{Controller, Decision, catalog::Refused, draft::Draft, image::Image};
use crate::{
    error::ErrorCode,
    record::internal::metadata::{FeatureLevelRecord, MetadataRecord, SupportedFeature},
    sorted::SortedMap,
};

pub(super) const METADATA_VERSION: &str = "metadata.version";
pub(super) const ELIGIBLE_LEADER_REPLICAS: &str = "eligible.leader.replicas.version";

/// A feature that this build has, from its lowest level to its highest, which a new cluster begins with.
struct Feature {
    name: &'static str,
    min: i16,
    max: i16,
}

/// What is built of those that Kafka 4.4 has (`Feature.PRODUCTION_FEATURES`), `metadata.version` first. A client goes by what
/// is told, so what is not built is absent: groups, transactions, shares and streams. `kraft.version` is the quorum's own.
const FEATURES: [Feature; 2] = [
    // Its records are those of 4.4-IV2: no older cluster's log is written here.
    Feature { name: METADATA_VERSION, min: 33, max: 33 },
    Feature { name: ELIGIBLE_LEADER_REPLICAS, min: 0, max: 1 },
];

/// What a node of this build tells when it registers.
pub fn supported_features() -> Vec<SupportedFeature> {
    let told = |feature: &Feature| SupportedFeature {
        name: feature.name.into(),
        min_supported_version: feature.min,
        max_supported_version: feature.max,
    };
    FEATURES.iter().map(told).collect()
}

/// The levels that a new cluster begins with, `metadata.version` first.
pub(super) fn default_levels() -> impl Iterator<Item = (&'static str, i16)> {
    FEATURES.iter().map(|feature| (feature.name, feature.max))
}

/// `FeatureUpdate.UpgradeType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpgradeKind {
    Upgrade = 1,
    SafeDowngrade = 2,
    UnsafeDowngrade = 3,
}

impl UpgradeKind {
    pub fn from_number(number: i8) -> Option<Self> {
        [Self::Upgrade, Self::SafeDowngrade, Self::UnsafeDowngrade].into_iter().find(|kind| *kind as i8 == number)
    }
}

/// One feature that is to be at another level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureUpdate {
    pub name: String,
    pub level: i16,
    /// `None`: a kind that nobody knows.
    pub kind: Option<UpgradeKind>,
}

impl<A> Controller<A> {
    /// UpdateFeatures: all of them or none.
    ///
    /// # Errors
    /// `InvalidUpdateVersion`.
    pub fn update_features(&self, updates: &[FeatureUpdate], validate_only: bool) -> Decision<Result<(), Refused>> {
        let mut draft = self.draft();
        for update in updates {
            if let Err(why) = draft.update_feature(update) {
                let why = format!("Invalid update version {} for feature {}. {why}", update.level, update.name);
                return Decision::reply(Err(Refused::new(ErrorCode::InvalidUpdateVersion, why)));
            }
        }
        if validate_only { Decision::reply(Ok(())) } else { draft.atomic(Ok(())) }
    }
}

impl Draft<'_> {
    fn update_feature(&mut self, update: &FeatureUpdate) -> Result<(), String> {
        let refuse = |why: &str| Err(why.to_owned());
        let Some(kind) = update.kind else {
            return refuse("The controller does not support the given upgrade type.");
        };
        if update.level < 0 {
            return refuse("A feature version cannot be less than 0.");
        }
        self.check_supported(&update.name, update.level)?;
        let current = self.image.feature_level(&update.name);
        match kind {
            UpgradeKind::Upgrade if update.level < current => {
                return refuse(
                    "Can't downgrade the version of this feature without setting the upgrade type to either safe or \
                     unsafe downgrade.",
                );
            }
            UpgradeKind::SafeDowngrade | UpgradeKind::UnsafeDowngrade if update.level > current => {
                return refuse("Can't downgrade to a newer version.");
            }
            _ => {}
        }
        let (name, feature_level) = (update.name.as_str().into(), update.level);
        self.push(MetadataRecord::FeatureLevel(FeatureLevelRecord { name, feature_level }));
        if update.name == ELIGIBLE_LEADER_REPLICAS && current == 0 && update.level > 0 {
            self.fix_min_in_sync();
        }
        Ok(())
    }

    /// Whether this node, every broker and every controller that is registered can live at that level.
    fn check_supported(&self, name: &str, level: i16) -> Result<(), String> {
        let own = FEATURES.iter().find(|feature| feature.name == name);
        let own =
            (format!("Local controller {}", self.rules.options.node), own.map_or((0, 0), |own| (own.min, own.max)));
        let brokers = self.image.brokers().values();
        let brokers = brokers.map(|broker| (format!("Broker {}", broker.id), broker.feature_range(name)));
        let others = self.image.controllers().values().filter(|other| other.id != self.rules.options.node);
        let controllers = others.map(|other| (format!("Controller {}", other.id), other.feature_range(name)));
        for (who, (min, max)) in std::iter::once(own).chain(brokers).chain(controllers) {
            if max == 0 && level > 0 {
                return Err(format!("{who} does not support this feature."));
            }
            if level < min || level > max {
                let range = if min == max { min.to_string() } else { format!("{min}-{max}") };
                return Err(format!("{who} only supports versions {range}"));
            }
        }
        Ok(())
    }
}

/// Whether a broker can live with every level that is on.
pub(super) fn check_registered_features(image: &Image, told: &[SupportedFeature]) -> Result<(), Refused> {
    let refuse = |why| Err(Refused::new(ErrorCode::UnsupportedVersion, why));
    let ranges: SortedMap<Arc<str>, (i16, i16)> = told
        .iter()
        .map(|feature| (Arc::clone(&feature.name), (feature.min_supported_version, feature.max_supported_version)))
        .collect();
    if !ranges.contains_key(METADATA_VERSION) {
        return Err(Refused::new(ErrorCode::InvalidRegistration, "Request features do not contain 'metadata.version'"));
    }
    let names = ranges.keys().chain(image.features().keys());
    for name in names {
        let (min, max) = ranges.get(name).copied().unwrap_or_default();
        let level = image.feature_level(name);
        if level < min || level > max {
            return refuse(format!(
                "Unable to register because the broker does not support finalized version {level} of {name}. The broker \
                 wants a version between {min} and {max}, inclusive."
            ));
        }
    }
    Ok(())
}
