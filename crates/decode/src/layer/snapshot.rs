//! Snapshots over type byte 5: a request, an archive when one is restored; a reply, an archive when one is saved.

use std::time::Duration;

use crate::{
    Body, Direction, What,
    layer::{Broken, Out},
    values::Values,
};

/// Consul's name of what is asked.
const REQUEST: &str = "structs.SnapshotRequest";
/// Consul's name of what is answered.
const REPLY: &str = "structs.SnapshotResponse";

/// One connection.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    held: [Values; 2],
    archive: [Option<Archive>; 2],
    broken: Broken,
    asked: Option<Duration>,
}

/// Bytes of an archive on their way.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    bytes: u64,
    first: Vec<u8>,
}

impl Archive {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        let missing = 4usize.saturating_sub(self.first.len()).min(bytes.len());
        self.first.extend_from_slice(&bytes[..missing]);
    }

    /// Some are not in the recording.
    pub(crate) fn lost(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn told(&self, of: &'static str) -> What {
        let form = match self.first.as_slice() {
            [0x1f, 0x8b, ..] => "gzip",
            [0x81..=0x8f, ..] => "snapshot records",
            _ => "",
        };
        What::Archive { of, bytes: self.bytes, form }
    }
}

impl Snapshot {
    pub(crate) fn bytes(&mut self, out: &mut Out<'_>, direction: Direction, bytes: &[u8]) {
        if self.broken.is(direction) {
            return;
        }
        let at = direction.index();
        if let Some(archive) = &mut self.archive[at] {
            return archive.push(bytes);
        }
        self.held[at].push(bytes);
        match self.held[at].value() {
            Ok(None) => {}
            Err(why) => self.broken.say(out, direction, self.held[at].offset(), why),
            Ok(Some(value)) => {
                let reply = direction == Direction::ToClient;
                let took = self.asked.filter(|_| reply).map(|asked| out.at().saturating_sub(asked));
                if !reply {
                    self.asked = Some(out.at());
                }
                let body = Body::msgpack(if reply { REPLY } else { REQUEST }, value);
                out.tell(direction, What::Snapshot { reply, body, took });
                let mut archive = Archive::default();
                archive.push(&self.held[at].up_to(u64::MAX));
                self.archive[at] = Some(archive);
            }
        }
    }

    pub(crate) fn lost(&mut self, out: &mut Out<'_>, direction: Direction, bytes: u64) {
        match &mut self.archive[direction.index()] {
            Some(archive) => archive.lost(bytes),
            None => {
                let offset = self.held[direction.index()].offset();
                self.broken.say(out, direction, offset, "bytes are missing before the archive");
            }
        }
    }

    pub(crate) fn half_end(&mut self, out: &mut Out<'_>, direction: Direction) {
        let held = &self.held[direction.index()];
        if !held.is_empty() {
            self.broken.say(out, direction, held.offset(), format!("a message ends after {} bytes of it", held.len()));
        }
        let archive = self.archive[direction.index()].as_mut().map(std::mem::take);
        if let Some(archive) = archive.filter(|archive| archive.bytes() > 0) {
            out.tell(direction, archive.told("snapshot"));
        }
    }

    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        self.half_end(out, Direction::ToServer);
        self.half_end(out, Direction::ToClient);
    }
}
