//! Go's string: any bytes, cheap to clone.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::shared::counted;

/// Longest string that is kept in place, without an allocation.
pub(crate) const INLINE_BYTES_MAX: usize = 22;

/// A string as Go has it: usually UTF-8, never checked to be. Compared, ordered and hashed by its bytes, as byte slices are
/// (`HashMap<GoStr, _>` can be asked with `&[u8]`).
///
/// As large as a `String`. A short one, of up to 22 bytes, is kept in place; a longer one is counted, so that a clone is cheap.
#[derive(Clone)]
pub struct GoStr(Repr);

#[derive(Clone)]
enum Repr {
    // The first, so that an empty string is all zeros, and a structure of them is begun by clearing it.
    Inline { len: u8, bytes: [u8; INLINE_BYTES_MAX] },
    Static(&'static [u8]),
    Own(Arc<[u8]>),
    Part { of: Arc<Bytes>, at: u32, len: u32 },
}

const _: () = assert!(size_of::<GoStr>() == 24 && size_of::<Option<GoStr>>() == 24);

impl Repr {
    const EMPTY: Self = Self::Inline { len: 0, bytes: [0; INLINE_BYTES_MAX] };

    /// Kept in place, if it is short.
    #[inline]
    fn inline(from: &[u8]) -> Option<Self> {
        let mut bytes = [0; INLINE_BYTES_MAX];
        bytes.get_mut(..from.len())?.copy_from_slice(from);
        Some(Self::Inline { len: from.len() as u8, bytes })
    }

    fn own(from: &[u8]) -> Self {
        Self::Own(from.into())
    }

    /// `len` bytes of `of` from `at`, unless they are beyond what the numbers can say.
    fn part(of: Arc<Bytes>, at: usize, len: usize) -> Option<Self> {
        Some(Self::Part { of, at: at.try_into().ok()?, len: len.try_into().ok()? })
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            _ => self.elsewhere(),
        }
    }

    /// The bytes of one that is not kept in place. By itself, so that the usual case is small.
    #[inline(never)]
    fn elsewhere(&self) -> &[u8] {
        match self {
            Self::Inline { .. } => &[],
            Self::Static(bytes) => bytes,
            Self::Own(bytes) => bytes,
            Self::Part { of, at, len } => {
                of.get(*at as usize..).and_then(|rest| rest.get(..*len as usize)).unwrap_or_default()
            }
        }
    }
}

impl GoStr {
    /// The empty string.
    pub const EMPTY: Self = Self(Repr::EMPTY);

    /// A string that lives as long as the program, without allocating.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Repr::Static(text.as_bytes()))
    }

    /// Its bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Its text, if it is UTF-8.
    pub fn to_str(&self) -> Option<&str> {
        std::str::from_utf8(self).ok()
    }

    /// Its text, with what is not UTF-8 replaced.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self)
    }

    /// Its bytes, shared where it is a part of a buffer or lives as long as the program, otherwise copied.
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Repr::Static(bytes) => Bytes::from_static(bytes),
            Repr::Part { ref of, .. } => of.slice_ref(self.as_bytes()),
            Repr::Inline { .. } | Repr::Own(_) => Bytes::copy_from_slice(self.as_bytes()),
        }
    }

    /// Takes bytes that are being read: a reference to the buffer that they lie in, if that is known and they are long.
    #[inline]
    fn fill(&mut self, from: &[u8]) {
        if from.len() > INLINE_BYTES_MAX {
            return self.fill_long(from);
        }
        if !matches!(self.0, Repr::Inline { .. }) {
            self.0 = Repr::EMPTY;
        }
        if let Repr::Inline { len, bytes } = &mut self.0
            && let Some(place) = bytes.get_mut(..from.len())
        {
            place.copy_from_slice(from);
            *len = from.len() as u8;
        }
    }

    #[inline(never)]
    fn fill_long(&mut self, from: &[u8]) {
        let shared = counted(from).and_then(|(of, at)| Repr::part(of, at, from.len()));
        self.0 = shared.unwrap_or_else(|| Repr::own(from));
    }
}

impl Default for GoStr {
    #[inline]
    fn default() -> Self {
        Self::EMPTY
    }
}

