//! Why a connection was turned away or ended: a closed set, in an operator's words.
use std::fmt;

use crate::Stray;

/// How far a connection had come when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Before anybody served it: it was refused.
    Refused,
    /// In its TLS handshake.
    Handshake,
    /// Served, and then it ended.
    Ended,
}

impl Stage {
    /// The word for it in docs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Handshake => "handshake",
            Self::Ended => "ended",
        }
    }
}

/// Declares the reasons, and what is known of each, so that none is without.
macro_rules! reasons {
    ($($reason:ident = $label:literal, $stage:ident, $loud:literal, $what:literal, $advice:literal;)*) => {
        /// Why a connection of the port was closed. A closed set: each has a label that counts it, and says what to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            /// What came is a protocol that does not live here.
            Stray(Stray),
            $(
                #[doc = $what]
                $reason,
            )*
        }

        /// Every reason but the strays, which have a table of their own.
        const PLAIN: &[Reason] = &[$(Reason::$reason),*];

        impl Reason {
            const fn facts(self) -> (&'static str, Stage, bool, &'static str, &'static str) {
                match self {
                    Self::Stray(stray) => (stray.label(), Stage::Refused, true, stray.what(), stray.advice()),
                    $(Self::$reason => ($label, Stage::$stage, $loud, $what, $advice),)*
                }
            }
        }
    };
}

