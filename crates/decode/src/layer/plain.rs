//! Msgpack values by themselves: what somebody cut out of a message.

use crate::{
    Body, Direction, What,
    layer::{Broken, Out},
    values::Values,
};

/// One value after another.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    held: [Values; 2],
    broken: Broken,
}

impl Plain {
    pub(crate) fn bytes(&mut self, out: &mut Out<'_>, direction: Direction, bytes: &[u8]) {
        if self.broken.is(direction) {
            return;
        }
        let held = &mut self.held[direction.index()];
        held.push(bytes);
        loop {
            match held.value() {
                Ok(Some(value)) => out.tell(direction, What::Value(Body::msgpack("", value))),
                Ok(None) => return,
                Err(why) => return self.broken.say(out, direction, held.offset(), why),
            }
        }
    }

    pub(crate) fn lost(&mut self, out: &mut Out<'_>, direction: Direction, _: u64) {
        self.broken.say(out, direction, self.held[direction.index()].offset(), "bytes are missing within values");
    }

    pub(crate) fn half_end(&mut self, out: &mut Out<'_>, direction: Direction) {
        let held = &self.held[direction.index()];
        if !held.is_empty() {
            self.broken.say(out, direction, held.offset(), format!("a value ends after {} bytes of it", held.len()));
        }
    }

    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        self.half_end(out, Direction::ToServer);
        self.half_end(out, Direction::ToClient);
    }
}
