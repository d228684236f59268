//! What changes take over TCP, where anybody on the machine can connect.
use std::fmt;

use uuid::Uuid;

/// A secret of one run of a server, printed at its start.
#[derive(Clone)]
pub struct Token(Box<str>);

impl Token {
    /// A new one: 122 random bits from the operating system.
    pub fn random() -> Self {
        Self(Uuid::new_v4().simple().to_string().into())
    }

    /// The one that somebody was told, for [`Client`](crate::client::Client). What is around it is white space.
    pub fn told(text: &str) -> Self {
        Self(text.trim().into())
    }

    /// The secret itself, to print it or to send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether `told` is this token; how long that takes does not tell where they differ.
    pub(crate) fn is(&self, told: &[u8]) -> bool {
        let own = self.0.as_bytes();
        own.len() == told.len() && own.iter().zip(told).fold(0, |differ, (one, other)| differ | (one ^ other)) == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hidden>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_itself_and_nothing_else() {
        let token = Token::random();
        let told = token.reveal().to_owned();
        assert!(token.is(told.as_bytes()) && told.len() == 32);
        assert!(!token.is(b"") && !token.is(&told.as_bytes()[1..]) && !token.is(format!("{told} ").as_bytes()));
        for at in 0..told.len() {
            let mut other = told.clone().into_bytes();
            other[at] ^= 1;
            assert!(!token.is(&other), "byte {at} counts");
        }
        assert!(!Token::random().is(told.as_bytes()), "every token is new");
        assert!(Token::told(&format!(" {told}\n")).is(told.as_bytes()));
    }

    #[test]
    fn a_token_is_not_shown_by_accident() {
        let token = Token::random();
        assert_eq!(format!("{token:?}"), "<hidden>");
    }
}
