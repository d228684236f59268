//! The conversion itself, and how texts, numbers, times, lists and maps convert.

use std::collections::BTreeMap;

use bytes::Bytes;
use proconsul_msgpack::{GoStr, Time};
use proconsul_structs::{GoDuration, List, Map, Secret, Shared, Token};
use prost_types::{Duration, Timestamp};

use crate::{ConvertError, Reason};

const NANOS_PER_SEC: i128 = 1_000_000_000;
const NANOS_MAX: u32 = 999_999_999;

/// A type of `proconsul-structs` that the protobuf type `P` mirrors.
///
/// What a message lacks is left out on the way there and is the default on the way back. Where a type of `structs` tells nil from
/// empty, protobuf does not: the way back gives what Consul gives, nil for texts and numbers, empty for lists of messages.
pub trait Mirror<P>: Sized {
    /// Whether a list or map of these that comes without any is nil, not empty.
    #[doc(hidden)]
    const NONE_IS_NIL: bool = false;

    /// The protobuf form.
    ///
    /// # Errors
    /// What protobuf cannot say: text that is not UTF-8, numbers of more bits than the message has, words without a number.
    fn to_proto(&self) -> Result<P, ConvertError>;

    /// The form of `proconsul-structs`.
    ///
    /// # Errors
    /// Numbers of an enum that stand for nothing we know, and what no peer of ours writes.
    fn from_proto(proto: P) -> Result<Self, ConvertError>;
}

/// A mirrored type that is its default where its message is absent.
pub trait Part: Default {}

/// A mirrored type that may be absent on both sides.
pub trait Optional {}

impl<T: Part + Mirror<P>, P> Mirror<Option<P>> for T {
    fn to_proto(&self) -> Result<Option<P>, ConvertError> {
        self.to_proto().map(Some)
    }

    fn from_proto(proto: Option<P>) -> Result<Self, ConvertError> {
        proto.map_or_else(|| Ok(Self::default()), Self::from_proto)
    }
}

impl<T: Optional + Mirror<P>, P> Mirror<Option<P>> for Option<T> {
    fn to_proto(&self) -> Result<Option<P>, ConvertError> {
        self.as_ref().map(T::to_proto).transpose()
    }

    fn from_proto(proto: Option<P>) -> Result<Self, ConvertError> {
        proto.map(T::from_proto).transpose()
    }
}

impl<T: Mirror<P>, P> Mirror<Box<P>> for Box<T> {
    fn to_proto(&self) -> Result<Box<P>, ConvertError> {
        T::to_proto(self).map(Box::new)
    }

    fn from_proto(proto: Box<P>) -> Result<Self, ConvertError> {
        T::from_proto(*proto).map(Box::new)
    }
}

impl<T> Optional for Box<T> {}

impl<T> Optional for Shared<T> {}

impl<T: Part + Mirror<P>, P> Mirror<P> for Shared<T> {
    fn to_proto(&self) -> Result<P, ConvertError> {
        T::to_proto(self)
    }

    fn from_proto(proto: P) -> Result<Self, ConvertError> {
        T::from_proto(proto).map(Self::from)
    }
}

impl<T: Mirror<P>, P> Mirror<Vec<P>> for List<T> {
    fn to_proto(&self) -> Result<Vec<P>, ConvertError> {
        self.iter().flatten().map(T::to_proto).collect()
    }

    fn from_proto(proto: Vec<P>) -> Result<Self, ConvertError> {
        if T::NONE_IS_NIL && proto.is_empty() {
            return Ok(None);
        }
        proto.into_iter().map(T::from_proto).collect::<Result<_, _>>().map(Some)
    }
}

impl<T: Mirror<P>, P> Mirror<BTreeMap<String, P>> for Map<T> {
    fn to_proto(&self) -> Result<BTreeMap<String, P>, ConvertError> {
        self.iter().flatten().map(|(key, value)| Ok((key.to_proto()?, value.to_proto()?))).collect()
    }

    fn from_proto(proto: BTreeMap<String, P>) -> Result<Self, ConvertError> {
        if T::NONE_IS_NIL && proto.is_empty() {
            return Ok(None);
        }
        let convert = |(key, value)| Ok((GoStr::from_proto(key)?, T::from_proto(value)?));
        proto.into_iter().map(convert).collect::<Result<_, _>>().map(Some)
    }
}

impl Mirror<String> for GoStr {
    const NONE_IS_NIL: bool = true;

    fn to_proto(&self) -> Result<String, ConvertError> {
        self.to_str().map(str::to_owned).ok_or_else(|| Reason::NotUtf8.into())
    }

    fn from_proto(proto: String) -> Result<Self, ConvertError> {
        Ok(proto.into())
    }
}

