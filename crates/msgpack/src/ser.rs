//! Values to bytes: the encoder rules of the dialect.

use serde::ser::{self, Serialize};

use crate::error::EncodeError;
use crate::marker as m;
use crate::rest::VERBATIM;

type Result<T> = std::result::Result<T, EncodeError>;

/// The bytes of `value`.
///
/// # Errors
/// [`EncodeError::TooLong`] for a length above 2^32 - 1, or what a `Serialize` implementation refuses.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(128);
    encode_into(&mut out, value)?;
    Ok(out)
}

/// Appends the bytes of `value` to `out`. After an error `out` is as long as before.
///
/// # Errors
/// As [`to_vec`].
pub fn encode_into<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<()> {
    let start = out.len();
    value.serialize(Encoder { out }).inspect_err(|_| out.truncate(start))
}

/// A serde serializer that appends to a buffer.
pub(crate) struct Encoder<'a> {
    out: &'a mut Vec<u8>,
}

#[inline]
pub(crate) fn put_uint(out: &mut Vec<u8>, value: u64) {
    if value <= m::FIXINT_MAX {
        out.push(value as u8);
    } else if let Ok(small) = u8::try_from(value) {
        out.extend_from_slice(&[m::U8, small]);
    } else if let Ok(small) = u16::try_from(value) {
        put(out, m::U16, small.to_be_bytes());
    } else if let Ok(small) = u32::try_from(value) {
        put(out, m::U32, small.to_be_bytes());
    } else {
        put(out, m::U64, value.to_be_bytes());
    }
}

#[inline]
pub(crate) fn put_int(out: &mut Vec<u8>, value: i64) {
    if let Ok(positive) = u64::try_from(value) {
        put_uint(out, positive);
    } else if value >= m::FIXINT_MIN {
        out.push(value as u8);
    } else if let Ok(small) = i8::try_from(value) {
        put(out, m::I8, small.to_be_bytes());
    } else if let Ok(small) = i16::try_from(value) {
        put(out, m::I16, small.to_be_bytes());
    } else if let Ok(small) = i32::try_from(value) {
        put(out, m::I32, small.to_be_bytes());
    } else {
        put(out, m::I64, value.to_be_bytes());
    }
}

#[inline]
fn put<const N: usize>(out: &mut Vec<u8>, marker: u8, bytes: [u8; N]) {
    out.push(marker);
    out.extend_from_slice(&bytes);
}

/// Header of a raw, then its bytes: strings and byte strings are one family here.
#[inline]
pub(crate) fn put_raw(out: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    out.reserve(bytes.len() + 5);
    if bytes.len() <= m::FIXRAW_BYTES_MAX {
        out.push(m::FIXRAW | bytes.len() as u8);
    } else {
        put_len(out, bytes.len(), m::STR16, m::STR32)?;
    }
    out.extend_from_slice(bytes);
    Ok(())
}

fn put_len(out: &mut Vec<u8>, len: usize, marker16: u8, marker32: u8) -> Result<()> {
    if let Ok(small) = u16::try_from(len) {
        put(out, marker16, small.to_be_bytes());
    } else {
        put(out, marker32, u32::try_from(len).map_err(|_| EncodeError::TooLong(len))?.to_be_bytes());
    }
    Ok(())
}

/// Writes a byte string's bytes without their header: they are an encoding already.
fn put_verbatim<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<()> {
    let start = out.len();
    value.serialize(Encoder { out })?;
    let header = match out.get(start) {
        Some(&m::STR16) => 3,
        Some(&m::STR32) => 5,
        _ => 1,
    };
    out.drain(start..start + header);
    Ok(())
}

/// A list or a map: how its header is written.
#[derive(Clone, Copy)]
enum Shape {
    List,
    Map,
}

#[inline]
fn put_header(out: &mut Vec<u8>, shape: Shape, len: usize) -> Result<()> {
    let (fix, marker16, marker32) = match shape {
        Shape::List => (m::FIXLIST, m::LIST16, m::LIST32),
        Shape::Map => (m::FIXMAP, m::MAP16, m::MAP32),
    };
    if len <= m::FIXLEN_MAX {
        out.push(fix | len as u8);
        return Ok(());
    }
    put_len(out, len, marker16, marker32)
}

