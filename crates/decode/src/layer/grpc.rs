//! gRPC: what one stream of HTTP/2 carries.

use std::time::Duration;

use proconsul_proto::methods;
use proconsul_types::GrpcRow;

use crate::{
    Body, Direction, Encoding, GrpcEnd, MESSAGE_BYTES_MAX, What, Whose,
    layer::{Broken, Out},
    values::Values,
};

/// How many headers of one block are kept, and how long they may be: those that say something about a call.
const FIELDS_MAX: usize = 32;
const FIELD_BYTES_MAX: usize = 4096;

/// A message begins with whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

/// Headers that every call has and that say nothing of it.
const USUAL: &[&str] =
    &[":method", ":scheme", ":authority", "te", "content-type", "accept-encoding", "grpc-accept-encoding"];

/// Headers that hold secrets.
const SECRET: &[&str] = &["x-consul-token", "authorization", "cookie"];

/// A header that is kept.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    name: String,
    value: String,
}

impl Field {
    /// The header, if it is kept.
    pub(crate) fn of(name: &[u8], value: &[u8], kept: &[Self]) -> Option<Self> {
        if kept.len() >= FIELDS_MAX || name.len() + value.len() > FIELD_BYTES_MAX {
            return None;
        }
        let name = String::from_utf8_lossy(name).into_owned();
        if USUAL.contains(&name.as_str()) {
            return None;
        }
        let value = if SECRET.contains(&name.as_str()) {
            "<hidden>".to_owned()
        } else {
            String::from_utf8_lossy(value).into_owned()
        };
        Some(Self { name, value })
    }
}

/// One call.
#[derive(Debug, Default)]
pub(crate) struct Grpc {
    path: Option<String>,
    row: Option<&'static GrpcRow>,
    since: Option<Duration>,
    held: [Values; 2],
    numbers: [u64; 2],
    broken: Broken,
    ended: [bool; 2],
    /// How it ended has been told.
    told: bool,
}

impl Grpc {
    pub(crate) fn headers(&mut self, out: &mut Out<'_>, direction: Direction, fields: Vec<Field>, ends: bool) {
        let value = |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.value.clone());
        if direction == Direction::ToServer {
            if self.since.is_some() {
                return;
            }
            self.since = Some(out.at());
            self.path = value(":path");
            self.row = self.path.as_deref().and_then(methods::find);
            let metadata = fields.into_iter().filter(|field| field.name != ":path");
            let metadata = metadata.map(|Field { name, value }| (name, value)).collect();
            let path = self.path.clone().unwrap_or_default();
            out.tell(direction, What::GrpcCall { path, row: self.row, metadata });
            return;
        }
        let status = value("grpc-status").and_then(|code| code.parse().ok());
        let http = value(":status").filter(|status| status != "200");
        match (status, http) {
            (Some(code), _) => {
                let message = value("grpc-message").map(|text| unescaped(&text)).unwrap_or_default();
                self.tell_end(out, direction, Whose::Status(code, message));
            }
            (None, Some(status)) if ends => {
                self.tell_end(out, direction, Whose::Status(UNKNOWN, format!("HTTP status {status}")));
            }
            _ => {}
        }
    }

    pub(crate) fn data(&mut self, out: &mut Out<'_>, direction: Direction, data: &[u8]) {
        if self.broken.is(direction) {
            return;
        }
        self.held[direction.index()].push(data);
        loop {
            let held = &mut self.held[direction.index()];
            let Some(length) = held.prefix() else { return };
            if length > MESSAGE_BYTES_MAX {
                let why = format!("a gRPC message of {length} bytes");
                return self.broken.say(out, direction, held.offset(), why);
            }
            let Some(mut bytes) = held.exactly(PREFIX_BYTES + length) else { return };
            let compressed = bytes[0] != 0;
            let message = bytes.split_off(PREFIX_BYTES);
            let type_name = self.row.map_or("", |row| match direction {
                Direction::ToServer => row.row.arg,
                Direction::ToClient => row.row.reply,
            });
            let encoding = if compressed { Encoding::Compressed } else { Encoding::Protobuf };
            let number = self.numbers[direction.index()];
            self.numbers[direction.index()] += 1;
            let took = self.since.filter(|_| direction == Direction::ToClient);
            let took = took.map(|since| out.at().saturating_sub(since));
            let body = Body { type_name, encoding, bytes: message };
            out.tell(direction, What::GrpcMessage { path: self.path.clone(), number, body, took });
        }
    }

    /// One direction ends; true when both have.
    pub(crate) fn half_end(&mut self, out: &mut Out<'_>, direction: Direction) -> bool {
        let held = &self.held[direction.index()];
        if !held.is_empty() {
            let why = format!("a gRPC message ends after {} bytes of it", held.len());
            self.broken.say(out, direction, held.offset(), why);
        }
        self.ended[direction.index()] = true;
        self.ended == [true; 2]
    }

    pub(crate) fn reset(&mut self, out: &mut Out<'_>, direction: Direction, code: u32) {
        self.tell_end(out, direction, Whose::Reset(code));
    }

    /// The connection or the recording ends before the call.
    pub(crate) fn cut(&mut self, out: &mut Out<'_>) {
        self.tell_end(out, Direction::ToClient, Whose::Cut);
    }

    fn tell_end(&mut self, out: &mut Out<'_>, direction: Direction, whose: Whose) {
        if self.told {
            return;
        }
        self.told = true;
        let took = self.since.map(|since| out.at().saturating_sub(since));
        out.tell(direction, What::GrpcEnd(GrpcEnd { path: self.path.clone(), whose, took }));
    }
}

/// gRPC's code for what has none.
const UNKNOWN: u32 = 2;

impl Values {
    /// The length of the gRPC message that begins here.
    fn prefix(&self) -> Option<usize> {
        let [_, l0, l1, l2, l3] = self.first()?;
        Some(u32::from_be_bytes([l0, l1, l2, l3]) as usize)
    }
}

/// gRPC's form of a message in a header: bytes that are not printable stand as `%41`.
fn unescaped(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let escaped = (byte == b'%').then(|| {
            let mut ahead = bytes.clone();
            let digits = [ahead.next()?, ahead.next()?];
            let value = u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?;
            bytes = ahead;
            Some(value)
        });
        plain.push(escaped.flatten().unwrap_or(byte));
    }
    String::from_utf8_lossy(&plain).into_owned()
}
