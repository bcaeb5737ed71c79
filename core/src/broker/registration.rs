//! A broker's life as the controller sees it (`BrokerLifecycleManager`, KIP-631).
//!
//! ```text
//! Unregistered ──epoch──▶ Starting ──caught up──▶ Recovering ──unfenced──▶ Running ──stop──▶ Leaving ──may stop──▶ Left
//!      ▲                     ▲                                                │
//!      │                     └───────────── fenced (it was silent too long) ◀──┘
//!      └── its registration is gone (BROKER_ID_NOT_REGISTERED, STALE_BROKER_EPOCH): a new incarnation
//! ```
//! It only knows when to say what; `broker/peer` brings it to the controller.

use std::time::Duration;

use crate::{
    error::ErrorCode,
    ids::{BrokerEpoch, IncarnationId},
    rng::Rng,
    time::{Instant, sooner},
};

/// `broker.heartbeat.interval.ms` and its neighbours, with Kafka's defaults.
#[derive(Clone, Copy, Debug)]
pub struct RegistrationOptions {
    pub heartbeat_interval: Duration,
    /// How long a heartbeat or a registration may take before it is said again.
    pub request_timeout: Duration,
    /// Between two tries that failed.
    pub retry: Duration,
}

impl Default for RegistrationOptions {
    fn default() -> Self {
        Self {
            heartbeat_interval: Duration::from_millis(2_000),
            request_timeout: Duration::from_millis(4_500),
            retry: Duration::from_millis(100),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// The controller has not been told of this incarnation, or does not know of it any more.
    Unregistered,
    /// Registered, and behind the metadata log.
    Starting,
    /// Knows the metadata; asks to be unfenced.
    Recovering,
    Running,
    /// Asks to stop: leaders move away first.
    Leaving,
    Left,
}

/// What the controller is to be told now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saying {
    Register { incarnation: IncarnationId },
    Heartbeat { broker_epoch: BrokerEpoch, want_fence: bool, want_shut_down: bool },
}

/// What the controller's answer to a heartbeat says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeartbeatTold {
    pub is_caught_up: bool,
    pub is_fenced: bool,
    pub should_shut_down: bool,
}

#[derive(Clone, Debug)]
pub struct Registration {
    options: RegistrationOptions,
    life: Life,
    incarnation: IncarnationId,
    /// -1: none.
    broker_epoch: BrokerEpoch,
    /// Nothing is said before; while an answer is awaited, when that is given up.
    next_at: Instant,
    is_waiting: bool,
}

impl Registration {
    /// Registers at once.
    pub fn new(options: RegistrationOptions, rng: &mut Rng, now: Instant) -> Self {
        let incarnation = IncarnationId(rng.uuid());
        Self { options, life: Life::Unregistered, incarnation, broker_epoch: -1, next_at: now, is_waiting: false }
    }

    pub fn life(&self) -> Life {
        self.life
    }

    /// Of this incarnation, -1 before there is one. The offset of its registration in the metadata log.
    pub fn broker_epoch(&self) -> BrokerEpoch {
        self.broker_epoch
    }

    pub fn incarnation(&self) -> IncarnationId {
        self.incarnation
    }

    /// What is to be said now, if it is time. An answer, or `on_unanswered`, is awaited then.
    pub fn say(&mut self, now: Instant) -> Option<Saying> {
        if self.next_at > now || self.life == Life::Left {
            return None;
        }
        (self.is_waiting, self.next_at) = (true, now + self.options.request_timeout);
        let broker_epoch = self.broker_epoch;
        Some(match self.life {
            Life::Unregistered => Saying::Register { incarnation: self.incarnation },
            life => Saying::Heartbeat {
                broker_epoch,
                want_fence: life == Life::Starting,
                want_shut_down: life == Life::Leaving,
            },
        })
    }

    /// What `incarnation` was told. False if that is not this one any more: it was given up meanwhile.
    pub fn on_registered(
        &mut self,
        rng: &mut Rng,
        now: Instant,
        (incarnation, told): (IncarnationId, Result<BrokerEpoch, ErrorCode>),
    ) -> bool {
        if self.life != Life::Unregistered || incarnation != self.incarnation {
            return false;
        }
        match told {
            Ok(epoch) => {
                (self.broker_epoch, self.life) = (epoch, Life::Starting);
                self.rest(now, Duration::ZERO);
            }
            Err(error) => self.on_refused(rng, now, error),
        }
        true
    }

    /// What the registration of `epoch` was told. True if its life went on.
    pub fn on_heartbeat(
        &mut self,
        rng: &mut Rng,
        now: Instant,
        (epoch, told): (BrokerEpoch, Result<HeartbeatTold, ErrorCode>),
    ) -> bool {
        let before = self.life;
        if epoch != self.broker_epoch {
            return false;
        }
        match told {
            Ok(told) => {
                self.life = match before {
                    Life::Starting if told.is_caught_up => Life::Recovering,
                    Life::Recovering if !told.is_fenced => Life::Running,
                    // It was silent for too long, and asks to be unfenced.
                    Life::Running if told.is_fenced => Life::Recovering,
                    Life::Leaving if told.should_shut_down => Life::Left,
                    life => life,
                };
                let is_news = self.life != before;
                self.rest(now, if is_news { Duration::ZERO } else { self.pause() });
            }
            Err(error) => self.on_refused(rng, now, error),
        }
        self.life != before
    }

    /// No answer will come.
    pub fn on_unanswered(&mut self, now: Instant) {
        self.rest(now, self.options.retry);
    }

    /// Somebody else leads the quorum, or the metadata was caught up with: no need to wait.
    pub fn hurry(&mut self, now: Instant) {
        if !self.is_waiting {
            self.next_at = self.next_at.min(now);
        }
    }

    /// The operator stops this broker. False if it need not ask anybody.
    pub fn leave(&mut self, now: Instant) -> bool {
        match self.life {
            Life::Running | Life::Recovering | Life::Starting => {
                self.life = Life::Leaving;
                self.rest(now, Duration::ZERO);
                true
            }
            Life::Leaving => true,
            Life::Unregistered | Life::Left => {
                self.life = Life::Left;
                false
            }
        }
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        sooner(None, (self.life != Life::Left).then_some(self.next_at))
    }

    /// Its storage failed and came back, or the controller forgot it: leadership is given only to a new incarnation.
    pub fn begin_anew(&mut self, rng: &mut Rng, now: Instant) {
        if !matches!(self.life, Life::Leaving | Life::Left) {
            self.incarnation = IncarnationId(rng.uuid());
            (self.life, self.broker_epoch) = (Life::Unregistered, -1);
            self.rest(now, Duration::ZERO);
        }
    }

    fn on_refused(&mut self, rng: &mut Rng, now: Instant, error: ErrorCode) {
        self.rest(now, self.options.retry);
        let is_forgotten = matches!(error, ErrorCode::BrokerIdNotRegistered | ErrorCode::StaleBrokerEpoch);
        match self.life {
            Life::Leaving if is_forgotten => self.life = Life::Left,
            Life::Unregistered | Life::Left => {}
            _ if is_forgotten => self.begin_anew(rng, now + self.options.retry),
            _ => {}
        }
    }

    fn pause(&self) -> Duration {
        match self.life {
            Life::Running => self.options.heartbeat_interval,
            // Whoever waits for something asks more often, though not at once.
            _ => self.options.heartbeat_interval.min(self.options.retry),
        }
    }

    fn rest(&mut self, now: Instant, pause: Duration) {
        (self.is_waiting, self.next_at) = (false, now + pause);
    }
}

#[cfg(test)]
mod tests;
