//! Bytes to values: the decoder rules of the dialect, as a serde deserializer.

mod items; // the parts of a list or map
mod odd; // what serde has no word for

use serde::de::{self, Deserialize, DeserializeSeed, IntoDeserializer, Visitor};

use self::items::{Items, Parts};
pub(crate) use self::odd::ODD_EXT;
use self::odd::Odd;

use crate::error::{DecodeError, Kind};
use crate::marker as m;
use crate::reader::{Reader, kind};
use crate::rest::VERBATIM;
use crate::skip::Open;

type Result<T> = std::result::Result<T, DecodeError>;

/// How deep values that are built (not skipped) may nest.
pub const DEPTH_MAX: u16 = 192;

/// What the elements of a value's lists and maps may take in memory beyond [`EXPANSION_FREE`] times their own bytes, all together. An
/// element of one byte may be a structure of a thousand: without a bound, a request's memory would be a thousand times its size.
pub const EXPANSION_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How many times its own bytes an element may take in memory without being counted. A Go peer writes every field with its name, so
/// that its structures take two or three times their bytes.
pub const EXPANSION_FREE: usize = 16;

/// Name under which a newtype asks for the bytes of one raw value, as Go hands them to types with a binary form.
pub const RAW_VALUE: &str = "proconsul_msgpack::RawValue";

/// Reads the one value that `bytes` hold.
///
/// # Errors
/// [`DecodeError::Trailing`] when more follows, otherwise what is wrong with the value.
pub fn from_slice<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T> {
    let mut decoder = Decoder::new(bytes);
    let value = decoder.decode()?;
    match decoder.remaining().len() {
        0 => Ok(value),
        more => Err(DecodeError::Trailing(more)),
    }
}

/// Reads consecutive values.
///
/// ```
/// let bytes = [0x01, 0xa1, b'x', 0x90];
/// let mut decoder = proconsul_msgpack::Decoder::new(&bytes);
/// assert_eq!(decoder.decode::<u64>()?, 1);
/// assert_eq!(decoder.decode::<&str>()?, "x");
/// assert_eq!(decoder.remaining(), [0x90]);
/// # Ok::<(), proconsul_msgpack::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Decoder<'de> {
    de: Deserializer<'de>,
}

impl<'de> Decoder<'de> {
    /// Starts at the beginning of `bytes`.
    pub fn new(bytes: &'de [u8]) -> Self {
        Self { de: Deserializer { r: Reader::new(bytes), depth: 0, expansion: 0 } }
    }

    /// Reads the next value.
    ///
    /// # Errors
    /// What is wrong with it; the position is then where the value begins, so that an incomplete one
    /// ([`DecodeError::is_incomplete`]) can be tried again with more bytes.
    #[inline]
    pub fn decode<T: Deserialize<'de>>(&mut self) -> Result<T> {
        let start = self.begin();
        T::deserialize(&mut self.de).inspect_err(|_| self.reset(start))
    }

    /// As [`Decoder::decode`], where what is wanted is known only when the program runs.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub fn decode_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let start = self.begin();
        seed.deserialize(&mut self.de).inspect_err(|_| self.reset(start))
    }

    /// Steps over the next value as Go does over an unknown field.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub fn skip(&mut self) -> Result<()> {
        let start = self.de.r.at();
        self.de.r.skip_value().inspect_err(|_| self.reset(start))
    }

    fn begin(&mut self) -> usize {
        self.de.expansion = 0;
        self.de.r.at()
    }

    fn reset(&mut self, at: usize) {
        self.de.r.rewind(at);
        self.de.depth = 0;
    }

    /// Bytes consumed so far.
    pub fn position(&self) -> usize {
        self.de.r.at()
    }

    /// Bytes not consumed yet.
    pub fn remaining(&self) -> &'de [u8] {
        self.de.r.rest()
    }
}

/// Name under which [`crate::Value`] asks for any value with its bytes exactly as they are.
pub(crate) const ANY_VALUE: &str = "proconsul_msgpack::Value";

/// The serde half: not public, so that every value goes through [`Decoder`] and its rewinding.
#[derive(Debug)]
struct Deserializer<'de> {
    r: Reader<'de>,
    depth: u16,
    /// Memory of elements so far beyond what their bytes are free to take.
    expansion: usize,
}

impl<'de> Deserializer<'de> {
    /// The descriptor byte of a value that has a meaning when nil. At the top, nil is not a number or bool: there Go reads
    /// into the variable itself, without asking for nil first.
    #[inline(always)]
    fn scalar(&mut self) -> Result<Option<u8>> {
        let byte = self.r.byte()?;
        Ok((byte != m::NIL || self.depth == 0).then_some(byte))
    }

