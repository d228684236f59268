//! Recordings of conversations: their forms, and what is in them.
use std::time::Duration;

use proconsul_decode::{
    Body, ConnId, Decoder, Direction, Event, What,
    input::{self, Item, Options},
};

use super::pieces::pieces;

/// Input: a recording of any form.
///
/// It is read to its end or refused; what is told holds no more bytes than were there.
pub fn recording(data: &[u8]) {
    let mut told = 0;
    let read = input::read(data, &Options::default(), &mut |item| {
        if let Item::Event(event) = item {
            told += body(&event.what).map_or(0, |body| body.bytes.len());
        }
    });
    // Entries of raft's log are told twice: within their message, and each by itself.
    assert!(told <= 2 * data.len(), "{told} bytes out of {}", data.len());
    drop(read);
}

/// Input: how the bytes are cut; how a connection begins; how many bytes go to the server, of two bytes; the bytes.
///
/// The same is told in whatever pieces they come.
pub fn conversation(data: &[u8]) {
    let [seed, how, high, low, bytes @ ..] = data else { return };
    let split = usize::from(u16::from_be_bytes([*high, *low]));
    let (to_server, to_client) = bytes.split_at(split.min(bytes.len()));
    let whole = told(*how, [to_server].into_iter(), [to_client].into_iter());
    let cut = told(*how, pieces(*seed, to_server), pieces(*seed, to_client));
    assert_eq!(whole, cut, "where a read ends matters");
}

/// What is told of a connection, without the words for what makes no sense: they may quote as much as there is.
fn told<'d>(
    how: u8,
    to_server: impl Iterator<Item = &'d [u8]>,
    to_client: impl Iterator<Item = &'d [u8]>,
) -> Vec<String> {
    let (mut decoder, conn, at) = (Decoder::default(), ConnId(1), Duration::ZERO);
    match how & 3 {
        0 | 1 => decoder.open(conn, at, None, false),
        2 => decoder.open(conn, at, None, true),
        _ => decoder.open_excerpt(conn, at),
    }
    for (direction, bytes) in
        to_server.map(|bytes| (Direction::ToServer, bytes)).chain(to_client.map(|bytes| (Direction::ToClient, bytes)))
    {
        decoder.bytes(conn, at, direction, bytes);
    }
    decoder.end(conn, at);
    std::iter::from_fn(|| decoder.next_event()).map(|event| words(&event)).collect()
}

fn words(event: &Event) -> String {
    match &event.what {
        What::Trouble { offset, .. } => format!("{:?} {:?} trouble at {offset}", event.stream, event.direction),
        _ => format!("{event:?}"),
    }
}

fn body(what: &What) -> Option<&Body> {
    match what {
        What::Call(message) | What::Reply { message, .. } => Some(&message.body),
        What::Value(body)
        | What::Raft { body, .. }
        | What::RaftEntry { body, .. }
        | What::Snapshot { body, .. }
        | What::GrpcMessage { body, .. } => Some(body),
        _ => None,
    }
}
