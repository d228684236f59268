//! What the derive's code is made of: keys sorted at compile time, fields written by number and read by key or position.
//!
//! Not for use by hand. Fields are numbered in declaration order, those of embedded structures in place.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeStruct;

/// How many fields a structure may have, embedded ones included. Consul's largest has below 100.
pub(crate) const FIELDS_MAX: usize = 256;

/// Keys in declaration order, built up in constants.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    names: [&'static str; FIELDS_MAX],
    len: usize,
}

impl Keys {
    /// No keys.
    pub const NONE: Self = Self { names: [""; FIELDS_MAX], len: 0 };

    /// With one more key.
    pub const fn key(mut self, name: &'static str) -> Self {
        self.names[self.len] = name;
        self.len += 1;
        self
    }

    /// With the keys of an embedded structure.
    pub const fn embed(mut self, other: &Self) -> Self {
        let mut i = 0;
        while i < other.len {
            self = self.key(other.names[i]);
            i += 1;
        }
        self
    }

    /// How many keys there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The keys.
    pub fn as_slice(&self) -> &[&'static str] {
        &self.names[..self.len]
    }
}

/// Field numbers in the order of their keys' bytes.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    numbers: [u8; FIELDS_MAX],
    /// Where each number stands.
    places: [u8; FIELDS_MAX],
    len: usize,
}

impl Order {
    /// Sorts `keys`. Two fields with the same key do not compile, embedded ones included:
    ///
    /// ```compile_fail
    /// #[derive(Default, proconsul_msgpack::Wire)]
    /// struct Inner {
    ///     key: u8,
    /// }
    /// #[derive(Default, proconsul_msgpack::Wire)]
    /// struct Outer {
    ///     #[wire(embed)]
    ///     inner: Inner,
    ///     key: u8,
    /// }
    /// proconsul_msgpack::to_vec(&Outer::default());
    /// ```
    pub const fn of(keys: &Keys) -> Self {
        let mut out = Self { numbers: [0; FIELDS_MAX], places: [0; FIELDS_MAX], len: 0 };
        while out.len < keys.len {
            let key = keys.names[out.len].as_bytes();
            let mut at = out.len;
            while at > 0 {
                let before = keys.names[out.numbers[at - 1] as usize].as_bytes();
                match compare(before, key) {
                    0 => panic!("two fields have the same key"),
                    1 => out.numbers[at] = out.numbers[at - 1],
                    _ => break,
                }
                at -= 1;
            }
            out.numbers[at] = out.len as u8;
            out.len += 1;
        }
        let mut place = 0;
        while place < out.len {
            out.places[out.numbers[place] as usize] = place as u8;
            place += 1;
        }
        out
    }

    /// The numbers.
    pub fn as_slice(&self) -> &[u8] {
        &self.numbers[..self.len]
    }
}

/// -1, 0 or 1 as `a` is below, equal to or above `b`.
const fn compare(a: &[u8], b: &[u8]) -> i8 {
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return if a[i] < b[i] { -1 } else { 1 };
        }
        i += 1;
    }
    if a.len() == b.len() {
        return 0;
    }
    if a.len() < b.len() { -1 } else { 1 }
}

/// A structure's keys and how its fields are written.
pub trait Fields {
    /// In declaration order.
    const KEYS: &'static Keys;
    /// In writing order.
    const ORDER: &'static Order = &Order::of(Self::KEYS);

    /// The number of the field with this key.
    fn field_number(key: &[u8]) -> Option<usize>;

    /// How many fields are written.
    fn fields_present(&self) -> usize;

    /// Writes one field, or nothing if it is left out.
    ///
    /// # Errors
    /// What the field's value or `out` gives.
    fn write_field<S: SerializeStruct>(&self, number: usize, out: &mut S) -> Result<(), S::Error>;
}

/// How a structure's fields are read.
pub trait ReadFields<'de>: Fields + Default {
    /// Reads the next value into one field; false if there is none.
    ///
    /// # Errors
    /// What the field's type or `from` gives.
    fn read_field<R: ReadNext<'de>>(&mut self, number: usize, from: &mut R) -> Result<bool, R::Error>;
}

/// Where the next field's value comes from.
pub trait ReadNext<'de> {
    /// Why it does not come.
    type Error;

    /// The next value, or `None` at the end of a list.
    ///
    /// # Errors
    /// What its type or the format gives.
    fn next<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, Self::Error>;

    /// Puts the next value into `field`; false at the end of a list.
    ///
    /// # Errors
    /// As [`ReadNext::next`].
    fn next_into<T: Deserialize<'de>>(&mut self, field: &mut T) -> Result<bool, Self::Error>;
}

/// Reads a value where it stays.
pub(crate) struct Into<'a, T>(pub(crate) &'a mut T);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Into<'_, T> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        T::deserialize_in_place(deserializer, self.0)
    }
}

pub(crate) struct FromMap<'a, A>(pub(crate) &'a mut A);

