//! One connection to one broker.
//!
//! ```text
//! open ── ApiVersions v4 ──> Handshaking ── versions told ──> Ready ── answers, in order of the requests ──> …
//!                             │    ^
//!                             └────┘ UNSUPPORTED_VERSION: once more in a version that the broker told (KIP-511)
//! ```
//! Anything that is not the answer due ends it.

use std::collections::VecDeque;

use bytes::Bytes;
use kafka_wire::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_wire_core::StrBytes;

use super::{
    CallId, ClientError,
    message::{Answer, Head},
    turn::Turn,
};
use crate::{
    effect::{Effect, Frame},
    error::ErrorCode,
    ids::ConnectionId,
    sorted::SortedMap,
    time::Instant,
    wire::{Api, FrameSplitter, limits},
};

/// Version 5 adds only which broker the client means (KIP-1242), which it does not know of a bootstrap address.
const HANDSHAKE_VERSION: i16 = 4;

/// Whom an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Handshake,
    Metadata,
    ProducerId,
    Call(CallId),
    /// Nobody any more.
    Abandoned,
}

/// A request whose answer is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct InFlight {
    correlation: i32,
    api: Api,
    version: i16,
    deadline: Instant,
    purpose: Purpose,
}

#[derive(Clone, Debug)]
pub(super) struct Connection {
    id: ConnectionId,
    /// The versions both sides know, lowest and highest. `None` until the broker has told.
    versions: Option<SortedMap<Api, (i16, i16)>>,
    splitter: FrameSplitter,
    /// In the order sent, which is the order of the answers.
    in_flight: VecDeque<InFlight>,
    next_correlation: i32,
}

/// What is to be sent, and how long its answer may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Errand {
    pub api: Api,
    pub purpose: Purpose,
    pub deadline: Instant,
    /// The highest version that will do, where not every one does.
    pub version_max: i16,
    pub is_answered: bool,
}

impl Connection {
    pub fn open(turn: &mut Turn<'_>, id: ConnectionId) -> Self {
        let mut connection = Self {
            id,
            versions: None,
            splitter: FrameSplitter::default(),
            in_flight: VecDeque::new(),
            next_correlation: 0,
        };
        connection.shake_hands(turn, HANDSHAKE_VERSION);
        connection
    }

    pub fn id(&self) -> ConnectionId {
        self.id
    }

    pub fn is_ready(&self) -> bool {
        self.versions.is_some()
    }