impl Mirror<String> for Secret {
    fn to_proto(&self) -> Result<String, ConvertError> {
        self.reveal().to_proto()
    }

    fn from_proto(proto: String) -> Result<Self, ConvertError> {
        Ok(Self::new(proto))
    }
}

impl Mirror<String> for Token {
    fn to_proto(&self) -> Result<String, ConvertError> {
        self.reveal().to_proto()
    }

    fn from_proto(proto: String) -> Result<Self, ConvertError> {
        Ok(Self::new(proto))
    }
}

/// Bytes: none are nil.
impl Mirror<Bytes> for Option<Bytes> {
    fn to_proto(&self) -> Result<Bytes, ConvertError> {
        Ok(self.clone().unwrap_or_default())
    }

    fn from_proto(proto: Bytes) -> Result<Self, ConvertError> {
        Ok(Some(proto).filter(|bytes| !bytes.is_empty()))
    }
}

/// Numbers and truths that convert if they are in range.
macro_rules! plain {
    ($($ours:ty => $theirs:ty,)+) => {$(
        impl Mirror<$theirs> for $ours {
            const NONE_IS_NIL: bool = true;

            fn to_proto(&self) -> Result<$theirs, ConvertError> {
                <$theirs>::try_from(*self).map_err(|_| Reason::Range(stringify!($theirs)).into())
            }

            fn from_proto(proto: $theirs) -> Result<Self, ConvertError> {
                Self::try_from(proto).map_err(|_| Reason::Range(stringify!($ours)).into())
            }
        }
    )+};
}

plain! {
    bool => bool,
    i64 => i32,
    i64 => u32,
    u32 => u32,
    u64 => u32,
    u64 => u64,
}

/// Numbers that may be unset, which protobuf does not tell from 0: back they are 0, as Consul has it.
macro_rules! plain_optional {
    ($($ours:ty => $theirs:ty,)+) => {$(
        impl Mirror<$theirs> for Option<$ours> {
            fn to_proto(&self) -> Result<$theirs, ConvertError> {
                self.unwrap_or_default().to_proto()
            }

            fn from_proto(proto: $theirs) -> Result<Self, ConvertError> {
                <$ours>::from_proto(proto).map(Some)
            }
        }
    )+};
}

plain_optional! {
    i64 => i32,
    u32 => u32,
}

impl Mirror<Duration> for GoDuration {
    fn to_proto(&self) -> Result<Duration, ConvertError> {
        // A remainder is less than a second of nanoseconds.
        Ok(Duration { seconds: self.0 / NANOS_PER_SEC as i64, nanos: (self.0 % NANOS_PER_SEC as i64) as i32 })
    }

    /// What is longer than Go's durations can be becomes the longest, as in Go's `AsDuration`.
    fn from_proto(proto: Duration) -> Result<Self, ConvertError> {
        let nanos = i128::from(proto.seconds) * NANOS_PER_SEC + i128::from(proto.nanos);
        Ok(Self(nanos.clamp(i64::MIN.into(), i64::MAX.into()) as i64))
    }
}

impl Part for GoDuration {}

impl Optional for GoDuration {}

/// An instant; the zone is lost.
impl Mirror<Timestamp> for Time {
    fn to_proto(&self) -> Result<Timestamp, ConvertError> {
        let (seconds, nanos) = self.unix();
        Ok(Timestamp { seconds, nanos: i32::try_from(nanos).map_err(|_| Reason::Timestamp)? })
    }

    fn from_proto(proto: Timestamp) -> Result<Self, ConvertError> {
        let nanos = u32::try_from(proto.nanos).ok().filter(|nanos| *nanos <= NANOS_MAX).ok_or(Reason::Timestamp)?;
        Ok(Self::from_unix(proto.seconds, nanos))
    }
}

/// An absent timestamp is the start of 1970, not Go's zero time: so Consul reads it.
impl Mirror<Option<Timestamp>> for Time {
    fn to_proto(&self) -> Result<Option<Timestamp>, ConvertError> {
        self.to_proto().map(Some)
    }

    fn from_proto(proto: Option<Timestamp>) -> Result<Self, ConvertError> {
        Self::from_proto(proto.unwrap_or_default())
    }
}

impl Mirror<Option<Timestamp>> for Option<Time> {
    fn to_proto(&self) -> Result<Option<Timestamp>, ConvertError> {
        self.as_ref().map(Time::to_proto).transpose()
    }

    fn from_proto(proto: Option<Timestamp>) -> Result<Self, ConvertError> {
        proto.map(Time::from_proto).transpose()
    }
}

/// A list that Consul makes even where the message has none.
pub(crate) fn never_nil<T: Mirror<P>, P>(proto: Vec<P>) -> Result<List<T>, ConvertError> {
    proto.into_iter().map(T::from_proto).collect::<Result<_, _>>().map(Some)
}