impl<'de, A: MapAccess<'de>> ReadNext<'de> for FromMap<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, A::Error> {
        self.0.next_value().map(Some)
    }

    #[inline]
    fn next_into<T: Deserialize<'de>>(&mut self, field: &mut T) -> Result<bool, A::Error> {
        self.0.next_value_seed(Into(field)).map(|()| true)
    }
}

pub(crate) struct FromSeq<'a, A>(pub(crate) &'a mut A);

impl<'de, A: SeqAccess<'de>> ReadNext<'de> for FromSeq<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, A::Error> {
        self.0.next_element()
    }

    #[inline]
    fn next_into<T: Deserialize<'de>>(&mut self, field: &mut T) -> Result<bool, A::Error> {
        Ok(self.0.next_element_seed(Into(field))?.is_some())
    }
}

/// Reads a structure: from a map by key, from a list by position, from nil as its default.
///
/// # Errors
/// What a field's type or the format gives.
#[inline]
pub fn read_struct<'de, T: ReadFields<'de>, D: Deserializer<'de>>(
    name: &'static str,
    deserializer: D,
) -> Result<T, D::Error> {
    let mut out = T::default();
    deserializer.deserialize_struct(name, T::KEYS.as_slice(), FieldsVisitor(&mut out))?;
    Ok(out)
}

/// As [`read_struct`], where the structure stays. What was there is lost.
///
/// # Errors
/// As [`read_struct`].
#[inline]
pub fn read_struct_in_place<'de, T: ReadFields<'de>, D: Deserializer<'de>>(
    name: &'static str,
    deserializer: D,
    place: &mut T,
) -> Result<(), D::Error> {
    *place = T::default();
    deserializer.deserialize_struct(name, T::KEYS.as_slice(), FieldsVisitor(place))
}

/// Reads into a structure that is its default.
struct FieldsVisitor<'a, T>(&'a mut T);

impl<'de, T: ReadFields<'de>> Visitor<'de> for FieldsVisitor<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a structure")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut expected = Expected::<T>::first();
        while let Some(number) = map.next_key_seed(&mut expected)? {
            match number {
                Some(number) => {
                    self.0.read_field(number, &mut FromMap(&mut map))?;
                }
                None => {
                    map.next_value::<serde::de::IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for number in 0..T::KEYS.len() {
            if !self.0.read_field(number, &mut FromSeq(&mut seq))? {
                break;
            }
        }
        Ok(())
    }
}

/// Reads a key as the number of its field. Peers mostly write all fields, sorted: so the one that follows is tried first.
struct Expected<T> {
    at: usize,
    of: PhantomData<T>,
}

impl<T: Fields> Expected<T> {
    fn first() -> Self {
        Self { at: 0, of: PhantomData }
    }

    #[inline]
    fn number_of(&mut self, key: &[u8]) -> Option<usize> {
        if let Some(&number) = T::ORDER.as_slice().get(self.at) {
            let number = usize::from(number);
            if same(key, T::KEYS.names[number].as_bytes()) {
                self.at += 1;
                return Some(number);
            }
        }
        self.unexpected(key)
    }

    #[cold]
    fn unexpected(&mut self, key: &[u8]) -> Option<usize> {
        let number = T::field_number(key)?;
        if let Some(place) = T::ORDER.places.get(number) {
            self.at = usize::from(*place) + 1;
        }
        Some(number)
    }
}

/// Whether two keys are the same, without a call for those of usual length.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if let (Some(first), Some(last)) = (a.first_chunk::<8>(), a.last_chunk::<8>()) {
        return b.first_chunk() == Some(first) && b.last_chunk() == Some(last) && (a.len() <= 16 || a == b);
    }
    if let (Some(first), Some(last)) = (a.first_chunk::<4>(), a.last_chunk::<4>()) {
        return b.first_chunk() == Some(first) && b.last_chunk() == Some(last);
    }
    a.iter().eq(b)
}

impl<'de, T: Fields> DeserializeSeed<'de> for &mut Expected<T> {
    type Value = Option<usize>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<T: Fields> Visitor<'_> for &mut Expected<T> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    #[inline]
    fn visit_bytes<E>(self, key: &[u8]) -> Result<Option<usize>, E> {
        Ok(self.number_of(key))
    }

    #[inline]
    fn visit_str<E>(self, key: &str) -> Result<Option<usize>, E> {
        Ok(self.number_of(key.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_same_when_all_their_bytes_are() {
        let key = b"DeregisterCriticalServiceAfter";
        for len in 0..=key.len() {
            let key = &key[..len];
            assert!(same(key, key));
            assert!(!same(key, &[key, b"x"].concat()) && !same(&[key, b"x"].concat(), key));
            for at in 0..len {
                let mut other = key.to_vec();
                other[at] ^= 1;
                assert!(!same(key, &other) && !same(&other, key), "{at} of {len}");
            }
        }
    }
}
