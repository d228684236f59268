//! An event as an object for programs. The keys are told in `docs/rpc/decode.md`.
use std::time::Duration;

use proconsul_decode::{Body, Direction, Event, GrpcEnd, Message, What, Whose};
use proconsul_yamux::{Flags, Kind};
use serde_json::{Map, Value, json};

use super::{
    How,
    body::{Bodies, Shown},
};

/// Something about the recording itself.
pub(super) fn note(text: &str) -> Value {
    json!({"event": "note", "text": text})
}

pub(super) fn event(event: &Event, bodies: &Bodies, how: How) -> Value {
    let mut object = Map::new();
    object.insert("ms".to_owned(), ms(event.at));
    object.insert("conn".to_owned(), event.conn.0.into());
    if let Some(stream) = event.stream {
        object.insert("stream".to_owned(), stream.into());
    }
    if let Some(direction) = event.direction {
        let direction = match direction {
            Direction::ToServer => "to_server",
            Direction::ToClient => "to_client",
        };
        object.insert("dir".to_owned(), direction.into());
    }
    let (name, facts, body) = facts(&event.what);
    object.insert("event".to_owned(), name.into());
    if let Value::Object(facts) = facts {
        object.extend(facts.into_iter().filter(|(_, value)| !value.is_null()));
    }
    if let Some(body) = body {
        add(&mut object, body, bodies, how);
    }
    Value::Object(object)
}

/// What an event carries. Programs get all of it or none: half of JSON is none.
fn add(object: &mut Map<String, Value>, body: &Body, bodies: &Bodies, how: How) {
    if !body.type_name.is_empty() {
        object.insert("type".to_owned(), body.type_name.into());
    }
    object.insert("bytes".to_owned(), body.bytes.len().into());
    if how == How::None {
        return;
    }
    let Shown { json, odd } = bodies.show(body);
    if let Some(odd) = odd {
        object.insert("odd".to_owned(), odd.into());
    }
    if let Some(json) = json {
        object.insert("body".to_owned(), json);
    }
}

fn facts(what: &What) -> (&'static str, Value, Option<&Body>) {
    match what {
        What::Opened { between, midway } => {
            let (client, server) = between.map(|(client, server)| (client.to_string(), server.to_string())).unzip();
            ("open", json!({"client": client, "server": server, "midway": midway}), None)
        }
        What::Route { label, carries, guessed } => {
            ("route", json!({"route": label, "carries": carries, "guessed": guessed}), None)
        }
        What::Ended => ("end", Value::Null, None),
        What::Frame(header) => {
            let kind = match header.kind {
                Kind::Data => "data",
                Kind::WindowUpdate => "window update",
                Kind::Ping => "ping",
                Kind::GoAway => "go away",
            };
            let names = [(Flags::SYN, "SYN"), (Flags::ACK, "ACK"), (Flags::FIN, "FIN"), (Flags::RST, "RST")];
            let flags: Vec<_> =
                names.iter().filter(|(flag, _)| header.flags.intersects(*flag)).map(|(_, name)| *name).collect();
            ("frame", json!({"kind": kind, "flags": flags, "length": header.length}), None)
        }
        What::Call(message) => ("call", of_message(message), Some(&message.body)),
        What::Reply { message, error, took } => {
            let mut facts = of_message(message);
            facts["error"] = error.as_deref().into();
            facts["took_ms"] = took.map(ms).unwrap_or_default();
            ("reply", facts, Some(&message.body))
        }
        What::Unanswered { method, seq, waited } => {
            ("unanswered", json!({"method": method, "seq": seq, "waited_ms": ms(*waited)}), None)
        }
        What::Value(body) => ("value", Value::Null, Some(body)),
        What::Raft { call, body, reply: None } => ("raft", json!({"call": call.name()}), Some(body)),
        What::Raft { call, body, reply: Some((error, took)) } => {
            ("raft reply", json!({"call": call.name(), "error": error, "took_ms": took.map(ms)}), Some(body))
        }
        What::RaftEntry { index, term, kind, name, body } => {
            ("raft entry", json!({"index": index, "term": term, "kind": kind, "name": name}), Some(body))
        }
        What::Snapshot { reply: false, body, .. } => ("snapshot", Value::Null, Some(body)),
        What::Snapshot { reply: true, body, took } => ("snapshot reply", json!({"took_ms": took.map(ms)}), Some(body)),
        What::Archive { of, bytes, form } => ("archive", json!({"of": of, "length": bytes, "form": form}), None),
        What::Http2 { kind, flags, length } => {
            ("http2", json!({"kind": kind.name(), "flags": flags, "length": length}), None)
        }
        What::GrpcCall { path, row, metadata } => {
            let metadata: Map<_, _> =
                metadata.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
            ("grpc call", json!({"method": path, "known": row.is_some(), "metadata": metadata}), None)
        }
        What::GrpcMessage { path, number, body, took } => {
            ("grpc message", json!({"method": path, "number": number, "took_ms": took.map(ms)}), Some(body))
        }
        What::GrpcEnd(GrpcEnd { path, whose, took }) => {
            let (status, message, reset) = match whose {
                Whose::Status(code, message) => (Some(code), Some(message), None),
                Whose::Reset(code) => (None, None, Some(code)),
                Whose::Cut => (None, None, None),
            };
            let facts = json!({
                "method": path, "status": status, "message": message, "reset": reset, "took_ms": took.map(ms),
            });
            ("grpc end", facts, None)
        }
        What::Tls(record) => ("tls", json!({"kind": record.kind, "says": record.says, "length": record.length}), None),
        What::Opaque { of, bytes } => ("opaque", json!({"of": of, "length": bytes}), None),
        What::Lost { bytes } => ("lost", json!({"length": bytes}), None),
        What::Trouble { why, offset } => ("trouble", json!({"why": why, "offset": offset}), None),
        _ => ("other", Value::Null, None),
    }
}

fn of_message(message: &Message) -> Value {
    json!({
        "method": message.method,
        "known": message.row.is_some(),
        "seq": message.seq,
        "timeout_ms": message.timeout.map(ms),
    })
}

/// Milliseconds, to the microsecond.
fn ms(time: Duration) -> Value {
    Value::from(time.as_micros() as f64 / 1000.0)
}
