//! Bytes to scalars: the decoder rules below the level of serde.

use crate::error::{DecodeError, Kind};
use crate::marker as m;

type Result<T> = std::result::Result<T, DecodeError>;

/// A position in bytes that are not trusted. Every read says whether it found nothing or not enough.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'de> {
    bytes: &'de [u8],
    at: usize,
}

/// Which header forms a length may have.
#[derive(Clone, Copy)]
struct Family {
    fix: u8,
    len8: u8,
    len16: u8,
    len32: u8,
}

const RAW: Family = Family { fix: m::FIXRAW, len8: m::STR8, len16: m::STR16, len32: m::STR32 };
// Go's table has no one-byte form for maps, which leaves a zero there: byte 00 announces a length in the next byte.
const MAP: Family = Family { fix: m::FIXMAP, len8: 0, len16: m::MAP16, len32: m::MAP32 };

impl<'de> Reader<'de> {
    pub(crate) fn new(bytes: &'de [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn rewind(&mut self, at: usize) {
        self.at = at.min(self.bytes.len());
    }

    pub(crate) fn rest(&self) -> &'de [u8] {
        &self.bytes[self.at..]
    }

    #[inline]
    pub(crate) fn peek(&self) -> Result<u8> {
        self.bytes.get(self.at).copied().ok_or(DecodeError::Eof)
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    /// The next `len` bytes. Go asks its stream for them at once, so none at all is `EOF`, some are `unexpected EOF`.
    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Result<&'de [u8]> {
        let rest = self.rest();
        let Some(taken) = rest.get(..len) else {
            return Err(if rest.is_empty() { DecodeError::Eof } else { DecodeError::UnexpectedEof });
        };
        self.at += len;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    #[inline]
    pub(crate) fn u8(&mut self) -> Result<u8> {
        self.byte()
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A signed integer of any form, `bits` wide; the unsigned 64 bit form wraps.
    #[inline]
    pub(crate) fn int(&mut self, byte: u8, bits: u32) -> Result<i64> {
        let value = match byte {
            0..=0x7f | 0xe0..=0xff => i64::from(byte as i8),
            m::U8 => self.u8()?.into(),
            m::U16 => self.u16()?.into(),
            m::U32 => self.u32()?.into(),
            m::U64 | m::I64 => self.u64()? as i64,
            m::I8 => (self.u8()? as i8).into(),
            m::I16 => (self.u16()? as i16).into(),
            m::I32 => (self.u32()? as i32).into(),
            _ => return Err(DecodeError::NotNumber(byte)),
        };
        let unused = 64 - bits;
        if (value << unused) >> unused == value { Ok(value) } else { Err(DecodeError::IntOverflow(value)) }
    }

    /// An unsigned integer of any form, `bits` wide.
    #[inline]
    pub(crate) fn uint(&mut self, byte: u8, bits: u32) -> Result<u64> {
        let value = match byte {
            0..=0x7f => byte.into(),
            // The byte, not the number it stands for: so says Go's text.
            0xe0..=0xff => return Err(DecodeError::Negative(byte.into())),
            m::U8 => self.u8()?.into(),
            m::U16 => self.u16()?.into(),
            m::U32 => self.u32()?.into(),
            m::U64 => self.u64()?,
            m::I8 | m::I16 | m::I32 | m::I64 => {
                let value = self.int(byte, 64)?;
                u64::try_from(value).map_err(|_| DecodeError::Negative(value))?
            }
            _ => return Err(DecodeError::NotNumber(byte)),
        };
        let unused = 64 - bits;
        if (value << unused) >> unused == value { Ok(value) } else { Err(DecodeError::UintOverflow(value)) }
    }

    /// A float from a float or an integer.
    pub(crate) fn float(&mut self, byte: u8) -> Result<f64> {
        Ok(match byte {
            m::F32 => f32::from_bits(self.u32()?).into(),
            m::F64 => f64::from_bits(self.u64()?),
            _ => self.int(byte, 64)? as f64,
        })
    }

    /// A float that must fit 32 bits. Infinities do.
    pub(crate) fn float32(&mut self, byte: u8) -> Result<f32> {
        let value = self.float(byte)?;
        if value.is_finite() && value.abs() > f64::from(f32::MAX) {
            return Err(DecodeError::FloatOverflow(value.abs()));
        }
        Ok(value as f32)
    }

    #[inline]
    pub(crate) fn bool(&mut self, byte: u8) -> Result<bool> {
        match byte {
            m::FALSE | 0 => Ok(false),
            m::TRUE | 1 => Ok(true),
            _ => Err(DecodeError::NotBool(byte)),
        }
    }

    /// The length behind a header, as Go finds it: exact forms first, then **any** byte with the family's bits set. So
    /// a negative fixint where a string is due is a string of 64 to 95 bytes, and peers see the texts that follow from it.
    #[inline]
    fn length(&mut self, byte: u8, family: Family) -> Result<usize> {
        Ok(match byte {
            m::NIL => 0,
            _ if byte == family.len8 => self.u8()?.into(),
            _ if byte == family.len16 => self.u16()?.into(),
            _ if byte == family.len32 => self.u32()? as usize,
            _ if byte & family.fix == family.fix => (byte ^ family.fix).into(),
            _ => return Err(DecodeError::NotLength(byte)),
        })
    }

    /// A string's bytes; nil is empty, and the newer binary family is not a string.
    #[inline]
    pub(crate) fn raw(&mut self, byte: u8) -> Result<&'de [u8]> {
        let len = self.length(byte, RAW)?;
        if len == 0 { Ok(&[]) } else { self.take(len) }
    }

    /// A string of up to 31 bytes, if one is next and whole.
    #[inline(always)]
    pub(crate) fn short_raw(&mut self) -> Option<&'de [u8]> {
        let (byte, rest) = self.bytes.get(self.at..)?.split_first()?;
        let len = usize::from(byte ^ m::FIXRAW);
        if len > m::FIXRAW_BYTES_MAX {
            return None;
        }
        let raw = rest.get(..len)?;
        self.at += 1 + len;
        Some(raw)
    }

    /// A byte string's bytes, from a string or the newer binary family.
    pub(crate) fn bytes(&mut self, byte: u8) -> Result<&'de [u8]> {
        let len = match byte {
            m::BIN8 => self.u8()?.into(),
            m::BIN16 => self.u16()?.into(),
            m::BIN32 => self.u32()? as usize,
            _ => return self.raw(byte),
        };
        if len == 0 { Ok(&[]) } else { self.take(len) }
    }

    /// How many entries a map has.
    #[inline]
    pub(crate) fn map_len(&mut self, byte: u8) -> Result<u64> {
        Ok(self.length(byte, MAP)? as u64)
    }

    /// How many elements a list has; `byte` is known to begin one.
    #[inline]
    pub(crate) fn list_len(&mut self, byte: u8) -> Result<u64> {
        Ok(match byte {
            m::LIST16 => self.u16()?.into(),
            m::LIST32 => self.u32()?.into(),
            _ => (byte ^ m::FIXLIST).into(),
        })
    }

    /// Tag and bytes of an extension; `byte` is known to begin one.
    pub(crate) fn ext(&mut self, byte: u8) -> Result<(u8, &'de [u8])> {
        let len = match byte {
            m::EXT8 => self.u8()?.into(),
            m::EXT16 => self.u16()?.into(),
            m::EXT32 => self.u32()? as usize,
            _ => 1 << (byte - m::FIXEXT1),
        };
        let tag = self.byte()?;
        Ok((tag, if len == 0 { &[] } else { self.take(len)? }))
    }
}

/// What `byte` announces, or `None` for the one byte that begins nothing.
#[inline]
pub(crate) fn kind(byte: u8) -> Option<Kind> {
    Some(match byte {
        0..=0x7f | 0xe0..=0xff | m::I8..=m::I64 => Kind::Int,
        0x80..=0x8f | m::MAP16 | m::MAP32 => Kind::Map,
        0x90..=0x9f | m::LIST16 | m::LIST32 => Kind::List,
        0xa0..=0xbf | m::STR8..=m::STR32 => Kind::Raw,
        m::NIL => Kind::Nil,
        0xc1 => return None,
        m::FALSE | m::TRUE => Kind::Bool,
        m::BIN8..=m::BIN32 => Kind::Bin,
        m::EXT8..=m::EXT32 | m::FIXEXT1..=m::FIXEXT16 => Kind::Ext,
        m::F32 | m::F64 => Kind::Float,
        m::U8..=m::U64 => Kind::Uint,
    })
}