impl<'a> ser::Serializer for Encoder<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Items<'a>;
    type SerializeMap = Items<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Fields<'a>;

    fn is_human_readable(&self) -> bool {
        false
    }

    #[inline]
    fn serialize_bool(self, v: bool) -> Result<()> {
        self.out.push(if v { m::TRUE } else { m::FALSE });
        Ok(())
    }

    #[inline]
    fn serialize_i8(self, v: i8) -> Result<()> {
        self.serialize_i64(v.into())
    }

    #[inline]
    fn serialize_i16(self, v: i16) -> Result<()> {
        self.serialize_i64(v.into())
    }

    #[inline]
    fn serialize_i32(self, v: i32) -> Result<()> {
        self.serialize_i64(v.into())
    }

    #[inline]
    fn serialize_i64(self, v: i64) -> Result<()> {
        put_int(self.out, v);
        Ok(())
    }

    fn serialize_i128(self, v: i128) -> Result<()> {
        match (i64::try_from(v), u64::try_from(v)) {
            (Ok(v), _) => self.serialize_i64(v),
            (_, Ok(v)) => self.serialize_u64(v),
            _ => Err(EncodeError::TooWide),
        }
    }

    #[inline]
    fn serialize_u8(self, v: u8) -> Result<()> {
        self.serialize_u64(v.into())
    }

    #[inline]
    fn serialize_u16(self, v: u16) -> Result<()> {
        self.serialize_u64(v.into())
    }

    #[inline]
    fn serialize_u32(self, v: u32) -> Result<()> {
        self.serialize_u64(v.into())
    }

    #[inline]
    fn serialize_u64(self, v: u64) -> Result<()> {
        put_uint(self.out, v);
        Ok(())
    }

    fn serialize_u128(self, v: u128) -> Result<()> {
        self.serialize_u64(u64::try_from(v).map_err(|_| EncodeError::TooWide)?)
    }

    fn serialize_f32(self, v: f32) -> Result<()> {
        put(self.out, m::F32, v.to_be_bytes());
        Ok(())
    }

    fn serialize_f64(self, v: f64) -> Result<()> {
        put(self.out, m::F64, v.to_be_bytes());
        Ok(())
    }

    fn serialize_char(self, v: char) -> Result<()> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, v: &str) -> Result<()> {
        put_raw(self.out, v.as_bytes())
    }

    #[inline]
    fn serialize_bytes(self, v: &[u8]) -> Result<()> {
        put_raw(self.out, v)
    }

    #[inline]
    fn serialize_none(self) -> Result<()> {
        self.out.push(m::NIL);
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        put_header(self.out, Shape::Map, 0)
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<()> {
        if name == VERBATIM {
            return put_verbatim(self.out, value);
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        put_header(self.out, Shape::Map, 1)?;
        put_raw(self.out, variant.as_bytes())?;
        value.serialize(self)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items<'a>> {
        Items::begin(self.out, Shape::List, len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Items<'a>> {
        Items::begin(self.out, Shape::List, Some(len))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Items<'a>> {
        Items::begin(self.out, Shape::List, Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Items<'a>> {
        put_header(self.out, Shape::Map, 1)?;
        put_raw(self.out, variant.as_bytes())?;
        Items::begin(self.out, Shape::List, Some(len))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Items<'a>> {
        Items::begin(self.out, Shape::Map, len)
    }

    #[inline]
    fn serialize_struct(self, _name: &'static str, len: usize) -> Result<Fields<'a>> {
        put_header(self.out, Shape::Map, len)?;
        Ok(Fields { out: self.out })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Fields<'a>> {
        put_header(self.out, Shape::Map, 1)?;
        put_raw(self.out, variant.as_bytes())?;
        self.serialize_struct(name, len)
    }
}

/// Elements of a list, or keys and values of a map, as they come.
pub(crate) struct Items<'a> {
    out: &'a mut Vec<u8>,
    shape: Shape,
    /// Where the header goes and how many items came, when the length was not known beforehand.
    late: Option<(usize, usize)>,
}

impl<'a> Items<'a> {
    fn begin(out: &'a mut Vec<u8>, shape: Shape, len: Option<usize>) -> Result<Self> {
        let late = match len {
            Some(len) => put_header(out, shape, len).map(|()| None)?,
            None => Some((out.len(), 0)),
        };
        Ok(Self { out, shape, late })
    }

    #[inline]
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        if let Some((_, count)) = &mut self.late {
            *count += 1;
        }
        value.serialize(Encoder { out: self.out })
    }

    fn finish(self) -> Result<()> {
        let Some((at, count)) = self.late else { return Ok(()) };
        let len = match self.shape {
            Shape::List => count,
            Shape::Map => count / 2,
        };
        let mut header = Vec::with_capacity(5);
        put_header(&mut header, self.shape, len)?;
        self.out.splice(at..at, header);
        Ok(())
    }
}

impl ser::SerializeSeq for Items<'_> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.item(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeTuple for Items<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.item(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeTupleStruct for Items<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.item(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeTupleVariant for Items<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.item(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeMap for Items<'_> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.item(key)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.item(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

/// Fields of a structure, written in the order they come: the derive brings them sorted.
pub(crate) struct Fields<'a> {
    out: &'a mut Vec<u8>,
}

impl ser::SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        put_raw(self.out, key.as_bytes())?;
        value.serialize(Encoder { out: self.out })
    }

    #[inline]
    fn end(self) -> Result<()> {
        Ok(())
    }
}

impl ser::SerializeStructVariant for Fields<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        ser::SerializeStruct::serialize_field(self, key, value)
    }

    fn end(self) -> Result<()> {
        Ok(())
    }
}
