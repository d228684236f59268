//! Who may ask, and who may change something: decided from a request's head alone.
//!
//! A port of the loopback is open to every program of the machine, and to every web page that a browser there shows. Pages
//! are kept out by `Host` (a name of theirs that resolves to the loopback is not ours) and by `Origin`; programs of other
//! users may look, and may not change anything without the token.
use hyper::{
    HeaderMap, StatusCode, Uri,
    header::{HOST, HeaderName, ORIGIN},
};

use crate::Token;

/// The header that the token is sent in.
pub const TOKEN_HEADER: &str = "X-Proconsul-Token";

/// The same, as it is looked up.
static TOKEN: HeaderName = HeaderName::from_static("x-proconsul-token");

/// Who gets in.
#[derive(Clone, Debug)]
pub(crate) enum Guard {
    /// Whoever could open the socket is its owner.
    Owner,
    /// Whoever names us as we are named.
    Anybody { authorities: [String; 3], port: u16, token: Token },
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// It names another host than us, or none, or several.
    Host,
    /// A page of somebody else's asks.
    Origin,
    /// It would change something and has no token, or another.
    Token,
}

impl Denied {
    pub(crate) const fn status(self) -> StatusCode {
        StatusCode::FORBIDDEN
    }

    /// What the client is told.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Host => "Host must be 127.0.0.1, [::1] or localhost, with this listener's port\n",
            Self::Origin => "only this listener's own page may ask\n",
            Self::Token => "this takes the token that the server printed at its start, in X-Proconsul-Token\n",
        }
    }
}

impl Guard {
    /// For a socket that only its owner can open.
    pub(crate) fn of_owner() -> Self {
        Self::Owner
    }

    /// For a port of the loopback.
    pub(crate) fn of_anybody(port: u16, token: Token) -> Self {
        let authorities = ["127.0.0.1", "[::1]", "localhost"].map(|host| format!("{host}:{port}"));
        Self::Anybody { authorities, port, token }
    }

    /// Whether a request may be answered at all.
    ///
    /// # Errors
    /// Why it may not.
    pub(crate) fn admit(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Denied> {
        let origins: Vec<&[u8]> = headers.get_all(ORIGIN).iter().map(|value| value.as_bytes()).collect();
        if matches!(self, Self::Owner) {
            // No page's origin is a unix socket.
            return if origins.is_empty() { Ok(()) } else { Err(Denied::Origin) };
        }
        let mut hosts = headers.get_all(HOST).iter().map(|value| value.as_bytes());
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(Denied::Host) };
        // A request may name its host in the first line too.
        let line = uri.authority().map(|authority| authority.as_str().as_bytes());
        if !self.is_ours(host) || !line.is_none_or(|line| self.is_ours(line)) {
            return Err(Denied::Host);
        }
        match origins.as_slice() {
            [] => Ok(()),
            [origin] if origin.strip_prefix(b"http://").is_some_and(|host| self.is_ours(host)) => Ok(()),
            _ => Err(Denied::Origin),
        }
    }

    /// Whether a request that was admitted may change something.
    ///
    /// # Errors
    /// It may not.
    pub(crate) fn permit(&self, headers: &HeaderMap) -> Result<(), Denied> {
        let Self::Anybody { token, .. } = self else { return Ok(()) };
        let mut told = headers.get_all(&TOKEN).iter();
        match (told.next(), told.next()) {
            (Some(told), None) if token.is(told.as_bytes()) => Ok(()),
            _ => Err(Denied::Token),
        }
    }

    /// Whether `authority` is how this listener is called.
    fn is_ours(&self, authority: &[u8]) -> bool {
        let Self::Anybody { authorities, port, .. } = self else { return true };
        authorities.iter().any(|ours| {
            let bare = ours.strip_suffix(":80").filter(|_| *port == 80); // what browsers leave out
            let ours = [Some(ours.as_str()), bare];
            ours.into_iter().flatten().any(|ours| ours.as_bytes().eq_ignore_ascii_case(authority))
        })
    }
}

#[cfg(test)]
mod tests;
