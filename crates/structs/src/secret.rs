//! What must not be seen in logs.

use std::fmt;

use proconsul_msgpack::{GoStr, Wire};

/// A private key, a password, or a structure that may hold one. On the wire it is what it wraps.
///
/// `Debug` does not show it, and there is no `Display`: whoever needs it says so with [`Secret::reveal`]. For a caller's rights
/// there is [`crate::Token`].
#[derive(Wire, Clone, Default, PartialEq, Eq)]
pub struct Secret<T = GoStr>(T);

impl<T> Secret<T> {
    /// Wraps a secret.
    pub fn new(secret: impl Into<T>) -> Self {
        Self(secret.into())
    }

    /// The secret itself. Not for logs, spans, metrics or errors.
    pub fn reveal(&self) -> &T {
        &self.0
    }

    /// The secret itself, to change it.
    pub fn reveal_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Default + PartialEq> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 == T::default() { "<none>" } else { "<hidden>" })
    }
}
