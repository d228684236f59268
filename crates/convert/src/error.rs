//! What cannot be said in the other form.

use std::fmt;

use thiserror::Error;

/// A value that the other form has no way to say, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}cannot be converted: {reason}", Path(path))]
pub struct ConvertError {
    /// The fields that lead to it, the innermost first, as the structures of Rust name them. Empty for the value itself.
    pub path: Vec<&'static str>,
    /// Why.
    pub reason: Reason,
}

/// Why a value has no other form. Says nothing of the value, as that may be secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Reason {
    /// Protobuf strings are UTF-8; Go's strings need not be.
    #[error("the text is not UTF-8, which protobuf requires: correct it where it was registered")]
    NotUtf8,
    /// The other form has fewer bits.
    #[error("the number is outside the range of {0}")]
    Range(&'static str),
    /// A word that the protobuf enum has no number for: most likely of a newer version.
    #[error("{0} has no number for this word: the cluster may run a newer version")]
    UnknownWord(&'static str),
    /// A number that no word stands for: most likely of a newer version.
    #[error("{0} has no word for the number {1}: the peer may run a newer version")]
    UnknownNumber(&'static str, i32),
    /// A value of free form that `google.protobuf.Value` cannot hold: a msgpack extension.
    #[error("an extension of msgpack has no form in JSON")]
    Extension,
    /// Nanoseconds that are no part of a second.
    #[error("the timestamp's nanoseconds are not within a second")]
    Timestamp,
    /// A raw value whose bytes are not the message that they should be.
    #[error("the bytes are not a protobuf message {0}")]
    NotAMessage(&'static str),
    /// A message without the part that says what it is.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An entry of a kind that the protobuf messages do not have.
    #[error("the protobuf messages have no such kind of entry")]
    Kind,
}

impl ConvertError {
    /// The same within a field.
    #[must_use]
    pub(crate) fn within(mut self, field: &'static str) -> Self {
        self.path.push(field);
        self
    }
}

impl From<Reason> for ConvertError {
    fn from(reason: Reason) -> Self {
        Self { path: Vec::new(), reason }
    }
}

/// A path for people: outermost first.
struct Path<'a>(&'a [&'static str]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, field) in self.0.iter().rev().enumerate() {
            write!(f, "{}{field}", if place == 0 { "" } else { "." })?;
        }
        f.write_str(if self.0.is_empty() { "" } else { " " })
    }
}
