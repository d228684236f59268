//! What is wrong with JSON, and where.

use std::fmt;

use crate::DurationError;

/// JSON that is not of the wanted shape.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}{problem}", Place(.path))]
pub struct JsonError {
    /// Where: field names and positions, `Entries[2].Meta`. Empty: the whole.
    pub path: String,
    /// What.
    pub problem: Problem,
}

/// A path with what separates it from the problem.
struct Place<'a>(&'a str);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "{}: ", self.0) }
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A name that is none of the structure's fields.
    #[error("{structure} has no such field{}", Hint(.nearest.as_deref()))]
    UnknownField {
        /// The structure.
        structure: &'static str,
        /// The field that was probably meant.
        nearest: Option<String>,
    },
    /// The same field under both its names.
    #[error("stands beside {0}, which is another name of the same field; leave one out")]
    Twice(&'static str),
    /// Another kind of value than is wanted here.
    #[error("{found} where {wanted} is wanted")]
    WrongKind {
        /// What is wanted.
        wanted: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A number that the field cannot hold.
    #[error("{number} is out of range: {min} to {max}")]
    OutOfRange {
        /// The number.
        number: String,
        /// The least.
        min: i64,
        /// The greatest.
        max: u64,
    },
    /// Bytes that are not in base64.
    #[error("bytes are written in standard base64, with padding")]
    Base64,
    /// A text that is no time.
    #[error("is not an RFC 3339 time: write for example \"2024-03-01T12:34:56Z\"")]
    Time,
    /// A text that is no duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// A word that has to be known, and is not.
    #[error("there is no {what} {word:?}{}", Hint(.nearest.as_deref()))]
    UnknownWord {
        /// What the words are about.
        what: &'static str,
        /// The word.
        word: String,
        /// The one that was probably meant.
        nearest: Option<String>,
    },
    /// Something without which the rest has no meaning.
    #[error("is needed: {0}")]
    Missing(&'static str),
    /// A protobuf message that is not right.
    #[error("{0}")]
    Protobuf(String),
    /// Deeper than [`super::JSON_DEPTH_MAX`].
    #[error("nests deeper than {} levels", super::JSON_DEPTH_MAX)]
    TooDeep,
}

/// `; did you mean ...?`, if anything was meant.
struct Hint<'a>(Option<&'a str>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(nearest) => write!(f, "; did you mean {nearest}?"),
            None => Ok(()),
        }
    }
}
