//! The front of a request: which API, which version, which answer it belongs to, who sends it.

use bytes::Bytes;
use kafka_wire_core::{Decoder, StrBytes};

use super::{Api, limits};
use crate::effect::Listener;

/// What is known of a request before its body is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    pub api: Api,
    pub version: i16,
    pub correlation: i32,
    pub client_id: Option<StrBytes>,
}

/// Why a frame is not a request that can be answered. Kafka closes the connection for each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// Nobody's, or not for who came in by this door.
    UnknownApi(i16),
    UnsupportedVersion(Api, i16),
    Undecodable,
}

impl RequestHead {
    /// Reads the header (version 1, or 2 with tagged fields where the API's version is flexible) and gives the body.
    ///
    /// An ApiVersions of a version that nobody knows is answered all the same, so it has a head and an empty body.
    pub fn decode(frame: Bytes, listener: Listener, bytes_max: u32) -> Result<(Self, Bytes), HeaderError> {
        let mut decoder =
            Decoder::new(frame.clone(), limits::decode_limits(bytes_max as usize)).map_err(undecodable)?;
        let key = decoder.read_i16().map_err(undecodable)?;
        let version = decoder.read_i16().map_err(undecodable)?;
        let correlation = decoder.read_i32().map_err(undecodable)?;
        let api = Api::from_key(key).filter(|api| api.is_served_at(listener)).ok_or(HeaderError::UnknownApi(key))?;
        if !api.serves(version) {
            return match api {
                Api::ApiVersions => Ok((Self { api, version, correlation, client_id: None }, Bytes::new())),
                _ => Err(HeaderError::UnsupportedVersion(api, version)),
            };
        }
        let client_id = decoder.read_nullable_string().map_err(undecodable)?;
        if api.is_flexible(version) {
            decoder.read_tagged_fields().map_err(undecodable)?;
        }
        let body = frame.slice(decoder.offset()..);
        if api != Api::Produce && body.len() > limits::PLAIN_FRAME_BYTES_MAX {
            return Err(HeaderError::Undecodable);
        }
        Ok((Self { api, version, correlation, client_id }, body))
    }
}

fn undecodable(_: kafka_wire_core::DecodeError) -> HeaderError {
    HeaderError::Undecodable
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use kafka_wire::RequestHeader;
    use kafka_wire_core::{ApiVersion, KafkaEncode};

    fn header(key: i16, version: i16, client_id: Option<&str>, header_version: i16) -> BytesMut {
        let mut header = RequestHeader::default();
        header.request_api_key = key;
        header.request_api_version = version;
        header.correlation_id = 7;
        header.client_id = client_id.map(StrBytes::from);
        let mut bytes = BytesMut::new();
        header.encode_into(&mut bytes, ApiVersion::new(header_version)).unwrap();
        bytes
    }

    #[test]
    fn both_forms_are_read() {
        for (version, header_version) in [(8, 1), (9, 2)] {
            for client_id in [None, Some(""), Some("me")] {
                let mut frame = header(0, version, client_id, header_version);
                frame.extend_from_slice(b"body");
                let (head, body) = RequestHead::decode(frame.freeze(), Listener::Client, 1 << 20).unwrap();
                assert_eq!((head.api, head.version, head.correlation), (Api::Produce, version, 7));
                assert_eq!((head.client_id.as_deref(), &*body), (client_id, &b"body"[..]));
            }
        }
    }

    #[test]
    fn what_is_not_served_is_told_apart() {
        let decode_at = |listener, bytes: BytesMut| {
            RequestHead::decode(bytes.freeze(), listener, 1 << 20).map(|(head, _)| head.version)
        };
        let decode = |bytes| decode_at(Listener::Client, bytes);
        assert_eq!(decode(header(999, 0, None, 1)), Err(HeaderError::UnknownApi(999)));
        assert_eq!(decode(header(-1, 0, None, 1)), Err(HeaderError::UnknownApi(-1)));
        assert_eq!(decode(header(0, 2, None, 1)), Err(HeaderError::UnsupportedVersion(Api::Produce, 2)));
        assert_eq!(decode(header(52, 2, None, 2)), Err(HeaderError::UnknownApi(52)));
        assert_eq!(decode_at(Listener::Broker, header(52, 2, None, 2)), Ok(2));
        assert_eq!(decode(header(18, 99, None, 1)), Ok(99));
        assert_eq!(decode(BytesMut::from(&[0, 0, 0][..])), Err(HeaderError::Undecodable));
        let mut torn = header(0, 9, Some("client"), 2);
        torn.truncate(12);
        assert_eq!(decode(torn), Err(HeaderError::Undecodable));
    }
}
