//! ACL tokens on the wire.

use std::fmt;

use proconsul_msgpack::{GoStr, Wire};

/// A token's secret id as it stands in a request: the right to do what the token may do. Empty is the anonymous caller.
///
/// `Debug` does not show it, and there is no `Display`: whoever needs the text says so with [`Token::reveal`].
#[derive(Wire, Clone, Default, PartialEq, Eq, Hash)]
pub struct Token(GoStr);

impl Token {
    /// Wraps a secret id.
    pub fn new(secret: impl Into<GoStr>) -> Self {
        Self(secret.into())
    }

    /// The secret itself. Not for logs, spans, metrics or errors.
    pub fn reveal(&self) -> &GoStr {
        &self.0
    }

    /// Whether there is none.
    pub fn is_anonymous(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_anonymous() { "<none>" } else { "<hidden>" })
    }
}
