//! Envelope (key 58, version 0)
//!
//! Behaviour
//! - A broker hands a client's request to the active controller as it came: header and body, who asks, and from where
//!   (KIP-590). The controller answers it as if the client had asked there; the broker gives that answer to the client.
//! - Who is not the active controller answers NOT_CONTROLLER, and the broker asks the next one.
//! - What is in it must be a request of an API that is forwarded, in a version that is served, else INVALID_REQUEST or
//!   UNSUPPORTED_VERSION; a principal that cannot be read is PRINCIPAL_DESERIALIZATION_FAILURE.
//!
//! Versions
//! - 0 there is no other
//!
//! Differs from Kafka
//! - There are no principals: everybody is `User:ANONYMOUS`, as in a Kafka without an authenticated listener.

use std::net::{IpAddr, Ipv4Addr};

use bytes::{Buf, Bytes, BytesMut};
use kafka_wire::{EnvelopeRequest, EnvelopeResponse, KafkaRequest, OutboundFrameLimits, encode_request};
use kafka_wire_core::{ApiVersion, KafkaEncode};

use crate::{
    broker::{api::Ask, request_queue::Request},
    effect::Listener,
    error::ErrorCode,
    wire::{Api, HeaderError, RequestHead, limits},
};

/// `DefaultPrincipalData` of `User:ANONYMOUS`, behind its version, as `DefaultKafkaPrincipalBuilder.serialize` writes it:
/// two compact strings, no token, no tagged fields.
const ANONYMOUS: &[u8] = b"\x00\x00\x05User\x0aANONYMOUS\x00\x00";

/// A client's request on its way to the active controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Header and body, as the client sent them.
    pub frame: Bytes,
    pub host: IpAddr,
}

impl Letter {
    /// A broker's own request, as of a client on its own host.
    pub fn of_broker<R: KafkaRequest + KafkaEncode>(request: &R) -> Self {
        let version = Api::from_key(R::API_KEY.value()).map_or(0, |api| *api.served().end());
        let limits = OutboundFrameLimits::new(limits::PLAIN_FRAME_BYTES_MAX);
        let mut bytes = BytesMut::new();
        let encoded = encode_request(&mut bytes, 0, None, request, ApiVersion::new(version), limits);
        debug_assert!(encoded.is_ok(), "a request of one's own can be said");
        Self { frame: bytes.freeze().slice(4..), host: IpAddr::V4(Ipv4Addr::LOCALHOST) }
    }
}

/// Opens an envelope: the request in it, as one of the peer's connection whose answer goes into an envelope.
pub(in crate::broker) fn open(outer: Ask, request: &EnvelopeRequest) -> Result<Request, ErrorCode> {
    let host = host_of(&request.client_host_address).ok_or(ErrorCode::InvalidRequest)?;
    check_principal(request.request_principal.as_ref())?;
    let frame = request.request_data.clone();
    let head = RequestHead::decode(frame, Listener::Client, limits::PLAIN_FRAME_BYTES_MAX as u32);
    let (head, body) = head.map_err(|why| match why {
        HeaderError::UnsupportedVersion(..) => ErrorCode::UnsupportedVersion,
        HeaderError::UnknownApi(_) | HeaderError::Undecodable => ErrorCode::InvalidRequest,
    })?;
    let RequestHead { api, version, correlation, .. } = head;
    if !api.is_forwarded() {
        return Err(ErrorCode::InvalidRequest);
    }
    Ok(Request { ask: Ask { api, version, correlation, ..outer }, frame: request.request_data.clone(), body, host })
}

fn host_of(address: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(address).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(address).map(IpAddr::from)).ok()
}

/// Version 0 of the principal: two strings of at least one byte each, and what follows them.
fn check_principal(principal: Option<&Bytes>) -> Result<(), ErrorCode> {
    let refused = ErrorCode::PrincipalDeserializationFailure;
    let mut rest: &[u8] = principal.ok_or(refused)?;
    if rest.len() < 2 || rest.get_i16() != 0 {
        return Err(refused);
    }
    for _ in 0..2 {
        let len = rest.split_first().filter(|(len, _)| (2..0x80).contains(*len)).map(|(len, _)| usize::from(*len) - 1);
        let end = len.map(|len| len + 1).filter(|end| *end <= rest.len()).ok_or(refused)?;
        std::str::from_utf8(&rest[1..end]).map_err(|_| refused)?;
        rest = &rest[end..];
    }
    Ok(())
}

/// Seals an answer, header and body.
pub(super) fn response(told: Result<Bytes, ErrorCode>) -> EnvelopeResponse {
    let mut response = EnvelopeResponse::default();
    match told {
        Ok(answer) => response.response_data = Some(answer),
        Err(error) => (response.response_data, response.error_code) = (None, error.code()),
    }
    response
}

pub(super) fn request(letter: &Letter) -> EnvelopeRequest {
    let mut request = EnvelopeRequest::default();
    request.request_data = letter.frame.clone();
    request.request_principal = Some(Bytes::from_static(ANONYMOUS));
    request.client_host_address = match letter.host {
        IpAddr::V4(host) => Bytes::copy_from_slice(&host.octets()),
        IpAddr::V6(host) => Bytes::copy_from_slice(&host.octets()),
    };
    request
}

/// The answer in it, header and body.
///
/// # Errors
/// What the controller says of the envelope.
pub(super) fn answer(response: EnvelopeResponse) -> Result<Bytes, ErrorCode> {
    super::error(response.error_code).map_or(Ok(()), Err)?;
    response.response_data.ok_or(ErrorCode::UnknownServerError)
}
