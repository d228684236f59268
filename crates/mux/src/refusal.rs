//! Why a connection is turned away, in an operator's words.
use crate::Stray;

/// Why a connection is not served. A closed set: each has a label that counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No route begins with this byte.
    #[error(
        "no route begins with byte {0:#04x}; clients of this port begin with a type byte (0 to 9) or a TLS ClientHello"
    )]
    UnknownByte(u8),
    /// What came is a protocol that does not live here.
    #[error("this is the server RPC port, and the client speaks {0}")]
    Stray(Stray),
    /// The TLS handshake agreed on a name that leads nowhere.
    #[error("no route has the negotiated ALPN name")]
    UnknownName,
    /// Consul does not serve this route, or not in this edition.
    #[error("route {0} is not served any more")]
    Retired(&'static str),
    /// A plain connection where TLS is demanded.
    #[error("the connection is plain and verify_incoming demands TLS")]
    PlaintextForbidden,
    /// A TLS handshake inside TLS.
    #[error("TLS inside TLS")]
    TlsInTls,
    /// The client did not say what it wants in time.
    #[error("nothing came within rpc_handshake_timeout")]
    Silent,
    /// The client closed before its first byte.
    #[error("the client closed without a byte")]
    Empty,
    /// The client has as many connections as it may.
    #[error("rpc_max_conns_per_client exceeded")]
    TooManyConnections,
}

impl Refusal {
    /// Its name in metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::UnknownByte(_) => "unknown_byte",
            Self::Stray(_) => "stray",
            Self::UnknownName => "unknown_alpn",
            Self::Retired(_) => "retired",
            Self::PlaintextForbidden => "plaintext_forbidden",
            Self::TlsInTls => "tls_in_tls",
            Self::Silent => "handshake_timeout",
            Self::Empty => "empty",
            Self::TooManyConnections => "max_conns_per_client",
        }
    }
}
