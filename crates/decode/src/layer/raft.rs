//! Raft's network transport: a byte for the call, then its message; replies are an error and a message, in order of the calls.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use proconsul_msgpack::{GoStr, from_slice};

use crate::{
    Body, Direction, RaftCall, What,
    layer::{Broken, Out, WAITING_MAX, raft_log, raft_messages::name, snapshot::Archive},
    values::Values,
};

/// One connection.
#[derive(Debug, Default)]
pub(crate) struct Raft {
    held: [Values; 2],
    broken: Broken,
    /// The call whose message is due.
    call: Option<RaftCall>,
    /// A snapshot on its way, and how much of it is due.
    snapshot: Option<(Archive, u64)>,
    /// The error of the reply whose message is due.
    error: Option<GoStr>,
    waiting: VecDeque<(RaftCall, Duration)>,
}

impl Raft {
    pub(crate) fn bytes(&mut self, out: &mut Out<'_>, direction: Direction, bytes: &[u8]) {
        if self.broken.is(direction) {
            return;
        }
        self.held[direction.index()].push(bytes);
        loop {
            let at = self.held[direction.index()].offset();
            let step = match direction {
                Direction::ToServer => self.request(out),
                Direction::ToClient => self.reply(out),
            };
            match step {
                Ok(true) => {}
                Ok(false) => return,
                Err(why) => return self.broken.say(out, direction, at, why),
            }
        }
    }

    /// One step on the way to the server; false: more bytes are needed.
    fn request(&mut self, out: &mut Out<'_>) -> Result<bool, String> {
        let held = &mut self.held[Direction::ToServer.index()];
        if let Some((archive, left)) = &mut self.snapshot {
            let bytes = held.up_to(*left);
            archive.push(&bytes);
            *left -= bytes.len() as u64;
            if *left > 0 {
                return Ok(false);
            }
            let told = archive.told("raft snapshot");
            self.snapshot = None;
            out.tell(Direction::ToServer, told);
            return Ok(true);
        }
        let Some(call) = self.call else {
            let Some(byte) = held.exactly(1) else { return Ok(false) };
            self.call = RaftCall::of(byte[0]);
            return match self.call {
                Some(_) => Ok(true),
                None => Err(format!("no raft message: type {}", byte[0])),
            };
        };
        let Some(value) = held.value()? else { return Ok(false) };
        self.call = None;
        if self.waiting.len() >= WAITING_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back((call, out.at()));
        out.tell(
            Direction::ToServer,
            What::Raft { call, body: Body::msgpack(name(call, false), value.clone()), reply: None },
        );
        match call {
            RaftCall::AppendEntries => raft_log::tell(out, &value),
            RaftCall::InstallSnapshot => {
                let size = raft_log::snapshot_size(&value).ok_or("InstallSnapshot does not say how large it is")?;
                self.snapshot = Some((Archive::default(), size));
            }
            RaftCall::RequestVote | RaftCall::TimeoutNow | RaftCall::RequestPreVote => {}
        }
        Ok(true)
    }

    /// One step on the way back.
    fn reply(&mut self, out: &mut Out<'_>) -> Result<bool, String> {
        let Some(value) = self.held[Direction::ToClient.index()].value()? else { return Ok(false) };
        let Some(error) = self.error.take() else {
            self.error = Some(from_slice(&value).map_err(|error| format!("no error text before a reply: {error}"))?);
            return Ok(true);
        };
        let asked = self.waiting.pop_front();
        let call = asked.map(|(call, _)| call).or_else(|| kind_of_reply(&value)).unwrap_or(RaftCall::AppendEntries);
        let took = asked.map(|(_, since)| out.at().saturating_sub(since));
        let error = (!error.as_bytes().is_empty()).then(|| error.to_str_lossy().into_owned());
        out.tell(
            Direction::ToClient,
            What::Raft { call, body: Body::msgpack(name(call, true), value), reply: Some((error, took)) },
        );
        Ok(true)
    }

    pub(crate) fn lost(&mut self, out: &mut Out<'_>, direction: Direction, bytes: u64) {
        if let (Direction::ToServer, Some((archive, left))) = (direction, &mut self.snapshot)
            && *left >= bytes
        {
            archive.lost(bytes);
            *left -= bytes;
            return;
        }
        let offset = self.held[direction.index()].offset();
        self.broken.say(out, direction, offset, "bytes are missing, and no message can be found after them");
    }

    pub(crate) fn half_end(&mut self, out: &mut Out<'_>, direction: Direction) {
        let held = &self.held[direction.index()];
        let (offset, length) = (held.offset(), held.len());
        if direction == Direction::ToServer {
            if let Some((archive, left)) = self.snapshot.take() {
                out.tell(direction, archive.told("raft snapshot"));
                self.broken.say(out, direction, offset, format!("the snapshot lacks {left} bytes"));
            }
            if self.call.take().is_some() || length > 0 {
                self.broken.say(out, direction, offset, format!("a message ends after {length} bytes of it"));
            }
        } else if self.error.take().is_some() || length > 0 {
            self.broken.say(out, direction, offset, format!("a reply ends after {length} bytes of it"));
        }
    }

    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        self.half_end(out, Direction::ToServer);
        self.half_end(out, Direction::ToClient);
        for (call, since) in self.waiting.drain(..) {
            let waited = out.at().saturating_sub(since);
            out.tell(Direction::ToClient, What::Unanswered { method: call.name().to_owned(), seq: 0, waited });
        }
    }
}

/// What kind of reply this is, by the keys that only one kind has.
fn kind_of_reply(value: &Bytes) -> Option<RaftCall> {
    let has = |key: &[u8]| value.windows(key.len()).any(|window| window == key);
    if has(b"\xa7LastLog") {
        Some(RaftCall::AppendEntries)
    } else if has(b"\xa5Peers") {
        Some(RaftCall::RequestVote)
    } else if has(b"\xa7Granted") {
        Some(RaftCall::RequestPreVote)
    } else {
        None
    }
}
