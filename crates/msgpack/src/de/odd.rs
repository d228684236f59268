//! What serde's data model has no word for: extensions, and text that is not UTF-8.

use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};

use super::Result;
use crate::error::DecodeError;

/// What serde's data model has no word for, shown to a visitor as an enum.
pub(crate) enum Odd<'de> {
    /// An extension: its tag and bytes.
    Ext(u8, &'de [u8]),
    /// A string that is not UTF-8.
    Text(&'de [u8]),
}

/// Variant number of [`Odd::Ext`].
pub(crate) const ODD_EXT: u8 = 0;
/// Variant number of [`Odd::Text`].
const ODD_TEXT: u8 = 1;

impl<'de> de::EnumAccess<'de> for Odd<'de> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        let number = match self {
            Self::Ext(..) => ODD_EXT,
            Self::Text(_) => ODD_TEXT,
        };
        Ok((seed.deserialize(number.into_deserializer())?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Odd<'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    /// The bytes; an extension's tag before them, as a pair.
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        match self {
            Self::Text(raw) => seed.deserialize(de::value::BorrowedBytesDeserializer::new(raw)),
            Self::Ext(tag, data) => {
                seed.deserialize(de::value::SeqAccessDeserializer::new(Pair { tag: Some(tag), data }))
            }
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        match self {
            Self::Text(raw) => visitor.visit_borrowed_bytes(raw),
            Self::Ext(tag, data) => visitor.visit_seq(Pair { tag: Some(tag), data }),
        }
    }

    fn struct_variant<V: Visitor<'de>>(self, _fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.tuple_variant(2, visitor)
    }
}

/// A tag, then bytes.
struct Pair<'de> {
    tag: Option<u8>,
    data: &'de [u8],
}

impl<'de> de::SeqAccess<'de> for Pair<'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        match self.tag.take() {
            Some(tag) => seed.deserialize(tag.into_deserializer()).map(Some),
            None => {
                let data = std::mem::take(&mut self.data);
                seed.deserialize(de::value::BorrowedBytesDeserializer::new(data)).map(Some)
            }
        }
    }
}
