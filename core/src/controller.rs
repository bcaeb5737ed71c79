//! Who decides what the cluster is: its brokers, topics, partitions' leaders, configs, features.
//!
//! ```text
//! request ──▶ Draft (image at the end + the records so far) ──▶ Decision ──▶ metadata log ──▶ Image on every node
//! ```
//! The controller is the leader of the metadata quorum; everybody else follows with the same image. A decision is made
//! from the image and the brokers' heartbeats alone, which no log has: who leads anew gives every broker a session's time.
//! Until every node has a quorum, `catalog` stands in for all of it: one document of one broker's own.

mod acls;
mod activation;
mod brokers;
pub mod catalog;
mod configs;
mod directories;
mod draft;
mod elect;
mod features;
mod heartbeats;
pub mod image;
mod isr_change;
mod partition_edit;
mod partitions;
mod placement;
mod producer_ids;
mod quotas;
mod reassign;
mod rounds;
mod rules;
#[cfg(test)]
mod tests;
mod topics;

pub use self::{
    acls::{AccessControlFilter, AccessControlRule},
    brokers::{BrokerRegistrationRequest, ControllerRegistrationRequest},
    catalog::{Catalog, Change, ConfigEdit, ConfigOperation, NewTopic, Refused, Topic},
    configs::ConfigAlteration,
    directories::DirectoryAssignment,
    elect::{Elected, ElectionKind},
    features::{FeatureUpdate, UpgradeKind, supported_features},
    heartbeats::{Heartbeat, HeartbeatReply},
    image::Image,
    isr_change::{IsrProposal, ProposedReplica},
    partitions::NewPartitions,
    quotas::{QuotaAlteration, QuotaEdit},
    reassign::{OngoingReassignment, Reassignment, ongoing_reassignments},
    rules::ControllerOptions,
    topics::CreatedTopic,
};
use self::{draft::Draft, heartbeats::Heartbeats, rounds::Rounds, rules::Rules};
use crate::{
    decider::{Decider, Released},
    error::ErrorCode,
    ids::Offset,
    record::internal::metadata::MetadataRecord,
    time::Instant,
};

/// What a request of the controller comes to.
pub type Decision<A> = crate::decider::Decision<MetadataRecord, A>;

/// The controller of one node. `A` is a reply together with who is to have it; a decision's own reply becomes one by
/// `Decision::map`.
///
/// Its owner keeps the log. As a standby: `replay` what is committed. Once this node leads and has all that is committed:
/// `activate`, then each decision's records are appended and `on_appended`, and `on_committed` tells which replies may go.
/// Decisions are asked for only while it `is_active`; else the answer is `NOT_CONTROLLER`.
#[derive(Clone, Debug)]
pub struct Controller<A> {
    decider: Decider<Image, A>,
    rules: Rules,
    heartbeats: Heartbeats,
    rounds: Rounds,
}

/// When a request came, and where the log ends by then: the offset that the next record gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub now: Instant,
    pub next_offset: Offset,
}

impl<A> Controller<A> {
    /// A standby whose image has all records below `end`.
    pub fn new(options: ControllerOptions, image: Image, end: Offset) -> Self {
        Self {
            decider: Decider::new(image, end),
            heartbeats: Heartbeats::new(options.session_timeout),
            rounds: Rounds::default(),
            rules: Rules::new(options),
        }
    }

    /// What every broker may see.
    pub fn image(&self) -> &Image {
        self.decider.committed().settled()
    }

    /// Offset after the last record that `image` has.
    pub fn image_end(&self) -> Offset {
        self.decider.committed_end()
    }

    pub fn is_active(&self) -> bool {
        self.decider.is_active()
    }

    /// Decisions that wait for their commit.
    pub fn pending(&self) -> usize {
        self.decider.pending()
    }

    /// Whether a request may be decided.
    ///
    /// # Errors
    /// `NotController` for a standby; `RequestTimedOut` where too many decisions wait for their commit already.
    pub fn check_ready(&self) -> Result<(), ErrorCode> {
        match (self.is_active(), self.decider.has_room()) {
            (false, _) => Err(ErrorCode::NotController),
            (true, false) => Err(ErrorCode::RequestTimedOut),
            (true, true) => Ok(()),
        }
    }

    /// A standby follows a committed record.
    pub fn replay(&mut self, offset: Offset, record: &MetadataRecord) {
        self.decider.replay(offset, record);
    }

    /// The log begins with a snapshot that this node did not have. Gives the replies that are void by that.
    pub fn restart_from(&mut self, image: Image, end: Offset) -> Vec<A> {
        self.heartbeats.clear();
        self.decider.restart_from(image, end)
    }

    /// A decision's records were appended, the last of them at `end - 1`. Gives its reply if that waits for nothing.
    pub fn on_appended(&mut self, end: Offset, decision: Decision<A>) -> Option<A> {
        self.decider.on_appended(end, decision).map(|released| released.reply)
    }

    /// Everything below the high watermark is committed: gives the replies that may go, in their order.
    pub fn on_committed(&mut self, high_watermark: Offset) -> Vec<A> {
        self.decider.on_committed(high_watermark).into_iter().map(|Released { reply, .. }| reply).collect()
    }

    /// Leadership is lost, or an append failed: gives the replies that nobody can vouch for (`NOT_CONTROLLER`).
    pub fn step_down(&mut self) -> Vec<A> {
        self.heartbeats.clear();
        self.rounds = Rounds::default();
        self.decider.step_down()
    }

    /// What decisions are made on: all that was appended, committed or not.
    pub fn decided(&self) -> &Image {
        self.end()
    }

    fn end(&self) -> &Image {
        self.decider.active().unwrap_or(self.decider.committed())
    }

    fn draft(&self) -> Draft<'_> {
        Draft::new(&self.rules, self.end().clone())
    }
}
