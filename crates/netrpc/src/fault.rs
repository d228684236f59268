//! An error as the caller will see it.
use proconsul_msgpack::{DecodeError, EncodeError, GoStr};

/// What becomes of the stream once the error is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The next call is read: the error is the method's answer.
    KeepOpen,
    /// The stream ends: nothing after this request can be trusted or is wanted.
    Close,
    /// The bytes that were taken for the body are too few for its decoder: it is asked again when more have come.
    ReadOn,
}

/// A call that is answered with an error: its text, which is protocol, and what becomes of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The text in the `Error` field of the answer. Never empty: an empty one would mean success.
    pub text: GoStr,
    /// What becomes of the stream.
    pub then: Then,
}

impl Fault {
    /// An error that a method answers with; the stream goes on.
    pub fn answer(text: impl Into<GoStr>) -> Self {
        Self { text: text.into(), then: Then::KeepOpen }
    }

    /// An error after which the stream is closed.
    pub fn closing(text: impl Into<GoStr>) -> Self {
        Self { text: text.into(), then: Then::Close }
    }

    /// A body that cannot be decoded: the codec's text, then the stream ends, because where the next call begins is unknown.
    /// A body that is too short for its decoder is read on, as Go's decoder does: it takes some wrong bytes for the length
    /// of a string or map, and what comes next for its content.
    pub fn undecodable(error: &DecodeError) -> Self {
        let text = GoStr::from(error.wire_text().as_ref());
        Self { text, then: if error.is_incomplete() { Then::ReadOn } else { Then::Close } }
    }

    /// A reply that cannot be encoded: a mistake of ours, which costs this call alone.
    pub fn unencodable(error: &EncodeError) -> Self {
        Self::answer(format!("rpc: reply cannot be encoded: {error}"))
    }
}

impl From<proconsul_types::WireText> for Fault {
    fn from(text: proconsul_types::WireText) -> Self {
        Self::answer(GoStr::from(text.to_string()))
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.text, f)
    }
}

impl std::error::Error for Fault {}
