//! Entries of raft's log, as `AppendEntries` carries them: Consul's messages behind a type byte.

use std::borrow::Cow;

use bytes::Bytes;
use proconsul_msgpack::from_slice;
use proconsul_structs::raft::{IGNORE_UNKNOWN_TYPE_FLAG, MessageType, Payload};

use crate::{
    Body, Direction, What,
    layer::{
        Out,
        raft_messages::{AppendEntriesRequest, InstallSnapshotRequest},
    },
};

/// Type of an entry that is a command for the state machine.
const COMMAND: u64 = 0;

/// Tells the entries of a message.
pub(crate) fn tell(out: &mut Out<'_>, message: &Bytes) {
    let entries = match from_slice::<AppendEntriesRequest>(message) {
        Ok(message) => message.entries.unwrap_or_default(),
        Err(error) => {
            let why = format!("the entries of AppendEntries cannot be read: {error}");
            return out.tell(Direction::ToServer, What::Trouble { why, offset: 0 });
        }
    };
    for entry in entries {
        let (name, body) = match entry.kind {
            COMMAND if entry.extensions.is_empty() => command(entry.data),
            // Of a large message each entry has only a piece.
            COMMAND => (Some(Cow::Borrowed("a piece of a chunked message")), Body::opaque(entry.data)),
            _ => (None, Body::opaque(entry.data)),
        };
        let kind = kind(entry.kind);
        out.tell(Direction::ToServer, What::RaftEntry { index: entry.index, term: entry.term, kind, name, body });
    }
}

/// How large the snapshot is that follows.
pub(crate) fn snapshot_size(message: &Bytes) -> Option<u64> {
    let message: InstallSnapshotRequest = from_slice(message).ok()?;
    u64::try_from(message.size).ok()
}

fn kind(kind: u64) -> Cow<'static, str> {
    Cow::Borrowed(match kind {
        COMMAND => "command",
        1 => "noop",
        2 => "add peer",
        3 => "remove peer",
        4 => "barrier",
        5 => "configuration",
        other => return Cow::Owned(format!("type {other}")),
    })
}

/// A command: Consul's name of its type, and what follows the type byte.
fn command(mut data: Bytes) -> (Option<Cow<'static, str>>, Body) {
    if data.is_empty() {
        return (None, Body::NONE);
    }
    let byte = data.split_to(1)[0];
    let known = MessageType::ALL.iter().find(|kind| u8::from(**kind) == byte & !IGNORE_UNKNOWN_TYPE_FLAG);
    match known {
        Some(kind) => (Some(Cow::Borrowed(kind.name())), payload(*kind, data)),
        None => (Some(Cow::Owned(format!("type {byte}"))), Body::opaque(data)),
    }
}

/// What a message carries, by its type.
fn payload(kind: MessageType, data: Bytes) -> Body {
    match kind.log_payload() {
        Some(Payload::Msgpack(name)) => Body::msgpack(name, data),
        Some(Payload::Protobuf(name)) => Body::protobuf(name, data),
        Some(Payload::Opaque) | None => Body::opaque(data),
    }
}

#[cfg(test)]
mod tests;
