//! What must never be printed.

use std::fmt;

/// A text that gives rights to whoever knows it: an ACL token, a gossip key. `Debug` prints `<hidden>`, and there is no
/// `Display`; whoever needs the text says so with [`Secret::reveal`].
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Secret(Box<str>);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself. Not for logs, spans, metrics or errors.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none: the anonymous caller on the wire.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "<none>" } else { "<hidden>" })
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_never_shows_the_text() {
        let shown = format!("{:?} {:?}", Secret::new("5a8a3b0c"), Some(Secret::from("x")));
        assert_eq!(shown, "<hidden> Some(<hidden>)");
        assert_eq!(format!("{:?}", Secret::default()), "<none>");
    }
}
