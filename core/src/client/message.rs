//! Kafka's messages on their way out and in.

use bytes::{Bytes, BytesMut};
use kafka_wire::{KafkaRequest, OutboundFrameLimits, encode_request};
use kafka_wire_core::{ApiVersion, Decoder, EncodeError, KafkaDecode, KafkaEncode, StrBytes};

use super::ClientError;
use crate::{
    effect::Frame,
    wire::{Api, limits},
};

/// What stands in front of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub api: Api,
    pub version: i16,
    pub correlation: i32,
    pub client_id: &'a str,
}

impl Head<'_> {
    /// Length, header and `request` in one frame.
    ///
    /// # Errors
    /// `Unsupported` where the version cannot say it, `Invalid` where no version can.
    pub fn frame<R: KafkaRequest + KafkaEncode>(self, request: &R) -> Result<Frame, ClientError> {
        let mut bytes = BytesMut::new();
        let limits = OutboundFrameLimits::new(limits::PLAIN_FRAME_BYTES_MAX);
        let (version, client_id) = (ApiVersion::new(self.version), StrBytes::from(self.client_id));
        match encode_request(&mut bytes, self.correlation, Some(client_id), request, version, limits) {
            Ok(_) => Ok(bytes.freeze().into()),
            Err(
                EncodeError::UnsupportedVersion { .. }
                | EncodeError::FieldNotRepresentable { .. }
                | EncodeError::NullNotAllowed { .. },
            ) => Err(ClientError::Unsupported(self.api)),
            Err(_) => Err(ClientError::Invalid("the question is longer than a request can be")),
        }
    }
}

/// What a broker answered, past its header.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub api: Api,
    pub version: i16,
    pub body: Bytes,
}

/// Topics and partitions of an answer to a Fetch, which asks for one: a broker that sends thousands of empty ones would
/// cost a hundred times its bytes.
const FETCHED_ELEMENTS_MAX: usize = 64;

impl Answer {
    /// Takes the header of `frame` off. Gives the correlation too.
    pub fn split(frame: Bytes, api: Api, version: i16) -> Result<(i32, Self), ClientError> {
        let bad = |_| ClientError::BadAnswer(api);
        let mut decoder = Decoder::new(frame.clone(), limits::decode_limits(frame.len())).map_err(bad)?;
        let correlation = decoder.read_i32().map_err(bad)?;
        if api.has_tagged_response_header(version) {
            decoder.read_tagged_fields().map_err(bad)?;
        }
        let body = frame.slice(decoder.offset()..);
        Ok((correlation, Self { api, version, body }))
    }

    /// All of the body as a message of the version that was asked.
    pub fn decode<M: KafkaDecode>(&self) -> Result<M, ClientError> {
        let mut limits = limits::decode_limits(self.body.len());
        if self.api == Api::Fetch {
            limits.max_array_elements = FETCHED_ELEMENTS_MAX;
        }
        M::decode_from_bytes(self.body.clone(), ApiVersion::new(self.version), limits).map_err(|_| self.bad())
    }

    /// That it is not an answer to what was asked.
    pub fn bad(&self) -> ClientError {
        ClientError::BadAnswer(self.api)
    }
}
