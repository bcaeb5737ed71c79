//! What a script expects to see without asking anybody.

use std::time::Duration;

use super::track::{Answer, Reading, Track, Waits};
use crate::{
    ids::{Offset, TopicId},
    log::Log,
    replica::Partition,
    time::Instant,
    world::{
        World,
        scenario::expectation::{Expectation, Place, State},
        server::Server,
    },
};

/// Up to where a broker's trace was looked through, and of which life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    life: u32,
    number: u64,
}

impl World {
    pub(super) fn expect(&mut self, number: u64, expectation: Expectation) {
        let now = self.now;
        let Some(track) = self.director.track(number) else { return };
        match expectation {
            Expectation::Soon { ref state, within } => {
                let (state, since) = (state.clone(), track.since);
                self.await_state(number, expectation, state, (within, since));
            }
            Expectation::Read { .. } => {
                let Some((reading, question)) = Reading::begin(expectation) else { return };
                track.waits = Waits::Reading(Default::default(), Box::new(reading));
                self.ask(number, 0, question);
            }
            Expectation::By(at) if now <= at => track.waits = Waits::Until(now),
            Expectation::By(_) => {
                let found = format!("it is {:.6} s", now.since(Instant(0)).as_secs_f64());
                self.disappoint(&expectation, found);
            }
            Expectation::Ok | Expectation::Error(_) | Expectation::Offset(_) | Expectation::Records(_) => {
                match is_answered(track, &expectation) {
                    Ok(()) => track.waits = Waits::Until(now),
                    Err(found) => self.disappoint(&expectation, found),
                }
            }
        }
    }

    fn await_state(
        &mut self,
        number: u64,
        expectation: Expectation,
        state: State,
        (within, since): (Duration, Instant),
    ) {
        let now = self.now;
        let mut seen = self.servers.first().map_or_else(Seen::default, |server| Seen::since(server, since));
        let waits = match self.holds(&state, &mut seen) {
            true => Waits::Until(now),
            false if within.is_zero() => {
                let found = self.found(&expectation);
                return self.disappoint(&expectation, found);
            }
            false => Waits::State { expectation, state, seen, until: now + within },
        };
        self.set_waits(number, waits);
    }

    /// After a step: ways that wait for something to see may have seen it.
    pub(in crate::world) fn watch(&mut self) {
        let mut tracks = std::mem::take(&mut self.director.tracks);
        for track in &mut tracks {
            if let Waits::State { state, seen, .. } = &mut track.waits
                && self.holds(state, seen)
            {
                track.waits = Waits::Until(self.now);
            }
        }
        self.director.tracks = tracks;
        self.look_ahead();
    }

    fn holds(&self, state: &State, seen: &mut Seen) -> bool {
        match state {
            State::LogStart(place, offset) => {
                self.partition(place).map(|log| log.log().log_start_offset()) == Some(*offset)
            }
            State::LogEnd(place, offset) => {
                self.partition(place).map(|log| log.log().log_end_offset()) == Some(*offset)
            }
            State::HighWatermark(place, offset) => {
                self.partition(place).map(Partition::high_watermark) == Some(*offset)
            }
            State::Event(name) => self.servers.first().is_some_and(|server| seen.finds(server, name)),
            State::Serving(server) => self.servers.get(*server as usize).is_some_and(Server::is_serving),
            State::Down(server) => self.servers.get(*server as usize).is_some_and(|server| server.node.is_none()),
        }
    }

    fn partition(&self, place: &Place) -> Option<&Partition> {
        let topics = self.servers.first()?.node.as_ref()?.topics()?;
        let topic = topics.find(&place.topic, TopicId::ZERO).ok()?.id;
        topics.partition(topic, place.partition).ok()
    }

    /// What is there instead, in words.
    pub(super) fn found(&self, expectation: &Expectation) -> String {
        let Expectation::Soon { state, .. } = expectation else { return "it is not so".to_owned() };
        match state {
            State::LogStart(place, _) | State::LogEnd(place, _) | State::HighWatermark(place, _) => {
                let Some(partition) = self.partition(place) else { return "there is no such partition".to_owned() };
                let log: &Log = partition.log();
                let (start, end): (Offset, Offset) = (log.log_start_offset(), log.log_end_offset());
                format!("its log is from {start} to {end}, the high watermark {}", partition.high_watermark())
            }
            State::Event(_) => "it did not happen".to_owned(),
            State::Serving(_) => "it does not serve".to_owned(),
            State::Down(_) => "it is not down".to_owned(),
        }
    }
}

fn is_answered(track: &Track, expectation: &Expectation) -> Result<(), String> {
    let answer = track.answer.as_ref().ok_or("nothing was asked before it on its line or in its lines")?;
    let is_so = match (expectation, answer) {
        (Expectation::Ok, Answer::Done { .. }) => true,
        (Expectation::Error(name), _) => answer.is_error(name),
        (Expectation::Offset(expected), Answer::Done { offset, .. }) => *offset == Some(*expected),
        (Expectation::Records(expected), Answer::Done { records, .. }) => return expected.compare(records),
        _ => false,
    };
    if is_so { Ok(()) } else { Err(answer.shown()) }
}

impl Seen {
    /// Before the first event that is not older than `since`.
    fn since(server: &Server, since: Instant) -> Self {
        let number = server.trace().map_or(0, |trace| {
            let first = trace.since(0).find(|traced| traced.at >= since);
            first.map_or(trace.next(), |traced| traced.number)
        });
        Self { life: server.life, number }
    }

    fn finds(&mut self, server: &Server, name: &str) -> bool {
        let Some(trace) = server.trace() else { return false };
        if self.life != server.life {
            *self = Self { life: server.life, number: 0 };
        }
        let found = trace.since(self.number).any(|traced| traced.event.name() == name);
        self.number = trace.next();
        found
    }
}
