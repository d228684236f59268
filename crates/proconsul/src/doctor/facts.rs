//! What probing a server showed: facts, without an opinion.
use std::{net::SocketAddr, time::Duration};

use rustls::AlertDescription;

use super::certificate::Certificate;

/// Which port of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Port {
    /// The server port: everything between agents and servers.
    Server,
    /// The external gRPC port, in clear.
    Grpc,
    /// The external gRPC port in TLS.
    GrpcTls,
}

/// How a connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// In clear.
    Plain,
    /// With this type byte, then TLS.
    TypeByte(u8),
    /// With a ClientHello that offers this name.
    Native(&'static str),
}

/// What is said once the route is chosen. Nothing here changes anything on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Nothing: such a route is silent when it is reached.
    Nothing,
    /// `Status.Ping`, as net/rpc.
    Ping,
    /// The same, on a yamux stream.
    StreamPing,
    /// `AutoEncrypt.Sign` without a request to sign, which is refused wherever it is answered.
    Sign,
    /// The HTTP/2 preface and empty SETTINGS.
    Settings,
    /// A snapshot of no datacenter, which there is no path to.
    Snapshot,
}

/// One connection to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Probe {
    pub(super) port: Port,
    /// The route's label in the route table.
    pub(super) route: &'static str,
    pub(super) way: Way,
    /// The type byte of the route, in clear or within TLS.
    pub(super) byte: Option<u8>,
    pub(super) ask: Ask,
    /// With the client's certificate.
    pub(super) certificate: bool,
}

/// What came of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There was no connection.
    Unconnected(Unconnected),
    /// There was no TLS.
    NoTls {
        why: NoTls,
        /// What the server presented before it failed, leaf first, DER.
        chain: Vec<Vec<u8>>,
    },
    /// What was heard in answer.
    Heard { tls: Option<Tls>, bytes: Vec<u8>, end: End },
}

/// Why a TCP connection was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unconnected {
    /// The name has no address.
    Unresolved(String),
    /// Nothing listens there.
    Refused,
    /// No answer in time.
    Late,
    /// The operating system's words.
    Other(String),
}

/// Why a TLS handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoTls {
    /// The server said so.
    Alert(AlertDescription),
    /// The server closed.
    Closed,
    /// The server did not answer in time.
    Silent,
    /// What came was no TLS; the first bytes of it.
    NotTls(Vec<u8>),
    /// The server speaks no version or suite that we do.
    Incompatible(String),
    /// Anything else, in our TLS library's words.
    Other(String),
}

/// A TLS handshake that succeeded, as far as the client can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tls {
    /// `1.2` or `1.3`.
    pub(super) version: &'static str,
    /// The name agreed on.
    pub(super) alpn: Option<String>,
    /// What the server presented, leaf first, DER.
    pub(super) chain: Vec<Vec<u8>>,
}

/// How listening ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The answer was complete, or nothing more came in the time.
    Open,
    /// The server closed, or reset.
    Closed,
    /// In TLS: the server said why it closes. Where a client certificate is wrong, TLS 1.3 tells it here.
    Alert(AlertDescription),
    /// What came within TLS was not TLS.
    Garbled(String),
}

/// Everything that was found out.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Where the server port was looked for.
    pub(super) server: String,
    /// What the name stands for; none when it could not be resolved.
    pub(super) address: Option<SocketAddr>,
    /// Each connection and what came of it, in the order of the plan.
    pub(super) probed: Vec<(Probe, Outcome)>,
    /// What the files hold that were given.
    pub(super) given: GivenFacts,
    /// Seconds since 1970.
    pub(super) now: i64,
    /// How long an answer was waited for.
    pub(super) timeout: Duration,
}

/// What the given files hold.
#[derive(Clone, Debug, Default)]
pub(super) struct GivenFacts {
    /// Files that are of no use, and why.
    pub(super) unusable: Vec<(String, String)>,
    /// CA certificates; none: nothing to check against.
    pub(super) authorities: Vec<Certificate>,
    /// A CA was asked for.
    pub(super) authority_asked: bool,
    /// The client's chain, leaf first.
    pub(super) client: Vec<Certificate>,
    /// A client certificate was asked for.
    pub(super) client_asked: bool,
    /// The key belongs to the certificate; none when either is missing.
    pub(super) key_fits: Option<bool>,
}

/// What the operator expects, as far as it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// The server's datacenter; none: any.
    pub(super) datacenter: Option<String>,
    pub(super) domain: String,
    /// The server's node name, part of the name that ALPN clients check.
    pub(super) node: Option<String>,
    /// `verify_incoming` is on; none: not said.
    pub(super) verify_incoming: Option<bool>,
    /// The certificate is a server's own, so raft must be open to it.
    pub(super) as_server: bool,
    /// Each gRPC port was named, so it must be there.
    pub(super) grpc_asked: bool,
    pub(super) grpc_tls_asked: bool,
}
