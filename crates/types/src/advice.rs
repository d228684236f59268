//! What a caller may do about an error.

/// What may be done about a call that did not succeed, as far as the error itself tells.
///
/// It says what is *safe*; whether there is time left for it (the hold timeout, the call's deadline) is for the caller to
/// know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Advice {
    /// Ask another server at once: this one cannot answer, or not now, and nothing was changed.
    AskAnother,
    /// Ask again after a pause: no server can answer now, and nothing was changed.
    TryLater,
    /// Tell the caller. Either asking again would give the same answer, or it is not known whether the call took effect.
    Report,
}

impl Advice {
    /// Whether the call may be sent again at all, here or elsewhere.
    pub const fn may_retry(self) -> bool {
        !matches!(self, Self::Report)
    }
}
