//! What came, when it was nothing of ours: traffic that was meant for another port, told apart for whoever reads the log.
use std::fmt;

/// As many bytes as are looked at.
pub const STRAY_BYTES: usize = 16;

/// A protocol that does not live on this port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stray {
    /// HTTP/1: a browser, a health check, `consul` with the wrong address.
    Http1,
    /// HTTP/2 without a type byte: a gRPC client that wants 8502 or 8503.
    Http2,
    /// SSH.
    Ssh,
    /// A load balancer's PROXY header, version 1 or 2.
    ProxyHeader,
    /// A ClientHello, on a server that has no certificate.
    Tls,
}

/// What each begins with. The first that fits is it.
const TABLE: &[(&[u8], Stray)] = &[
    (b"PRI * HTTP/2", Stray::Http2),
    (b"PROXY ", Stray::ProxyHeader),
    (b"\r\n\r\n\0\r\nQUIT\n", Stray::ProxyHeader),
    (b"GET ", Stray::Http1),
    (b"PUT ", Stray::Http1),
    (b"POST ", Stray::Http1),
    (b"HEAD ", Stray::Http1),
    (b"DELETE ", Stray::Http1),
    (b"OPTIONS ", Stray::Http1),
    (b"CONNECT ", Stray::Http1),
    (b"PATCH ", Stray::Http1),
    (b"TRACE ", Stray::Http1),
    (b"SSH-", Stray::Ssh),
    (b"\x16\x03", Stray::Tls),
];

impl Stray {
    /// Names what begins with these bytes, if it is known.
    pub fn classify(first: &[u8]) -> Option<Self> {
        TABLE.iter().find(|(start, _)| first.starts_with(start)).map(|(_, stray)| *stray)
    }
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http1 => "HTTP (the HTTP API has a port of its own)",
            Self::Http2 => "HTTP/2 (gRPC has a port of its own)",
            Self::Ssh => "SSH",
            Self::ProxyHeader => "the PROXY protocol (turn it off in the load balancer)",
            Self::Tls => "TLS (this server has no certificate: see the tls stanza)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_by_mistake_is_named() {
        for (bytes, stray) in [
            (&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], Some(Stray::Http1)),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Some(Stray::Http2)),
            (b"SSH-2.0-OpenSSH_9.2\r\n", Some(Stray::Ssh)),
            (b"PROXY TCP4 127.0.0.1", Some(Stray::ProxyHeader)),
            (b"\r\n\r\n\0\r\nQUIT\n\x21\x11", Some(Stray::ProxyHeader)),
            (b"\x16\x03\x01\x02\x00\x01", Some(Stray::Tls)),
            (b"G", None),
            (b"", None),
            (b"\xff\xff\xff", None),
        ] {
            assert_eq!(Stray::classify(bytes), stray, "{bytes:02x?}");
        }
    }

    #[test]
    fn no_pattern_is_longer_than_what_is_looked_at() {
        assert!(TABLE.iter().all(|(start, _)| start.len() <= STRAY_BYTES));
    }
}
