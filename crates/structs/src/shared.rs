//! Records that many replies share.

use std::{ops::Deref, sync::Arc};

use proconsul_msgpack::{Shape, Shaped};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A record in a reply's list, cloned by counting: what the store holds goes into a reply without being copied.
///
/// On the wire it is the record itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared<T>(pub Arc<T>);

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Shared<T> {
    fn from(record: T) -> Self {
        Self(Arc::new(record))
    }
}

impl<T> From<Arc<T>> for Shared<T> {
    fn from(record: Arc<T>) -> Self {
        Self(record)
    }
}

impl<T: Shaped> Shaped for Shared<T> {
    fn shape() -> Shape {
        T::shape()
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(Self::from)
    }
}