// Label; how far it had come; whether an operator should hear of it (logged as a warning, once a minute for each peer); what
// happened; what to do about it.
reasons! {
    Empty = "empty", Refused, false,
        "the client closed without a byte, or after a TLS handshake without a byte inside",
        "nothing: a probe of a load balancer or a port scan";
    FirstByteTimeout = "first_byte_timeout", Refused, true,
        "no byte came within rpc_handshake_timeout",
        "see what opens connections and says nothing; a slow network may want a larger limits.rpc_handshake_timeout";
    UnknownByte = "unknown_byte", Refused, true,
        "no route begins with the first byte",
        "clients of this port begin with a type byte (0 to 9) or a TLS ClientHello: is the client meant for another port?";
    Retired = "retired", Refused, true,
        "the route is spoken by other editions or versions only",
        "upgrade the client, or keep an enterprise edition's gossip away from here";
    PlaintextForbidden = "plaintext_forbidden", Refused, true,
        "the connection is plain, and verify_incoming demands TLS",
        "give the client certificates and verify_outgoing = true, or set tls.internal_rpc.verify_incoming = false";
    TlsInTls = "tls_in_tls", Refused, true,
        "a TLS handshake was asked for inside TLS",
        "the client wraps twice: let it write a route's own type byte after the handshake";
    NoCertificate = "no_certificate", Refused, true,
        "the client asked for TLS, and this server has no certificate",
        "set tls.internal_rpc cert_file and key_file here, or turn verify_outgoing off at the client";
    NoAlpn = "no_alpn", Refused, true,
        "the TLS handshake agreed on no ALPN name, which is what names the route",
        "let the client offer a consul/... name, or write type byte 3 before its handshake";
    NotAServer = "not_a_server", Refused, true,
        "the client's certificate is not a server's, and the route is for servers only",
        "give that server a certificate for server.<datacenter>.<domain>; a client agent has no business on this route";
    NotServed = "not_served", Refused, true,
        "the client asked for something on a route that nobody serves here yet",
        "ask a server that serves the route (`proconsul routes` shows which are served)";
    PrefaceTimeout = "preface_timeout", Refused, true,
        "an HTTP/2 preface was begun and not finished within rpc_handshake_timeout",
        "see what the client is; a slow network may want a larger limits.rpc_handshake_timeout";
    TooManyConnections = "max_conns_per_client", Refused, true,
        "the client has as many connections as rpc_max_conns_per_client allows",
        "see what keeps them open (`proconsul conns`), or raise limits.rpc_max_conns_per_client";
    OutOfDescriptors = "out_of_descriptors", Refused, true,
        "no connection can be accepted: the process or the system is out of descriptors or memory",
        "raise the limit of open files (LimitNOFILE, ulimit -n); connections wait in the kernel until then";
    TlsTimeout = "tls_timeout", Handshake, true,
        "the TLS handshake was not done within rpc_handshake_timeout",
        "a stalled or very slow client; a slow network may want a larger limits.rpc_handshake_timeout";
    InnerByteTimeout = "inner_byte_timeout", Handshake, true,
        "no type byte came within rpc_handshake_timeout inside TLS",
        "after type byte 3 and the handshake, the client has to write a route's type byte";
    TlsCutOff = "tls_cut_off", Handshake, true,
        "the client closed in the middle of the TLS handshake",
        "its log should say why: often it does not trust our certificate, or gave up waiting";
    TlsNotTls = "tls_not_tls", Handshake, true,
        "what came in place of a TLS handshake is not TLS",
        "is the client meant for another port, or without TLS?";
    TlsVersion = "tls_version", Handshake, true,
        "client and server have no TLS version in common",
        "upgrade the client, or lower tls_min_version if it is 1.3";
    TlsCipher = "tls_cipher", Handshake, true,
        "client and server have no cipher suite, key exchange or signature scheme in common",
        "see tls_cipher_suites on both sides, and the kind of the server's key";
    TlsAlpn = "tls_alpn", Handshake, true,
        "the client offers only ALPN names that this port does not know",
        "is the client meant for another port? `proconsul routes` shows the names";
    TlsNoClientCertificate = "tls_no_client_cert", Handshake, true,
        "the client showed no certificate, and one is demanded",
        "give it cert_file and key_file; ALPN routes demand one always, type byte 3 only under verify_incoming";
    TlsCertificateExpired = "tls_cert_expired", Handshake, true,
        "the client's certificate has expired",
        "renew it, and compare the clocks";
    TlsCertificateNotYetValid = "tls_cert_not_yet_valid", Handshake, true,
        "the client's certificate is not valid yet",
        "compare the clocks of both sides";
    TlsUnknownCa = "tls_unknown_ca", Handshake, true,
        "the client's certificate is of a CA that is not known here",
        "let both sides have the same CA in ca_file or ca_path; send intermediate certificates along";
    TlsCertificatePurpose = "tls_cert_purpose", Handshake, true,
        "the client's certificate is not for client authentication",
        "issue it with the extended key usage clientAuth";
    TlsBadCertificate = "tls_bad_cert", Handshake, true,
        "the client's certificate or its signature is not acceptable",
        "the detail says what is wrong with it";
    TlsRefusedByPeer = "tls_refused_by_peer", Handshake, true,
        "the client refused our certificate or our parameters with an alert",
        "the alert is in the detail: unknown_ca or bad_certificate mean that the client's CA or the expected name differ";
    TlsFailed = "tls_failed", Handshake, true,
        "the TLS handshake failed in another way",
        "the detail says how";
    PeerClosed = "peer_closed", Ended, false,
        "the peer closed the connection",
        "nothing";
    Reset = "reset", Ended, false,
        "the connection failed or was reset",
        "nothing, unless it happens often: then look at the network or a middlebox's idle timeout";
    Idle = "idle", Ended, false,
        "the peer had nothing to say for as long as its route allows",
        "nothing";
    Malformed = "malformed", Ended, true,
        "the peer sent what its route does not know as a request",
        "see what the peer is and which version it runs";
    RequestRefused = "request_refused", Ended, true,
        "a request was answered with an error that ends its connection: no such method here, or a body that cannot be decoded",
        "see which version the peer runs; `proconsul rpc list --served` shows the methods, and byte 7 has two of its own";
    SlowRequest = "slow_request", Ended, true,
        "a request was not whole in time after its first byte",
        "a stalled peer or network (rpc_request_read_timeout)";
    SlowReader = "slow_reader", Ended, true,
        "the peer took none of what was written to it for too long",
        "see whether the peer is stuck";
    YamuxViolation = "yamux_violation", Ended, true,
        "the peer broke the rules of yamux",
        "see what the peer is and which version it runs";
    YamuxGoAway = "yamux_go_away", Ended, true,
        "the peer ended its yamux session with an error",
        "its log says why";
    YamuxKeepalive = "yamux_keepalive", Ended, false,
        "the peer did not answer a ping of its yamux session",
        "nothing, unless it happens often: the peer or the way to it is gone without a word";
    Http2Violation = "http2_violation", Ended, true,
        "the peer broke the rules of HTTP/2, or does not speak it",
        "see what the peer is: this route carries gRPC";
    Http2Keepalive = "http2_keepalive", Ended, false,
        "the peer did not answer a ping of its HTTP/2 connection",
        "nothing, unless it happens often: the peer or the way to it is gone without a word";
    Http2Pings = "http2_pings", Ended, true,
        "the peer pinged its HTTP/2 connection more often than it may",
        "set the client's keepalive to 15 s or more, and to none while it has no calls";
    Stopped = "stopped", Ended, false,
        "this server stops",
        "nothing";
    Killed = "killed", Ended, true,
        "an operator ended the connection",
        "nothing";
    Internal = "internal", Ended, true,
        "the connection's handler failed unexpectedly",
        "report it with the log around it: it is a defect of this server";
}

impl Reason {
    /// Every reason, in the order of the docs.
    pub fn all() -> impl Iterator<Item = Self> {
        PLAIN.iter().copied().chain(Stray::ALL.iter().copied().map(Self::Stray))
    }

    /// Its name in metrics: `[a-z_0-9]`, and stable.
    pub const fn label(self) -> &'static str {
        self.facts().0
    }

    /// How far connections that end for it had come.
    pub const fn stage(self) -> Stage {
        self.facts().1
    }

    /// Whether an operator should hear of it: it is logged as a warning then, and for debugging otherwise.
    pub const fn is_loud(self) -> bool {
        self.facts().2
    }

    /// What happened.
    pub const fn what(self) -> &'static str {
        self.facts().3
    }

    /// What an operator can do about it.
    pub const fn advice(self) -> &'static str {
        self.facts().4
    }
}

/// What happened, and what to do about it.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.advice() {
            "nothing" => f.write_str(self.what()),
            advice => write!(f, "{} ({advice})", self.what()),
        }
    }
}

impl From<Stray> for Reason {
    fn from(stray: Stray) -> Self {
        Self::Stray(stray)
    }
}

#[cfg(test)]
mod tests;
