//! AutoConfig: a first configuration for agents that have none. Its request and reply are protobuf within one raw value.
//!
//! Of the request the datacenter is read: that is what a server needs that gives no configurations.
use std::fmt;

use bytes::Bytes;
use proconsul_msgpack::{Shape, Shaped};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::protobuf::{self, proto_messages};

proto_messages! {
    /// Answer of `AutoConfig.InitialConfiguration`: what the agent is to run with, its certificate and its roots.
    AutoConfigResponse = "hashicorp.consul.internal.autoconf.AutoConfigResponse";
}

/// What is wrong with a message, as Go's library says it. What stands behind the colon is a no-break space in Consul's build of
/// that library, and a space in others: it changes it so that nobody relies on its texts.
const BAD_WIRE_FORMAT: &str = "proto:\u{a0}cannot parse invalid wire-format data";
const BAD_UTF8: &str = "string field contains invalid UTF-8";

/// The numbers of the request's fields, which are all texts: datacenter, node, segment, JWT, Consul token, CSR, partition.
const TEXTS: [u64; 7] = [1, 2, 4, 5, 6, 7, 8];
const DATACENTER: u64 = 1;

/// The largest number of a field.
const FIELD_NUMBER_MAX: u64 = (1 << 29) - 1;

/// How deep groups may be nested, as in Go.
const GROUPS_MAX: usize = 10_000;

/// The request's full name.
const FULL_NAME: &str = "hashicorp.consul.internal.autoconf.AutoConfigRequest";

/// `AutoConfig.InitialConfiguration`: who an agent is, with a web token that proves it. Its bytes are a message, and each of its
/// texts is UTF-8.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AutoConfigRequest {
    datacenter: String,
    message: Bytes,
}

/// Bytes that are not the message they should be. The text is that of Go's library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadMessage(&'static str);

impl TryFrom<Bytes> for AutoConfigRequest {
    type Error = BadMessage;

    fn try_from(message: Bytes) -> Result<Self, BadMessage> {
        let datacenter = Self::parse(&message).map_err(BadMessage)?;
        Ok(Self { datacenter, message })
    }
}

impl AutoConfigRequest {
    /// Which datacenter; empty: the server's own, for an agent that has no configuration may not know it.
    pub fn datacenter(&self) -> &str {
        &self.datacenter
    }

    /// The message itself.
    pub fn message(&self) -> &Bytes {
        &self.message
    }

    /// The datacenter that a message names.
    fn parse(mut bytes: &[u8]) -> Result<String, &'static str> {
        let mut datacenter = String::new();
        let mut groups = Vec::new();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes)?;
            let (field, kind) = (tag >> 3, tag & 7);
            if field == 0 || field > FIELD_NUMBER_MAX {
                return Err(BAD_WIRE_FORMAT);
            }
            match kind {
                0 => drop(varint(&mut bytes)?),
                1 => drop(take(&mut bytes, 8)?),
                2 => {
                    let length = varint(&mut bytes)?;
                    let text = take(&mut bytes, length)?;
                    if groups.is_empty() && TEXTS.contains(&field) {
                        let text = std::str::from_utf8(text).map_err(|_| BAD_UTF8)?;
                        if field == DATACENTER {
                            text.clone_into(&mut datacenter);
                        }
                    }
                }
                3 if groups.len() < GROUPS_MAX => groups.push(field),
                4 if groups.pop() == Some(field) => {}
                5 => drop(take(&mut bytes, 4)?),
                _ => return Err(BAD_WIRE_FORMAT),
            }
        }
        if groups.is_empty() { Ok(datacenter) } else { Err(BAD_WIRE_FORMAT) }
    }
}

fn varint(bytes: &mut &[u8]) -> Result<u64, &'static str> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(BAD_WIRE_FORMAT)?;
        *bytes = rest;
        // The tenth byte has one bit left to fill.
        if shift == 63 && *byte > 1 {
            break;
        }
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Ok(value);
        }
    }
    Err(BAD_WIRE_FORMAT)
}

fn take<'b>(bytes: &mut &'b [u8], length: u64) -> Result<&'b [u8], &'static str> {
    let length = usize::try_from(length).map_err(|_| BAD_WIRE_FORMAT)?;
    let (taken, rest) = bytes.split_at_checked(length).ok_or(BAD_WIRE_FORMAT)?;
    *bytes = rest;
    Ok(taken)
}

impl fmt::Debug for AutoConfigRequest {
    /// Without the message, which has secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AutoConfigRequest").field("datacenter", &self.datacenter).finish_non_exhaustive()
    }
}

impl Shaped for AutoConfigRequest {
    fn shape() -> Shape {
        Shape::Proto(FULL_NAME)
    }
}

impl Serialize for AutoConfigRequest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        protobuf::serialize(&self.message, to)
    }
}

impl<'de> Deserialize<'de> for AutoConfigRequest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        protobuf::deserialize(from)?.try_into().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a Consul server 1.21.4 took these bodies or complained of them.
    #[test]
    fn requests_are_read_as_go_reads_them() {
        let length = |byte: u8| {
            format!("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: {byte:x}, dec: {byte}")
        };
        for (body, expected) in [
            (&b"\xa0"[..], Ok("")),
            (b"\xc0", Ok("")),
            (b"\xa5\x0a\x03dc1", Ok("dc1")),
            (b"\xaa\x0a\x03dc1\x0a\x03dc2", Ok("dc2")),
            (b"\xc4\x05\x0a\x03dc2", Ok("dc2")),
            (b"\xa9\x0a\x02\xc3\xa9\x12\x03abc", Ok("\u{e9}")),
            (b"\xa2\x08\x01", Ok("")),
            (b"\xa2\x4b\x4c", Ok("")),
            (b"\xa3\x0a\x05d", Err(BAD_WIRE_FORMAT.to_owned())),
            (b"\xa4\x0a\x02\xff\xfe", Err(BAD_UTF8.to_owned())),
            (b"\xa1\x00", Err(BAD_WIRE_FORMAT.to_owned())),
            (b"\xa1\x4b", Err(BAD_WIRE_FORMAT.to_owned())),
            (b"\x80", Err(length(0x80))),
            (b"\x90", Err(length(0x90))),
            (b"\x05", Err(length(0x05))),
        ] {
            let read = proconsul_msgpack::from_slice::<AutoConfigRequest>(body);
            let read = read.map(|request| request.datacenter).map_err(|error| error.wire_text().into_owned());
            assert_eq!(read, expected.map(str::to_owned), "{body:02x?}");
        }
    }

    #[test]
    fn no_message_is_read_past_its_end() {
        let whole = b"\x0a\x03dc1\x11eightbyt\x1dfour\x23\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x24";
        assert_eq!(AutoConfigRequest::parse(whole), Ok("dc1".to_owned()));
        for end in 1..whole.len() {
            let between_fields = [5, 14, 19].contains(&end);
            assert_eq!(AutoConfigRequest::parse(&whole[..end]).is_ok(), between_fields, "{end}");
        }
        assert_eq!(AutoConfigRequest::parse(&[&[0x08][..], &[0xff; 9], &[0x02]].concat()), Err(BAD_WIRE_FORMAT));
        assert_eq!(AutoConfigRequest::parse(&vec![0x0b; GROUPS_MAX + 1]), Err(BAD_WIRE_FORMAT));
    }
}
