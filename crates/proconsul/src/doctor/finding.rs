//! What a diagnosis consists of.

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Something does not work, or is not as it was said to be.
    Problem,
    /// It works, and should be changed all the same.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $label:literal,)*) => {
        /// Why something is not as it should be. The set is closed; `label` names each in JSON.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Cause { $($(#[$doc])* $name,)* }

        impl Cause {
            pub(super) fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }

            /// All of them, for `docs/rpc/doctor.md` and the tests.
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

causes! {
    /// The server's name has no address.
    Unresolved = "unresolved",
    /// Nothing listens there.
    NotListening = "not-listening",
    /// No connection, for another reason.
    Unreachable = "unreachable",
    /// Connections are closed before a byte is said.
    ClosesAtOnce = "closes-at-once",
    /// Connections are accepted and nothing ever comes.
    Silent = "silent",
    /// Another protocol lives there.
    WrongPort = "wrong-port",
    /// Whatever comes is closed.
    ClosesEverything = "closes-everything",
    /// A file that was given is of no use.
    File = "file",
    /// Certificate and key do not belong together.
    KeyMismatch = "key-mismatch",
    /// The CA's own certificate is past its date.
    CaExpired = "ca-expired",
    /// The client's certificate is past its date.
    ClientExpired = "client-expired",
    /// The client's certificate is not valid yet.
    ClientNotYetValid = "client-not-yet-valid",
    /// The client's certificate is for other purposes.
    ClientPurpose = "client-purpose",
    /// The server does not know the CA of the client's certificate.
    ClientWrongCa = "client-wrong-ca",
    /// The server refuses the client's certificate without saying why.
    ClientRefused = "client-refused",
    /// The server demands a client certificate, and none was given.
    ClientCertificateRequired = "client-certificate-required",
    /// The server speaks no TLS of the operator's.
    NoTls = "no-tls",
    /// No version of TLS, or no suite, that both speak.
    TlsMismatch = "tls-mismatch",
    /// A handshake that never ends.
    TlsSilent = "tls-silent",
    /// A handshake that fails otherwise.
    TlsFailed = "tls-failed",
    /// No name of Consul's is known in TLS.
    AlpnUnknown = "alpn-unknown",
    /// ALPN is not answered.
    AlpnIgnored = "alpn-ignored",
    /// Something in front ends TLS and speaks HTTP/2 only.
    TlsTerminated = "tls-terminated",
    /// A ClientHello as the first bytes is not understood, though type byte 3 is.
    NativeClosed = "native-closed",
    /// The server's certificate is past its date.
    ServerExpired = "server-expired",
    /// The server's certificate is not valid yet.
    ServerNotYetValid = "server-not-yet-valid",
    /// The server's certificate ends soon.
    ServerExpiresSoon = "server-expires-soon",
    /// The server's certificate is of a CA that is not the given one.
    ServerWrongCa = "server-wrong-ca",
    /// The server's certificate is signed by itself.
    ServerSelfSigned = "server-self-signed",
    /// The server's certificate has not the name of a server of this datacenter.
    ServerName = "server-name",
    /// A wildcard where a server's name is due.
    ServerWildcard = "server-wildcard",
    /// The server's certificate has no names, at most a CN.
    ServerNoNames = "server-no-names",
    /// The server's certificate is for other purposes.
    ServerPurpose = "server-purpose",
    /// The server's certificate has a weak key or signature.
    ServerWeak = "server-weak",
    /// The server's chain is wrong otherwise.
    ServerChain = "server-chain",
    /// There was no CA to check the server's certificate with.
    ServerUnchecked = "server-unchecked",
    /// Plain connections are served.
    PlainOpen = "plain-open",
    /// Routes between servers are closed to this certificate.
    NotAServer = "not-a-server",
    /// A route is closed though its neighbours are open.
    RouteRefused = "route-refused",
    /// A route takes the connection and does not answer.
    RouteSilent = "route-silent",
    /// A route answers with an error.
    RouteError = "route-error",
    /// Whether clients get certificates from this server.
    AutoEncrypt = "auto-encrypt",
    /// A gRPC port is not there.
    GrpcNotListening = "grpc-not-listening",
    /// The plain gRPC port speaks TLS.
    GrpcIsTls = "grpc-is-tls",
    /// The gRPC port for TLS is plain.
    GrpcIsPlain = "grpc-is-plain",
    /// The gRPC port demands a client certificate.
    GrpcClientCertificate = "grpc-client-certificate",
    /// The gRPC port is something else, or does not answer.
    GrpcWrongPort = "grpc-wrong-port",
}

impl Cause {
    /// There is no answer at all, so nothing else can be said.
    pub(super) fn is_no_answer(self) -> bool {
        matches!(self, Self::Unresolved | Self::NotListening | Self::Unreachable | Self::ClosesAtOnce | Self::Silent)
    }
}

/// One thing to know, and what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    pub(super) cause: Cause,
    pub(super) what: String,
    /// Empty where nothing is to be changed.
    pub(super) change: String,
}

pub(super) fn problem(cause: Cause, what: impl Into<String>, change: impl Into<String>) -> Finding {
    Finding { severity: Severity::Problem, cause, what: what.into(), change: change.into() }
}

pub(super) fn warning(cause: Cause, what: impl Into<String>, change: impl Into<String>) -> Finding {
    Finding { severity: Severity::Warning, cause, what: what.into(), change: change.into() }
}

pub(super) fn note(cause: Cause, what: impl Into<String>, change: impl Into<String>) -> Finding {
    Finding { severity: Severity::Note, cause, what: what.into(), change: change.into() }
}
