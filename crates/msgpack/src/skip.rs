//! Stepping over values without building them: what unknown fields and [`crate::Scanner`] share.

use crate::error::DecodeError;
use crate::marker as m;
use crate::reader::Reader;

/// How many containers with something left to come may be open at once while values are stepped over. A container that
/// is the last part of the one around it does not count, so plain nesting has no limit.
pub const SKIP_DEPTH_MAX: usize = 10_000;

/// Levels kept in place; deeper ones go to the heap.
const INLINE_LEVELS: usize = 8;

/// What one descriptor byte asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// This many bytes follow, all content.
    Content(u8),
    /// A tag and this many bytes follow.
    Ext(u8),
    /// A length of this many bytes follows, then `extra` bytes, then that much content.
    Length { width: u8, extra: u8 },
    /// This many elements follow.
    List(u8),
    /// This many keys and values follow.
    Map(u8),
    /// A length of this many bytes follows, then that many elements.
    ListLength(u8),
    /// A length of this many bytes follows, then that many keys and values.
    MapLength(u8),
    /// Nothing begins with this byte.
    Nothing,
}

/// What `byte` asks for where a value is due.
#[inline]
pub(crate) const fn token(byte: u8) -> Token {
    match byte {
        0..=0x7f | 0xe0..=0xff | m::NIL | m::FALSE | m::TRUE => Token::Content(0),
        0x80..=0x8f => Token::Map(byte ^ m::FIXMAP),
        0x90..=0x9f => Token::List(byte ^ m::FIXLIST),
        0xa0..=0xbf => Token::Content(byte ^ m::FIXRAW),
        m::U8 | m::I8 => Token::Content(1),
        m::U16 | m::I16 => Token::Content(2),
        m::U32 | m::I32 | m::F32 => Token::Content(4),
        m::U64 | m::I64 | m::F64 => Token::Content(8),
        m::FIXEXT1..=m::FIXEXT16 => Token::Ext(1 << (byte - m::FIXEXT1)),
        m::BIN8 | m::STR8 => Token::Length { width: 1, extra: 0 },
        m::BIN16 | m::STR16 => Token::Length { width: 2, extra: 0 },
        m::BIN32 | m::STR32 => Token::Length { width: 4, extra: 0 },
        m::EXT8 => Token::Length { width: 1, extra: 1 },
        m::EXT16 => Token::Length { width: 2, extra: 1 },
        m::EXT32 => Token::Length { width: 4, extra: 1 },
        m::LIST16 => Token::ListLength(2),
        m::LIST32 => Token::ListLength(4),
        m::MAP16 => Token::MapLength(2),
        m::MAP32 => Token::MapLength(4),
        0xc1 => Token::Nothing,
    }
}

/// How many bytes a value takes, its first included, by that byte; zero where that alone does not say it.
pub(crate) const SIZES: [u8; 256] = {
    let mut sizes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Token::Content(len) = token(byte as u8) {
            sizes[byte] = len + 1;
        }
        byte += 1;
    }
    sizes
};

/// What `byte` asks for where a string key is due (see `Reader::length` for the mask), or `None` if no string begins so.
#[inline]
pub(crate) fn key_token(byte: u8) -> Option<Token> {
    match byte {
        0xa0..=0xbf | m::NIL | m::STR8..=m::STR32 => Some(token(byte)),
        0xe0..=0xff => Some(Token::Content(byte ^ m::FIXRAW)),
        _ => None,
    }
}

/// Parts still to come of one container. Maps count keys and values, and the top bit tells them from lists: a key is due
/// when an even number is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Level(u64);

const MAP_BIT: u64 = 1 << 63;

impl Level {
    fn left(self) -> u64 {
        self.0 & !MAP_BIT
    }
}

/// The open containers around the next value.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    top: Level,
    depth: usize,
    near: [Level; INLINE_LEVELS],
    far: Vec<Level>,
}

impl Open {
    /// One value is due.
    pub(crate) fn one() -> Self {
        Self::list(1)
    }

