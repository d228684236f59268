//! The parts of a list or map, as serde asks for them.

use serde::de::{self, DeserializeSeed, Visitor};

use super::{Deserializer, EXPANSION_BYTES_MAX, EXPANSION_FREE, Result};
use crate::error::DecodeError;

/// What is left of a list, or of a map (keys and values counted).
#[derive(Clone, Copy)]
pub(super) struct Parts {
    pub(super) left: u64,
    pub(super) keyed: bool,
    /// Its values are as many as the peer likes, where those of a structure are as many as we say.
    pub(super) many: bool,
}

/// The parts of a container, one after the other.
pub(super) struct Items<'a, 'de> {
    pub(super) de: &'a mut Deserializer<'de>,
    pub(super) parts: Parts,
}

impl Items<'_, '_> {
    /// No more than the bytes at hand can hold: one each.
    fn hint(&self, left: u64) -> Option<usize> {
        Some(self.de.r.rest().len().min(usize::try_from(left).unwrap_or(usize::MAX)))
    }
}

impl<'de> Items<'_, 'de> {
    /// One part. Where there may be many, a large structure of few bytes is counted: a list of them would make very much of little.
    #[inline]
    fn part<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        if !self.parts.many || size_of::<T::Value>() <= EXPANSION_FREE {
            return seed.deserialize(&mut *self.de);
        }
        let start = self.de.r.at();
        let value = seed.deserialize(&mut *self.de)?;
        let free = EXPANSION_FREE.saturating_mul(self.de.r.at() - start);
        self.de.expansion += size_of::<T::Value>().saturating_sub(free);
        if self.de.expansion > EXPANSION_BYTES_MAX { Err(DecodeError::TooSparse) } else { Ok(value) }
    }
}

impl<'de> de::SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.parts.left == 0 {
            return Ok(None);
        }
        self.parts.left -= 1;
        self.part(seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.hint(self.parts.left)
    }
}

impl<'de> de::MapAccess<'de> for &mut Items<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if self.parts.left == 0 {
            return Ok(None);
        }
        self.parts.left -= 1;
        seed.deserialize(&mut *self.de).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        self.parts.left = self.parts.left.saturating_sub(1);
        self.part(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.hint(self.parts.left / 2)
    }
}

impl<'de> de::EnumAccess<'de> for &mut Items<'_, 'de> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(mut self, seed: V) -> Result<(V::Value, Self)> {
        let name = de::MapAccess::next_key_seed(&mut self, seed)?;
        name.map(|name| (name, self)).ok_or(DecodeError::Eof)
    }
}

impl<'de> de::VariantAccess<'de> for &mut Items<'_, 'de> {
    type Error = DecodeError;

    fn unit_variant(mut self) -> Result<()> {
        de::MapAccess::next_value(&mut self)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(mut self, seed: T) -> Result<T::Value> {
        de::MapAccess::next_value_seed(&mut self, seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.parts.left = 0;
        de::Deserializer::deserialize_tuple(&mut *self.de, len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.parts.left = 0;
        de::Deserializer::deserialize_struct(&mut *self.de, "", fields, visitor)
    }
}