    #[inline]
    fn int(&mut self, bits: u32) -> Result<i64> {
        self.scalar()?.map_or(Ok(0), |byte| self.r.int(byte, bits))
    }

    #[inline]
    fn uint(&mut self, bits: u32) -> Result<u64> {
        self.scalar()?.map_or(Ok(0), |byte| self.r.uint(byte, bits))
    }

    #[inline(always)]
    fn string(&mut self) -> Result<&'de [u8]> {
        if let Some(short) = self.r.short_raw() {
            return Ok(short);
        }
        self.other_string()
    }

    #[inline(never)]
    fn other_string(&mut self) -> Result<&'de [u8]> {
        let byte = self.r.byte()?;
        self.r.raw(byte)
    }

    /// Parts of a list: the elements of a list, or keys and values of a map in turn.
    fn list_len(&mut self, byte: u8) -> Result<u64> {
        match kind(byte) {
            Some(Kind::Nil) => Ok(0),
            Some(Kind::List) => self.r.list_len(byte),
            Some(Kind::Map) => Ok(self.r.map_len(byte)? * 2),
            Some(other) => Err(DecodeError::NotList(other)),
            None => Err(DecodeError::NoKind(byte)),
        }
    }

    /// Runs `visit` one level down, then steps over what it left.
    #[inline]
    fn within<T>(&mut self, parts: Parts, visit: impl FnOnce(&mut Items<'_, 'de>) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH_MAX {
            return Err(DecodeError::TooDeep);
        }
        self.depth += 1;
        let mut items = Items { de: self, parts };
        let value = visit(&mut items)?;
        let rest = items.parts;
        if rest.left > 0 {
            let open = if rest.keyed { Open::map(rest.left) } else { Open::list(rest.left) };
            self.r.skip_open(open)?;
        }
        self.depth -= 1;
        Ok(value)
    }

    #[inline]
    fn visit_list<V: Visitor<'de>>(&mut self, len: u64, visitor: V) -> Result<V::Value> {
        self.within(Parts { left: len, keyed: false, many: true }, |items| visitor.visit_seq(items))
    }

    #[inline]
    fn visit_map<V: Visitor<'de>>(&mut self, len: u64, many: bool, visitor: V) -> Result<V::Value> {
        self.within(Parts { left: len * 2, keyed: true, many }, |items| visitor.visit_map(items))
    }

    #[inline]
    fn visit_struct<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let byte = self.r.byte()?;
        match kind(byte) {
            Some(Kind::Map) => {
                let len = self.r.map_len(byte)?;
                self.visit_map(len, false, visitor)
            }
            Some(Kind::Nil) => self.visit_map(0, false, visitor),
            Some(Kind::List) => {
                let len = self.r.list_len(byte)?;
                self.visit_list(len, visitor)
            }
            Some(other) => Err(DecodeError::NotStruct(other)),
            None => Err(DecodeError::NoKind(byte)),
        }
    }

    /// What Go makes of a value when it has no type to go by.
    fn any<V: Visitor<'de>>(&mut self, visitor: V, text: Text) -> Result<V::Value> {
        let byte = self.r.byte()?;
        match kind(byte).ok_or(DecodeError::NoValue(byte))? {
            Kind::Nil => visitor.visit_unit(),
            Kind::Bool => visitor.visit_bool(byte == m::TRUE),
            Kind::Int => visitor.visit_i64(self.r.int(byte, 64)?),
            Kind::Uint => visitor.visit_u64(self.r.uint(byte, 64)?),
            Kind::Float => visitor.visit_f64(self.r.float(byte)?),
            Kind::Raw => match (self.r.raw(byte)?, text) {
                (raw, Text::Exact) if std::str::from_utf8(raw).is_err() => visitor.visit_enum(Odd::Text(raw)),
                (raw, _) => visit_string(raw, visitor),
            },
            Kind::Bin => visitor.visit_borrowed_bytes(self.r.bytes(byte)?),
            Kind::List => {
                let len = self.r.list_len(byte)?;
                self.visit_list(len, visitor)
            }
            Kind::Map => {
                let len = self.r.map_len(byte)?;
                self.visit_map(len, true, visitor)
            }
            Kind::Ext => {
                let (tag, data) = self.r.ext(byte)?;
                visitor.visit_enum(Odd::Ext(tag, data))
            }
        }
    }

    /// A byte string given as a list of small integers.
    fn byte_list(&mut self, byte: u8) -> Result<Vec<u8>> {
        let len = self.list_len(byte)?;
        let mut out = Vec::with_capacity(self.r.rest().len().min(usize::try_from(len).unwrap_or(usize::MAX)));
        for _ in 0..len {
            let byte = self.r.byte()?;
            out.push(if byte == m::NIL { 0 } else { self.r.uint(byte, 8)? as u8 });
        }
        Ok(out)
    }
}