    /// `count` values are due.
    pub(crate) fn list(count: u64) -> Self {
        Self { top: Level(count), depth: 0, near: [Level(0); INLINE_LEVELS], far: Vec::new() }
    }

    /// `parts` keys and values are due, a key first if `parts` is even.
    pub(crate) fn map(parts: u64) -> Self {
        Self { top: Level(parts | MAP_BIT), ..Self::list(0) }
    }

    /// Whether the next part is a key; nothing is due when all is done.
    #[inline]
    pub(crate) fn key_is_due(&self) -> bool {
        self.top.0 & (MAP_BIT | 1) == MAP_BIT
    }

    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        self.depth == 0 && self.top.left() == 0
    }

    /// A part has begun: it is no longer due. Levels that it completes are closed at once.
    #[inline]
    pub(crate) fn begin_part(&mut self) {
        self.top.0 -= 1;
        if self.top.left() == 0 {
            self.close();
        }
    }

    fn close(&mut self) {
        while self.top.left() == 0 && self.depth > 0 {
            self.depth -= 1;
            self.top = match self.near.get(self.depth) {
                Some(level) => *level,
                None => self.far.pop().unwrap_or(Level(0)),
            };
        }
    }

    #[inline]
    pub(crate) fn open_list(&mut self, count: u64) -> Result<(), DecodeError> {
        self.open(Level(count))
    }

    #[inline]
    pub(crate) fn open_map(&mut self, count: u64) -> Result<(), DecodeError> {
        self.open(Level((count * 2) | MAP_BIT))
    }

    fn open(&mut self, level: Level) -> Result<(), DecodeError> {
        if level.left() == 0 {
            return Ok(());
        }
        if self.top.left() > 0 {
            match self.near.get_mut(self.depth) {
                Some(slot) => *slot = self.top,
                None if self.depth < SKIP_DEPTH_MAX => self.far.push(self.top),
                None => return Err(DecodeError::TooDeep),
            }
            self.depth += 1;
        }
        self.top = level;
        Ok(())
    }
}

impl<'de> Reader<'de> {
    /// The bytes of one value, stepped over.
    pub(crate) fn skipped(&mut self) -> Result<&'de [u8], DecodeError> {
        let (from, start) = (self.rest(), self.at());
        self.skip_value()?;
        Ok(&from[..self.at() - start])
    }

    /// Steps over one value as Go does when it has no field for it: any value, but keys of maps must be strings.
    pub(crate) fn skip_value(&mut self) -> Result<(), DecodeError> {
        // Most unknown values are scalars.
        if let Token::Content(len) = token(self.peek()?) {
            self.byte()?;
            return self.pass(len.into());
        }
        self.skip_open(Open::one())
    }

    /// Steps over everything that is due.
    pub(crate) fn skip_open(&mut self, mut open: Open) -> Result<(), DecodeError> {
        while !open.is_done() {
            let byte = self.byte()?;
            let token =
                if open.key_is_due() { key_token(byte).ok_or(DecodeError::NotLength(byte))? } else { token(byte) };
            open.begin_part();
            match token {
                Token::Content(len) => self.pass(len.into())?,
                Token::Ext(len) => {
                    self.pass(1)?;
                    self.pass(len.into())?;
                }
                Token::Length { width, extra } => {
                    let len = self.wide(width)?;
                    self.pass(extra.into())?;
                    self.pass(len)?;
                }
                Token::List(count) => open.open_list(count.into())?,
                Token::Map(count) => open.open_map(count.into())?,
                Token::ListLength(width) => open.open_list(self.wide(width)? as u64)?,
                Token::MapLength(width) => open.open_map(self.wide(width)? as u64)?,
                Token::Nothing => return Err(DecodeError::NoValue(byte)),
            }
        }
        Ok(())
    }

    fn pass(&mut self, len: usize) -> Result<(), DecodeError> {
        if len > 0 {
            self.take(len)?;
        }
        Ok(())
    }

    fn wide(&mut self, width: u8) -> Result<usize, DecodeError> {
        Ok(match width {
            1 => self.u8()?.into(),
            2 => self.u16()?.into(),
            _ => self.u32()? as usize,
        })
    }
}
