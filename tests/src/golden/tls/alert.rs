//! What TLS connections die of, in the words of Go's `crypto/tls` (`alert.go` there), which the recordings hold.
use std::{fmt, io};

use rustls::{AlertDescription, Error};

/// An alert that came in: `alert tls: certificate required`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert(&'static str);

impl Alert {
    /// The recordings' text for it.
    pub fn word(self) -> &'static str {
        self.0
    }

    /// The alert with a number of the protocol's.
    pub fn by_number(number: u8) -> Self {
        Self(TEXTS.iter().find(|(known, _)| *known == number).map_or("alert tls: unknown", |(_, text)| text))
    }

    /// The alert within an error, if it is one.
    pub fn within(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

impl std::error::Error for Alert {}

/// The error of a connection that ended without an alert.
pub(super) fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "closed")
}

/// What reading the socket failed with: an end is an end, however the system calls it.
pub(super) fn of_socket(error: io::Error) -> io::Error {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    if matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset) { closed() } else { error }
}

/// What the session failed with.
pub(super) fn of_session(error: Error) -> io::Error {
    match error {
        Error::AlertReceived(alert) => io::Error::other(Alert::by_number(number(alert))),
        Error::InvalidMessage(_) => io::Error::other("tls: first record does not look like a TLS handshake"),
        other => io::Error::other(format!("tls: {other}")),
    }
}

fn number(alert: AlertDescription) -> u8 {
    alert.into()
}

const TEXTS: &[(u8, &str)] = &[
    (0, "alert tls: close notify"),
    (10, "alert tls: unexpected message"),
    (20, "alert tls: bad record MAC"),
    (21, "alert tls: decryption failed"),
    (22, "alert tls: record overflow"),
    (30, "alert tls: decompression failure"),
    (40, "alert tls: handshake failure"),
    (42, "alert tls: bad certificate"),
    (43, "alert tls: unsupported certificate"),
    (44, "alert tls: revoked certificate"),
    (45, "alert tls: expired certificate"),
    (46, "alert tls: unknown certificate"),
    (47, "alert tls: illegal parameter"),
    (48, "alert tls: unknown certificate authority"),
    (49, "alert tls: access denied"),
    (50, "alert tls: error decoding message"),
    (51, "alert tls: error decrypting message"),
    (60, "alert tls: export restriction"),
    (70, "alert tls: protocol version not supported"),
    (71, "alert tls: insufficient security level"),
    (80, "alert tls: internal error"),
    (86, "alert tls: inappropriate fallback"),
    (90, "alert tls: user canceled"),
    (100, "alert tls: no renegotiation"),
    (109, "alert tls: missing extension"),
    (110, "alert tls: unsupported extension"),
    (111, "alert tls: certificate unobtainable"),
    (112, "alert tls: unrecognized name"),
    (113, "alert tls: bad certificate status response"),
    (114, "alert tls: bad certificate hash value"),
    (115, "alert tls: unknown PSK identity"),
    (116, "alert tls: certificate required"),
    (120, "alert tls: no application protocol"),
];
