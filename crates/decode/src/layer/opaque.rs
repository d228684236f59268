//! Protocols that are not looked into: how much of them there was.

use crate::{
    Direction, What,
    layer::{Broken, Out},
};

/// Counts.
#[derive(Debug)]
pub(crate) struct Opaque {
    /// `None`: all has been said.
    of: Option<&'static str>,
    bytes: [u64; 2],
    told: Broken,
}

impl Opaque {
    pub(crate) fn new(of: &'static str) -> Self {
        Self { of: Some(of), bytes: [0; 2], told: Broken::default() }
    }

    /// Of what has been given up on already.
    pub(crate) fn silent() -> Self {
        Self { of: None, bytes: [0; 2], told: Broken::default() }
    }

    pub(crate) fn bytes(&mut self, _: &mut Out<'_>, direction: Direction, bytes: &[u8]) {
        self.bytes[direction.index()] += bytes.len() as u64;
    }

    pub(crate) fn lost(&mut self, _: &mut Out<'_>, _: Direction, _: u64) {}

    pub(crate) fn half_end(&mut self, out: &mut Out<'_>, direction: Direction) {
        let bytes = self.bytes[direction.index()];
        if let Some(of) = self.of
            && bytes > 0
            && !self.told.is(direction)
        {
            self.told.set(direction);
            out.tell(direction, What::Opaque { of, bytes });
        }
    }

    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        self.half_end(out, Direction::ToServer);
        self.half_end(out, Direction::ToClient);
    }
}
