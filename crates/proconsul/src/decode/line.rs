//! An event as a line for people.
use std::{
    fmt::Display,
    io::{self, Write},
    time::Duration,
};

use proconsul_decode::{Body, Direction, Event, GrpcEnd, Message, What, Whose};
use proconsul_yamux::{Flags, Header, Kind};

use super::{
    How,
    body::{Bodies, Shown, without_zeros},
};

/// How many characters of a body a short line has.
const SHORT_CHARS: usize = 160;

/// Writes an event, and below it what it carries.
pub(super) fn event(out: &mut impl Write, event: &Event, bodies: &Bodies, how: How) -> io::Result<()> {
    let arrow = match event.direction {
        Some(Direction::ToServer) => "->",
        Some(Direction::ToClient) => "<-",
        None => "--",
    };
    let place = match event.stream {
        Some(stream) => format!("{}/{stream}", event.conn.0),
        None => event.conn.0.to_string(),
    };
    let (text, body) = said(&event.what);
    writeln!(out, "{:>10.3} {place:<5} {arrow} {text}", event.at.as_secs_f64() * 1000.0)?;
    let Some(body) = body.filter(|_| how != How::None) else { return Ok(()) };
    let Shown { json, odd } = bodies.show(body);
    let Some(json) = json else { return Ok(()) };
    if let Some(odd) = odd {
        let name = if body.type_name.is_empty() { "its type" } else { body.type_name };
        writeln!(out, "{INDENT}not as {name}: {}", plain(&odd))?;
    }
    if how == How::Full {
        for line in format!("{json:#}").lines() {
            writeln!(out, "{INDENT}{}", plain(line))?;
        }
        return Ok(());
    }
    let whole = without_zeros(json).to_string();
    match whole.char_indices().nth(SHORT_CHARS) {
        Some((at, _)) => writeln!(out, "{INDENT}{} … {} bytes", plain(&whole[..at]), body.bytes.len()),
        None => writeln!(out, "{INDENT}{}", plain(&whole)),
    }
}

const INDENT: &str = "                    ";

/// What took place, in words, and what it carries.
fn said(what: &What) -> (String, Option<&Body>) {
    match what {
        What::Opened { between, midway } => {
            let who = between.map(|(client, server)| format!(" {client} to {server}")).unwrap_or_default();
            let begins = if *midway { " (its beginning is not recorded)" } else { "" };
            (format!("connection{who}{begins}"), None)
        }
        What::Route { label, carries, guessed } => {
            let guessed = if *guessed { " (guessed)" } else { "" };
            (format!("route {label}{guessed}: {carries}"), None)
        }
        What::Ended => ("end".to_owned(), None),
        What::Frame(header) => (frame(header), None),
        What::Call(Message { method, row, seq, timeout, body }) => {
            let unknown = if row.is_none() { " (unknown method)" } else { "" };
            let limit = timeout.map(|limit| format!(" within {limit:?}")).unwrap_or_default();
            (format!("call {}{unknown} seq {seq}{limit}", plain(method)), Some(body))
        }
        What::Reply { message, error, took } => {
            let error = error.as_ref().map(|error| format!(" error: {}", plain(error))).unwrap_or_default();
            let took = after(*took, " to a request that is not recorded");
            (format!("reply {} seq {}{took}{error}", plain(&message.method), message.seq), Some(&message.body))
        }
        What::Unanswered { method, seq, waited } => {
            (format!("no reply to {} seq {seq}, after {}", plain(method), ms(*waited)), None)
        }
        What::Value(body) => ("value".to_owned(), Some(body)),
        What::Raft { call, body, reply: None } => (format!("raft {}", call.name()), Some(body)),
        What::Raft { call, body, reply: Some((error, took)) } => {
            let error = error.as_ref().map(|error| format!(" error: {}", plain(error))).unwrap_or_default();
            (format!("raft {} reply{}{error}", call.name(), after(*took, "")), Some(body))
        }
        What::RaftEntry { index, term, kind, name, body } => {
            let name = name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
            (format!("raft entry {index} of term {term}: {kind}{name}"), Some(body))
        }
        What::Snapshot { reply: false, body, .. } => ("snapshot request".to_owned(), Some(body)),
        What::Snapshot { reply: true, body, took } => (format!("snapshot reply{}", after(*took, "")), Some(body)),
        What::Archive { of, bytes, form } => {
            let form = if form.is_empty() { "" } else { &format!(" ({form})") };
            (format!("{of}: a stream of {bytes} bytes{form}"), None)
        }
        What::Http2 { kind, flags, length } => {
            let flags = if *flags == 0 { String::new() } else { format!(" flags {flags:02x}") };
            (format!("http2 {}{flags} {length} bytes", kind.name()), None)
        }
        What::GrpcCall { path, row, metadata } => {
            let unknown = if row.is_none() { " (unknown method)" } else { "" };
            let metadata: String =
                metadata.iter().map(|(name, value)| format!(" {}={}", plain(name), plain(value))).collect();
            (format!("grpc call {}{unknown}{metadata}", plain(path)), None)
        }
        What::GrpcMessage { path, number, body, took } => {
            let path = path.as_deref().unwrap_or("of a call that is not recorded");
            (format!("grpc message {number} {}{}", plain(path), after(*took, "")), Some(body))
        }
        What::GrpcEnd(GrpcEnd { path, whose, took }) => {
            let path = path.as_deref().unwrap_or("of a call that is not recorded");
            let how = match whose {
                Whose::Status(code, message) if message.is_empty() => format!("status {code}"),
                Whose::Status(code, message) => format!("status {code} {}", plain(message)),
                Whose::Reset(code) => format!("reset with code {code}"),
                Whose::Cut => "no status".to_owned(),
            };
            (format!("grpc end {} {how}{}", plain(path), after(*took, "")), None)
        }
        What::Tls(record) => {
            let says = if record.says.is_empty() { String::new() } else { format!(": {}", plain(&record.says)) };
            (format!("tls {} {} bytes{says}", record.kind, record.length), None)
        }
        What::Opaque { of, bytes } => (format!("{bytes} bytes of {of}"), None),
        What::Lost { bytes } => (format!("{bytes} bytes are not in the recording"), None),
        What::Trouble { why, offset } => (
            format!("makes no sense from byte {offset} on: {}; nothing more is told of this direction", plain(why)),
            None,
        ),
        _ => ("something that this version has no words for".to_owned(), None),
    }
}

fn frame(header: &Header) -> String {
    let names = [(Flags::SYN, " SYN"), (Flags::ACK, " ACK"), (Flags::FIN, " FIN"), (Flags::RST, " RST")];
    let flags: String =
        names.iter().filter(|(flag, _)| header.flags.intersects(*flag)).map(|(_, name)| *name).collect();
    match header.kind {
        Kind::Data => format!("yamux data{flags} {} bytes", header.length),
        Kind::WindowUpdate => format!("yamux window update{flags} +{}", header.length),
        Kind::Ping => format!("yamux ping{flags} {}", header.length),
        Kind::GoAway => format!("yamux go away{flags} code {}", header.length),
    }
}

fn after(took: Option<Duration>, otherwise: &str) -> String {
    took.map_or_else(|| otherwise.to_owned(), |took| format!(" after {}", ms(took)))
}

fn ms(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1000.0)
}

/// A peer's text without what would move a terminal's cursor.
fn plain(text: impl Display) -> String {
    let text = text.to_string();
    if text.chars().any(char::is_control) {
        text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
    } else {
        text
    }
}
