//! Connections of the script's own: one Produce each, with whatever producer the script says.
//!
//! No client of ours would send it, so it goes around them: what Kafka's brokers must bear from anybody.

use bytes::{Buf, Bytes, BytesMut};

use super::track::{Answer, Waits};
use crate::{
    client::question::Acks,
    effect::{Frame, Input},
    error::ErrorCode,
    ids::{ConnectionId, DialId},
    wire::produce::{ProducePartition, ProduceRequest, ProduceTopic},
    world::{
        World,
        clock::Clock,
        scenario::request::Send,
        schedule::{Dialler, Occurrence},
    },
};

/// Stands for a visitor where a connection is the script's own: no cut and no reset ever finds it.
pub(in crate::world) const SCRIPT: u32 = u32::MAX;
/// The newest version whose answer has no tagged fields.
const VERSION: i16 = 8;
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
/// A broker that answers more than this is given up.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

#[derive(Clone, Debug, Default)]
pub(super) struct Peer {
    dials: u64,
    sendings: Vec<Sending>,
}

#[derive(Clone, Debug)]
struct Sending {
    track: u64,
    dial: DialId,
    connection: Option<ConnectionId>,
    frame: Bytes,
    is_answered: bool,
    received: BytesMut,
}

impl Peer {
    pub fn forget(&mut self, track: u64) -> Option<ConnectionId> {
        let at = self.sendings.iter().position(|sending| sending.track == track)?;
        self.sendings.remove(at).connection
    }

    fn on(&mut self, connection: ConnectionId) -> Option<&mut Sending> {
        self.sendings.iter_mut().find(|sending| sending.connection == Some(connection))
    }
}

impl World {
    pub(super) fn send_raw(&mut self, track: u64, send: &Send) {
        let wall = Clock::default().now(self.now).wall;
        let mut records = Frame::default();
        send.batch(wall).push_to(&mut records);
        let partition = ProducePartition { partition: send.partition, records: Some(records) };
        let topic =
            ProduceTopic { name: send.topic.as_str().into(), id: Default::default(), partitions: vec![partition] };
        let timeout = TIMEOUT.as_millis() as i32;
        let request = ProduceRequest { transactional_id: None, acks: send.acks as i16, timeout, topics: vec![topic] };
        let frame = request.encode(1, Some("script"), VERSION).to_bytes();
        let peer = &mut self.director.peer;
        peer.dials += 1;
        let dial = DialId(peer.dials);
        let is_answered = send.acks != Acks::None;
        peer.sendings.push(Sending { track, dial, connection: None, frame, is_answered, received: BytesMut::new() });
        let at = self.now + self.swarm().latency.draw(&mut self.rng);
        let address = super::super::address(self.servers[0].id);
        let dialler = Dialler::visitor(SCRIPT, 0);
        self.schedule.push(at, Occurrence::Dial { dialler, dial, address });
        self.set_waits(track, Waits::Peer { until: self.now + TIMEOUT });
    }

    /// What comes to a connection of the script's own.
    pub(in crate::world) fn hand_to_script(&mut self, input: Input<crate::client::ClientCall>) {
        match input {
            Input::Dialled { dial, connection } => self.on_peer_dialled(dial, connection),
            Input::DialFailed { dial, .. } => {
                let sending = self.director.peer.sendings.iter().find(|sending| sending.dial == dial);
                if let Some(track) = sending.map(|sending| sending.track) {
                    self.end_sending(track, Answer::Error("UNREACHABLE", None));
                }
            }
            Input::Bytes { connection, bytes } => {
                let Some(sending) = self.director.peer.on(connection) else { return };
                sending.received.extend_from_slice(&bytes);
                let (track, answer) = (sending.track, answer_in(&sending.received));
                if let Some(answer) = answer {
                    self.end_sending(track, answer);
                }
            }
            Input::Closed { connection } => {
                if let Some(track) = self.director.peer.on(connection).map(|sending| sending.track) {
                    self.end_sending(track, Answer::Error("DISCONNECTED", None));
                }
            }
            _ => {}
        }
    }

    fn on_peer_dialled(&mut self, dial: DialId, connection: ConnectionId) {
        let sending = self.director.peer.sendings.iter_mut().find(|sending| sending.dial == dial);
        // Given up meanwhile.
        let Some(sending) = sending else { return self.close(connection, true) };
        sending.connection = Some(connection);
        let (track, frame, is_answered) = (sending.track, sending.frame.clone(), sending.is_answered);
        self.send(connection, true, &frame);
        if !is_answered {
            self.end_sending(track, Answer::Done { offset: None, records: Vec::new() });
        }
    }

    fn end_sending(&mut self, track: u64, answer: Answer) {
        self.give_up_sending(track);
        let now = self.now;
        if let Some(track) = self.director.track(track) {
            track.on_answer(answer, now);
        }
        self.look_ahead();
    }

    pub(super) fn give_up_sending(&mut self, track: u64) {
        if let Some(connection) = self.director.peer.forget(track) {
            self.close(connection, true);
        }
    }
}

/// The answer, once all of it is there.
fn answer_in(received: &[u8]) -> Option<Answer> {
    let mut bytes = received;
    let length = bytes.try_get_i32().ok()?;
    if !(0..=ANSWER_BYTES_MAX as i32).contains(&length) {
        return Some(Answer::Error("UNREADABLE", None));
    }
    let frame = bytes.get(..length as usize)?;
    Some(read(frame).unwrap_or(Answer::Error("UNREADABLE", None)))
}

/// Correlation, one topic, one partition: its error and its offset.
fn read(mut frame: &[u8]) -> Option<Answer> {
    let _correlation = frame.try_get_i32().ok()?;
    let topics = frame.try_get_i32().ok()?;
    let name = frame.try_get_i16().ok()?;
    frame = frame.get(usize::try_from(name).ok()?..)?;
    let partitions = frame.try_get_i32().ok()?;
    if (topics, partitions) != (1, 1) {
        return None;
    }
    let _partition = frame.try_get_i32().ok()?;
    let error = frame.try_get_i16().ok()?;
    let offset = frame.try_get_i64().ok()?;
    Some(match (error, ErrorCode::from_code(error)) {
        (0, _) => Answer::Done { offset: Some(offset), records: Vec::new() },
        (_, Some(error)) => Answer::Error(error.name(), None),
        (_, None) => Answer::Error("UNREADABLE", None),
    })
}
