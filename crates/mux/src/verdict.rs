//! From a first byte or an ALPN name to a verdict.
use crate::{HTTP2_PREFACE, LAST_TYPE_BYTE, Reason, Route, Stray, Then, TlsPolicy, row_of_alpn, row_of_byte};

/// What the listener already knows about a connection: facts, never handles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Posture {
    /// A TLS handshake is behind us.
    pub inside_tls: bool,
    /// The server has a certificate, so a ClientHello as the first bytes can be answered.
    pub native_tls: bool,
    /// Plain connections are refused (`verify_incoming`).
    pub require_tls: bool,
    /// HTTP/2 without a type byte is spoken (`rpc.http2_preface`).
    pub http2_preface: bool,
}

/// What to do with a connection once its first byte or ALPN name is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Hand it to this route.
    Serve(Route),
    /// Shake hands with this policy, then look at the next byte.
    StartTls(TlsPolicy),
    /// The byte began a ClientHello: shake hands, then go by the ALPN name.
    NativeTls,
    /// The byte began an HTTP/2 preface and belongs to what follows.
    Http2,
    /// Turn it away.
    Refuse(Reason),
}

/// Decides by the first byte of a connection, or of what is inside its TLS.
pub fn by_first_byte(byte: u8, on: Posture) -> Verdict {
    let plain = on.require_tls && !on.inside_tls;
    if byte == HTTP2_PREFACE[0] && on.http2_preface {
        return if plain { Verdict::Refuse(Reason::PlaintextForbidden) } else { Verdict::Http2 };
    }
    let Some(row) = row_of_byte(byte) else {
        let may_be_client_hello = byte > LAST_TYPE_BYTE && on.native_tls && !on.inside_tls;
        return if may_be_client_hello {
            Verdict::NativeTls
        } else if plain {
            Verdict::Refuse(Reason::PlaintextForbidden)
        } else {
            Verdict::Refuse(Reason::UnknownByte)
        };
    };
    match row.then {
        Then::StartTls(_) if on.inside_tls => Verdict::Refuse(Reason::TlsInTls),
        Then::StartTls(policy) => Verdict::StartTls(policy),
        _ if plain => Verdict::Refuse(Reason::PlaintextForbidden),
        Then::Retired => Verdict::Refuse(Reason::Retired),
        Then::Serve(route) => Verdict::Serve(route),
    }
}

/// Decides by all of the first bytes that are there, at least one; `None`: more are needed. Where one byte is enough for Consul
/// it is enough here, but for an HTTP/2 preface where that is spoken, and for traffic that was meant for another port where it
/// is told apart by what there is, or where Consul would wait for a ClientHello, too.
pub fn by_first_bytes(bytes: &[u8], on: Posture) -> Option<Verdict> {
    let byte = *bytes.first()?;
    let by_byte = by_first_byte(byte, Posture { http2_preface: false, ..on });
    let maybe_preface = byte == HTTP2_PREFACE[0] && on.http2_preface;
    if maybe_preface && HTTP2_PREFACE.iter().zip(bytes).all(|(expected, byte)| expected == byte) {
        return (bytes.len() >= HTTP2_PREFACE.len()).then(|| by_first_byte(byte, on));
    }
    match Stray::classify(bytes) {
        Some(Stray::Tls) if on.inside_tls => Some(Verdict::Refuse(Reason::TlsInTls)),
        // A preface that is broken off is none.
        Some(Stray::Http2) if on.http2_preface => Some(by_byte),
        Some(Stray::Tls) if on.native_tls => Some(Verdict::NativeTls),
        Some(stray) => Some(Verdict::Refuse(Reason::Stray(stray))),
        None if (by_byte == Verdict::NativeTls || maybe_preface)
            && byte != CLIENT_HELLO
            && Stray::may_become(bytes) =>
        {
            None
        }
        None => Some(by_byte),
    }
}

/// The first byte of a TLS handshake.
const CLIENT_HELLO: u8 = 0x16;

/// Decides by the protocol name that a TLS handshake agreed on.
pub fn by_alpn(name: &str) -> Verdict {
    match row_of_alpn(name).map(|row| row.then) {
        Some(Then::Serve(route)) => Verdict::Serve(route),
        Some(Then::Retired) => Verdict::Refuse(Reason::Retired),
        Some(Then::StartTls(_)) | None => Verdict::Refuse(Reason::NoAlpn),
    }
}

#[cfg(test)]
mod tests;
