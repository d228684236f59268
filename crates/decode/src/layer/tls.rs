//! TLS: records, and what of a handshake is in clear.

use crate::{
    Direction, TlsRecord, What,
    layer::{Broken, Out, tls::hello::says},
    values::Values,
};

mod hello; // what a handshake says in clear

/// A record begins with its type, a version and its length.
const HEADER_BYTES: usize = 5;

/// The longest content of a record: 2^14 bytes and what encryption adds.
const RECORD_BYTES_MAX: usize = 16_384 + 2048;

/// One connection, both directions.
#[derive(Debug, Default)]
pub(crate) struct Tls {
    held: [Values; 2],
    broken: Broken,
    /// What follows is encrypted.
    encrypted: [bool; 2],
}

impl Tls {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn bytes(&mut self, out: &mut Out<'_>, direction: Direction, bytes: &[u8]) {
        if self.broken.is(direction) {
            return;
        }
        let held = &mut self.held[direction.index()];
        held.push(bytes);
        while let Some([kind, major, minor, l0, l1]) = held.first() {
            let length = u16::from_be_bytes([l0, l1]);
            let named = name(kind).filter(|_| major == 3 && minor <= 4 && usize::from(length) <= RECORD_BYTES_MAX);
            let Some(named) = named else {
                let why = format!("no TLS record: {kind:02x} {major:02x} {minor:02x} {l0:02x} {l1:02x}");
                return self.broken.say(out, direction, held.offset(), why);
            };
            let Some(record) = held.exactly(HEADER_BYTES + usize::from(length)) else { return };
            let content = &record[HEADER_BYTES..];
            let encrypted = &mut self.encrypted[direction.index()];
            let said = if *encrypted { "encrypted".to_owned() } else { says(kind, content) };
            *encrypted |= kind == CHANGE_CIPHER_SPEC || kind == APPLICATION_DATA;
            out.tell(direction, What::Tls(TlsRecord { kind: named, says: said, length }));
        }
    }

    pub(crate) fn lost(&mut self, out: &mut Out<'_>, direction: Direction, _: u64) {
        let offset = self.held[direction.index()].offset();
        self.broken.say(out, direction, offset, "bytes are missing, and records with them");
    }

    pub(crate) fn half_end(&mut self, out: &mut Out<'_>, direction: Direction) {
        let held = &self.held[direction.index()];
        if !held.is_empty() {
            self.broken.say(out, direction, held.offset(), format!("a record ends after {} bytes of it", held.len()));
        }
    }

    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        self.half_end(out, Direction::ToServer);
        self.half_end(out, Direction::ToClient);
    }
}

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

fn name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        CHANGE_CIPHER_SPEC => "change cipher spec",
        ALERT => "alert",
        HANDSHAKE => "handshake",
        APPLICATION_DATA => "application data",
        _ => return None,
    })
}