impl PartialEq for GoStr {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for GoStr {}

impl PartialOrd for GoStr {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for GoStr {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for GoStr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl Deref for GoStr {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for GoStr {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Borrow<[u8]> for GoStr {
    #[inline]
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl From<&str> for GoStr {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<String> for GoStr {
    fn from(text: String) -> Self {
        text.as_bytes().into()
    }
}

impl From<&[u8]> for GoStr {
    fn from(bytes: &[u8]) -> Self {
        Self(Repr::inline(bytes).unwrap_or_else(|| Repr::own(bytes)))
    }
}

impl From<Vec<u8>> for GoStr {
    fn from(bytes: Vec<u8>) -> Self {
        bytes.as_slice().into()
    }
}

impl From<Bytes> for GoStr {
    /// Refers to the buffer unless it is short.
    fn from(bytes: Bytes) -> Self {
        let len = bytes.len();
        let long = || match u32::try_from(len) {
            Ok(len) => Repr::Part { of: Arc::new(bytes.clone()), at: 0, len },
            Err(_) => Repr::own(&bytes),
        };
        Self(Repr::inline(&bytes).unwrap_or_else(long))
    }
}

impl From<GoStr> for Bytes {
    fn from(text: GoStr) -> Self {
        text.into_bytes()
    }
}

impl PartialEq<str> for GoStr {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for GoStr {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl fmt::Display for GoStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_str_lossy())
    }
}

impl fmt::Debug for GoStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_str_lossy(), f)
    }
}

impl Serialize for GoStr {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&self.to_str_lossy())
        } else {
            serializer.serialize_bytes(self)
        }
    }
}

impl<'de> Deserialize<'de> for GoStr {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An identifier is a string whose bytes need not be UTF-8; formats that know no such thing give a string.
        let mut text = Self::EMPTY;
        deserializer.deserialize_identifier(Fill(&mut text))?;
        Ok(text)
    }

    #[inline]
    fn deserialize_in_place<D: Deserializer<'de>>(deserializer: D, place: &mut Self) -> Result<(), D::Error> {
        deserializer.deserialize_identifier(Fill(place))
    }
}

/// Reads a string where it stays.
struct Fill<'a>(&'a mut GoStr);

impl<'de> Visitor<'de> for Fill<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    #[inline]
    fn visit_borrowed_bytes<E: de::Error>(self, bytes: &'de [u8]) -> Result<(), E> {
        self.0.fill(bytes);
        Ok(())
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<(), E> {
        *self.0 = bytes.into();
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.visit_bytes(text.as_bytes())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        *self.0 = GoStr::EMPTY;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Around the longest that is kept in place.
    fn texts() -> impl Iterator<Item = Vec<u8>> {
        [0, 1, 7, 21, 22, 23, 24, 100].into_iter().map(|len| (b'a'..=b'z').cycle().take(len).collect())
    }

    fn made(text: &[u8]) -> [GoStr; 5] {
        let buffer = Bytes::from([b"before ", text, b" after"].concat());
        let bytes = crate::to_vec(&GoStr::from(text)).unwrap();
        [
            text.into(),
            text.to_vec().into(),
            buffer.slice(7..7 + text.len()).into(),
            String::from_utf8(text.to_vec()).unwrap().into(),
            crate::from_bytes(&Bytes::from(bytes)).unwrap(),
        ]
    }

    #[test]
    fn however_it_is_kept_it_is_its_bytes() {
        for text in texts() {
            let map = HashMap::from([(GoStr::from(text.as_slice()), ())]);
            for it in made(&text) {
                assert_eq!((it.as_bytes(), it.clone().into_bytes()), (&*text, Bytes::from(text.clone())));
                assert_eq!((&it, it.cmp(&text.as_slice().into())), (&it.clone(), Ordering::Equal));
                assert!(map.contains_key(&it) && map.contains_key(text.as_slice()));
                assert!(it < GoStr::from_static("b"));
            }
        }
    }

    #[test]
    fn a_string_read_over_another_leaves_nothing_of_it() {
        for before in texts() {
            for text in texts() {
                for mut place in made(&before) {
                    let bytes = crate::to_vec(&GoStr::from(text.as_slice())).unwrap();
                    crate::Decoder::new(&bytes).decode_seed(crate::fields::Into(&mut place)).unwrap();
                    assert_eq!(place.as_bytes(), text);
                }
            }
        }
    }

    #[test]
    fn only_what_is_long_refers_to_the_buffer_that_is_read() {
        for (len, shared) in [(22, false), (23, true), (100, true)] {
            let text = vec![b'x'; len];
            let parent = Bytes::from(crate::to_vec(&[text.as_slice(), &text].map(GoStr::from)).unwrap());
            let read: Vec<GoStr> = crate::from_bytes(&parent).unwrap();
            for it in read {
                assert_eq!(parent.as_ptr_range().contains(&it.as_bytes().as_ptr()), shared, "{len}");
                assert_eq!(parent.as_ptr_range().contains(&it.into_bytes().as_ptr()), shared, "{len}");
            }
        }
    }
}
