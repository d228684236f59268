//! net/rpc: requests and replies of one stream, matched by their numbers.

use std::{collections::VecDeque, time::Duration};

use proconsul_msgpack::from_slice;
use proconsul_netrpc::{HEADER_BYTES_MAX, ResponseHeader, read_request_header};
use proconsul_structs::{METHODS, methods};
use proconsul_types::MethodRow;

use crate::{
    Body, Direction, Message, What,
    layer::{Broken, Out, WAITING_MAX},
    values::Values,
};

/// One stream, both directions.
#[derive(Debug, Default)]
pub(crate) struct Rpc {
    held: [Values; 2],
    broken: Broken,
    /// The request whose body is due.
    request: Option<Message>,
    /// The reply whose body is due.
    reply: Option<(Message, String)>,
    waiting: VecDeque<Waiting>,
}

/// A request that has no reply yet.
#[derive(Debug)]
struct Waiting {
    method: String,
    seq: u64,
    since: Duration,
}

impl Rpc {
    pub(crate) fn bytes(&mut self, out: &mut Out<'_>, direction: Direction, bytes: &[u8]) {
        if self.broken.is(direction) {
            return;
        }
        self.held[direction.index()].push(bytes);
        loop {
            let held = &mut self.held[direction.index()];
            let at = held.offset();
            let step = held.value().and_then(|value| match value {
                None => Ok(false),
                Some(value) if direction == Direction::ToServer => self.request(out, value).map(|()| true),
                Some(value) => self.reply(out, value).map(|()| true),
            });
            match step {
                Ok(true) => {}
                Ok(false) => return,
                Err(why) => return self.broken.say(out, direction, at, why),
            }
        }
    }

    /// A header or a body to the server.
    fn request(&mut self, out: &mut Out<'_>, value: bytes::Bytes) -> Result<(), String> {
        if let Some(mut message) = self.request.take() {
            message.body = Body::msgpack(message.row.map_or("", |row| row.arg), value);
            if self.waiting.len() >= WAITING_MAX {
                self.waiting.pop_front();
            }
            let method = message.method.clone();
            self.waiting.push_back(Waiting { method, seq: message.seq, since: out.at() });
            out.tell(Direction::ToServer, What::Call(message));
            return Ok(());
        }
        if value.len() > HEADER_BYTES_MAX {
            return Err(format!("a request header of {} bytes", value.len()));
        }
        let header = match read_request_header(&value) {
            Ok(Some((header, used))) if used == value.len() => header,
            Ok(_) => return Err("no request header".to_owned()),
            Err(error) => return Err(format!("no request header: {error}")),
        };
        self.request = Some(Message {
            method: String::from_utf8_lossy(&header.method).into_owned(),
            row: row(&header.method),
            seq: header.seq.0,
            timeout: header.timeout,
            body: Body::NONE,
        });
        Ok(())
    }

    /// A header or a body to the client.
    fn reply(&mut self, out: &mut Out<'_>, value: bytes::Bytes) -> Result<(), String> {
        let Some((mut message, error)) = self.reply.take() else {
            let header: ResponseHeader = from_slice(&value).map_err(|error| format!("no reply header: {error}"))?;
            if header.service_method.as_bytes().is_empty() && header.seq == 0 && !is_reply_header(&value) {
                return Err("no reply header".to_owned());
            }
            let message = Message {
                method: header.service_method.to_str_lossy().into_owned(),
                row: row(header.service_method.as_bytes()),
                seq: header.seq,
                timeout: None,
                body: Body::NONE,
            };
            self.reply = Some((message, header.error.to_str_lossy().into_owned()));
            return Ok(());
        };
        let asked = self.waiting.iter().position(|waiting| waiting.seq == message.seq);
        let asked = asked.and_then(|at| self.waiting.remove(at));
        let took = asked.map(|waiting| out.at().saturating_sub(waiting.since));
        let error = (!error.is_empty()).then_some(error);
        if error.is_none() {
            message.body = Body::msgpack(message.row.map_or("", |row| row.reply), value);
        }
        out.tell(Direction::ToClient, What::Reply { message, error, took });
        Ok(())
    }

    pub(crate) fn lost(&mut self, out: &mut Out<'_>, direction: Direction, _: u64) {
        let offset = self.held[direction.index()].offset();
        self.broken.say(out, direction, offset, "bytes are missing, and no message can be found after them");
    }

    pub(crate) fn half_end(&mut self, out: &mut Out<'_>, direction: Direction) {
        let held = &self.held[direction.index()];
        let awaited = match direction {
            Direction::ToServer => self.request.as_ref().map(|request| format!("the body of {}", request.method)),
            Direction::ToClient => self.reply.as_ref().map(|(reply, _)| format!("the reply to {}", reply.method)),
        };
        if !held.is_empty() || awaited.is_some() {
            let what = awaited.unwrap_or_else(|| "a header".to_owned());
            let why = format!("{what} ends after {} bytes of it", held.len());
            self.broken.say(out, direction, held.offset(), why);
        }
        if direction == Direction::ToClient {
            self.unanswered(out);
        }
    }

    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        self.half_end(out, Direction::ToServer);
        self.half_end(out, Direction::ToClient);
    }

    /// No reply will come any more.
    fn unanswered(&mut self, out: &mut Out<'_>) {
        for Waiting { method, seq, since } in self.waiting.drain(..) {
            let waited = out.at().saturating_sub(since);
            out.tell(Direction::ToClient, What::Unanswered { method, seq, waited });
        }
    }
}

/// Whether a map has the keys of a reply header. Its values alone do not tell: all may be zero.
fn is_reply_header(value: &[u8]) -> bool {
    value.windows(14).any(|window| window == b"\xadServiceMethod")
}

fn row(name: &[u8]) -> Option<&'static MethodRow> {
    METHODS.get(usize::from(methods::find(name)?))
}
