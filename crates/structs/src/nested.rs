//! Structures that are one raw value on the wire, which holds their encoding.

use std::ops::{Deref, DerefMut};

use proconsul_msgpack::{Shape, Shaped, nested};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

/// A structure that Go hands to the codec already encoded: one raw that holds the encoding. Otherwise it is the structure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nested<T>(pub T);

impl<T> Deref for Nested<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Nested<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Nested<T> {
    fn from(content: T) -> Self {
        Self(content)
    }
}

impl<T: Shaped> Shaped for Nested<T> {
    fn shape() -> Shape {
        nested::shape::<T>()
    }
}

impl<T: Serialize> Serialize for Nested<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        nested::serialize(&self.0, to)
    }
}

impl<'de, T: DeserializeOwned + Default> Deserialize<'de> for Nested<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        nested::deserialize(from).map(Self)
    }
}