macro_rules! integers {
    ($($method:ident $read:ident $bits:literal $visit:ident $type:ty;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            visitor.$visit(self.$read($bits)? as $type)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for &mut Deserializer<'de> {
    type Error = DecodeError;

    fn is_human_readable(&self) -> bool {
        false
    }

    integers! {
        deserialize_i8 int 8 visit_i8 i8;
        deserialize_i16 int 16 visit_i16 i16;
        deserialize_i32 int 32 visit_i32 i32;
        deserialize_i64 int 64 visit_i64 i64;
        deserialize_i128 int 64 visit_i64 i64;
        deserialize_u8 uint 8 visit_u8 u8;
        deserialize_u16 uint 16 visit_u16 u16;
        deserialize_u32 uint 32 visit_u32 u32;
        deserialize_u64 uint 64 visit_u64 u64;
        deserialize_u128 uint 64 visit_u64 u64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.any(visitor, Text::Lossy)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let value = self.scalar()?.map_or(Ok(false), |byte| self.r.bool(byte))?;
        visitor.visit_bool(value)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let value = self.scalar()?.map_or(Ok(0.0), |byte| self.r.float32(byte))?;
        visitor.visit_f32(value)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let value = self.scalar()?.map_or(Ok(0.0), |byte| self.r.float(byte))?;
        visitor.visit_f64(value)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visit_string(self.string()?, visitor)
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let byte = self.r.byte()?;
        match kind(byte) {
            Some(Kind::Raw | Kind::Bin | Kind::Nil) => visitor.visit_borrowed_bytes(self.r.bytes(byte)?),
            _ => visitor.visit_byte_buf(self.byte_list(byte)?),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.r.peek()? == m::NIL {
            self.r.byte()?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.visit_struct(Nothing)?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        match name {
            RAW_VALUE => match self.r.byte()? {
                m::NIL => visitor.visit_none(),
                byte => visitor.visit_borrowed_bytes(self.r.bytes(byte)?),
            },
            ANY_VALUE => self.any(visitor, Text::Exact),
            VERBATIM => visitor.visit_borrowed_bytes(self.r.skipped()?),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let byte = self.r.byte()?;
        let len = self.list_len(byte)?;
        self.visit_list(len, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        let byte = self.r.byte()?;
        let claimed = self.list_len(byte)?;
        let len = len as u64;
        if claimed > len {
            return Err(DecodeError::ArrayFull { len, claimed });
        }
        self.visit_list(claimed, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let byte = self.r.byte()?;
        let len = self.r.map_len(byte)?;
        self.visit_map(len, true, visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.visit_struct(visitor)
    }

    /// A variant's name, or a map of that name and its content.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let byte = self.r.peek()?;
        if kind(byte) != Some(Kind::Map) {
            let name = String::from_utf8_lossy(self.string()?);
            return visitor.visit_enum(name.as_ref().into_deserializer());
        }
        self.r.byte()?;
        let len = self.r.map_len(byte)?;
        if len != 1 {
            return Err(de::Error::invalid_length(usize::try_from(len).unwrap_or(usize::MAX), &"a map of one variant"));
        }
        self.within(Parts { left: 2, keyed: true, many: false }, |items| visitor.visit_enum(items))
    }

    /// A key: the bytes of a string, valid UTF-8 or not, so that looking it up costs no check.
    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_bytes(self.string()?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.r.skip_value()?;
        visitor.visit_unit()
    }
}

/// Go strings hold any bytes; where Rust wants text, what is not UTF-8 is replaced rather than refused.
#[inline]
fn visit_string<'de, V: Visitor<'de>>(raw: &'de [u8], visitor: V) -> Result<V::Value> {
    match std::str::from_utf8(raw) {
        Ok(text) => visitor.visit_borrowed_str(text),
        Err(_) => visitor.visit_string(String::from_utf8_lossy(raw).into_owned()),
    }
}

/// Takes nothing from a structure: what it leaves is skipped.
struct Nothing;

impl<'de> Visitor<'de> for Nothing {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an empty structure")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, _: A) -> std::result::Result<(), A::Error> {
        Ok(())
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, _: A) -> std::result::Result<(), A::Error> {
        Ok(())
    }
}

/// What a string without a type becomes when it is not UTF-8.
#[derive(Clone, Copy)]
enum Text {
    /// Text with replacements: what any visitor understands.
    Lossy,
    /// [`Odd::Text`].
    Exact,
}