    /// Requests whose answers are due.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.len() as u32
    }

    /// When the first answer is overdue.
    pub fn deadline(&self) -> Option<Instant> {
        self.in_flight.iter().map(|request| request.deadline).min()
    }

    /// Whom the answers due are for. The connection is gone.
    pub fn into_purposes(self) -> Vec<Purpose> {
        self.in_flight.into_iter().map(|request| request.purpose).collect()
    }

    /// The call's answer is to be read past when it comes.
    pub fn abandon(&mut self, call: CallId) {
        for request in self.in_flight.iter_mut().filter(|request| request.purpose == Purpose::Call(call)) {
            request.purpose = Purpose::Abandoned;
        }
    }

    /// Writes what `build` makes.
    ///
    /// # Errors
    /// What `build` says, or `Unsupported` where the two sides have no version in common. Nothing was written then.
    pub fn send(
        &mut self,
        turn: &mut Turn<'_>,
        errand: Errand,
        build: impl FnOnce(Head<'_>) -> Result<Frame, ClientError>,
    ) -> Result<(), ClientError> {
        let Errand { api, purpose, deadline, version_max, is_answered } = errand;
        let told = self.versions.as_ref().and_then(|versions| versions.get(&api)).copied();
        let version = told.map(|(lowest, highest)| (lowest, highest.min(version_max)));
        let version = version.filter(|(lowest, highest)| lowest <= highest);
        let (_, version) = version.ok_or(ClientError::Unsupported(api))?;
        let correlation = self.next_correlation;
        let frame = build(Head { api, version, correlation, client_id: &turn.options.client_id })?;
        self.next_correlation = correlation.checked_add(1).unwrap_or(0);
        if is_answered {
            self.in_flight.push_back(InFlight { correlation, api, version, deadline, purpose });
        }
        turn.effects.push(Effect::Write { connection: self.id, frame });
        Ok(())
    }

    pub fn on_bytes(&mut self, bytes: Bytes) {
        self.splitter.push(bytes);
    }

    /// The next answer, if all of it is there. Handshakes are dealt with here and never given out.
    ///
    /// # Errors
    /// Whom the answer was due to, who is not among `into_purposes` any more, and what is wrong with it or with the
    /// handshake. The connection must end.
    pub fn next_answer(&mut self, turn: &mut Turn<'_>) -> Result<Option<(Purpose, Answer)>, (Purpose, ClientError)> {
        loop {
            let Some(due) = self.in_flight.front().copied() else {
                let is_silent = !self.splitter.is_inside_frame();
                return if is_silent { Ok(None) } else { Err((Purpose::Abandoned, ClientError::Disconnected)) };
            };
            let bytes_max = match due.api {
                Api::Fetch => turn.options.answer_bytes_max,
                _ => turn.options.answer_bytes_max.min(limits::PLAIN_FRAME_BYTES_MAX as u32),
            };
            let frame = match self.splitter.next_frame(bytes_max) {
                Ok(None) => return Ok(None),
                Ok(Some(frame)) => Answer::split(frame, due.api, due.version),
                Err(_) => Err(ClientError::BadAnswer(due.api)),
            };
            match &frame {
                // Whose answer it is cannot be known if it is not the next one's; all of them are asked again.
                Ok((correlation, _)) if *correlation != due.correlation => {
                    return Err((Purpose::Abandoned, ClientError::BadAnswer(due.api)));
                }
                _ => self.in_flight.pop_front(),
            };
            let (_, answer) = frame.map_err(|why| (due.purpose, why))?;
            if due.purpose != Purpose::Handshake {
                return Ok(Some((due.purpose, answer)));
            }
            self.on_handshake(turn, &answer).map_err(|why| (due.purpose, why))?;
        }
    }

    fn shake_hands(&mut self, turn: &mut Turn<'_>, version: i16) {
        let mut request = ApiVersionsRequest::default();
        if version >= 3 {
            request.client_software_name = StrBytes::from("ottla");
            request.client_software_version = StrBytes::from(env!("CARGO_PKG_VERSION"));
        }
        let (api, deadline) = (Api::ApiVersions, turn.now.monotonic + turn.options.request_timeout);
        let errand = Errand { api, purpose: Purpose::Handshake, deadline, version_max: version, is_answered: true };
        let was = self.versions.replace(SortedMap::from([(api, (version, version))]));
        let sent = self.send(turn, errand, |head| head.frame(&request));
        self.versions = was;
        assert_eq!(sent, Ok(()), "our own ApiVersions can be said in each of its versions");
    }

    fn on_handshake(&mut self, turn: &mut Turn<'_>, answer: &Answer) -> Result<(), ClientError> {
        // An error's body is version 0 whatever was asked, and the error comes first in every version.
        let code = answer.body.first_chunk().map(|code| i16::from_be_bytes(*code)).ok_or(answer.bad())?;
        let is_refused = code == ErrorCode::UnsupportedVersion.code();
        let told: ApiVersionsResponse =
            if is_refused { Answer { version: 0, ..answer.clone() }.decode()? } else { answer.decode()? };
        if is_refused && answer.version > 0 {
            let knows = told.api_keys.iter().find(|version| version.api_key == Api::ApiVersions.key());
            let knows = knows.map_or(0, |version| version.max_version.clamp(0, answer.version - 1));
            self.shake_hands(turn, knows);
            return Ok(());
        }
        if let Some(error) = ClientError::from_answer(code, None) {
            return Err(error);
        }
        let common = |told: &kafka_wire::api_versions_response::ApiVersion| {
            let api = Api::from_key(told.api_key)?;
            let lowest = told.min_version.max(*api.served().start());
            let highest = told.max_version.min(*api.served().end());
            (lowest <= highest).then_some((api, (lowest, highest)))
        };
        self.versions = Some(told.api_keys.iter().filter_map(common).collect());
        Ok(())
    }
}
