//! What came, when it was nothing of ours: traffic that was meant for another port, told apart for whoever reads the log.

/// As many bytes as are looked at.
pub const STRAY_BYTES: usize = 16;

/// Declares the protocols, and what is said of each.
macro_rules! strays {
    ($($stray:ident = $label:literal, $what:literal, $advice:literal;)*) => {
        /// A protocol that does not live on this port.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Stray {
            $(
                #[doc = $what]
                $stray,
            )*
        }

        impl Stray {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$stray),*];

            const fn facts(self) -> (&'static str, &'static str, &'static str) {
                match self {
                    $(Self::$stray => ($label, $what, $advice),)*
                }
            }
        }
    };
}

// Label; what came; what to do about it.
strays! {
    Http1 = "stray_http1", "the client speaks HTTP/1: a browser, a health check, or `consul` with this port in its address",
        "use the HTTP API's port, 8500 unless ports.http says otherwise";
    Http2 = "stray_http2", "the client speaks HTTP/2 without a type byte: a gRPC client",
        "use the gRPC port, 8502 or with TLS 8503, or set rpc.http2_preface = true";
    Ssh = "stray_ssh", "the client speaks SSH",
        "see who takes this port for 22";
    ProxyHeader = "stray_proxy", "a load balancer sends the PROXY protocol",
        "turn it off in the load balancer";
    Tls = "stray_tls", "the client begins with a TLS ClientHello, and this server has no CA and certificate to answer it",
        "set tls.internal_rpc ca_file, cert_file and key_file here, or turn verify_outgoing off at the client";
    Memberlist = "stray_gossip", "the client speaks gossip (memberlist, Serf)",
        "use the Serf ports, 8301 and 8302: is this port in somebody's retry_join?";
    Redis = "stray_redis", "the client speaks Redis's protocol",
        "see who takes this port for 6379";
    Postgres = "stray_postgres", "the client speaks PostgreSQL's protocol",
        "see who takes this port for 5432";
    Smtp = "stray_smtp", "the client speaks SMTP",
        "see who takes this port for 25";
    Rdp = "stray_rdp", "the client speaks RDP",
        "see who takes this port for 3389: often a port scan";
}

/// The first bytes of a protocol, and those of them that may be anything.
struct Pattern {
    start: &'static [u8],
    any: &'static [usize],
    stray: Stray,
}

impl Pattern {
    /// Whether what there is of `bytes` agrees with what there is of the pattern.
    fn agrees(&self, bytes: &[u8]) -> bool {
        let mut pairs = self.start.iter().zip(bytes).enumerate();
        pairs.all(|(at, (expected, byte))| expected == byte || self.any.contains(&at))
    }
}

const fn exact(start: &'static [u8], stray: Stray) -> Pattern {
    Pattern { start, any: &[], stray }
}

/// What each begins with. The first that fits is it. Bytes that are ours are told apart by what follows them.
const TABLE: &[Pattern] = &[
    exact(b"PRI * HTTP/2", Stray::Http2),
    exact(b"PROXY ", Stray::ProxyHeader),
    exact(b"\r\n\r\n\0\r\nQUIT\n", Stray::ProxyHeader),
    exact(b"GET ", Stray::Http1),
    exact(b"PUT ", Stray::Http1),
    exact(b"POST ", Stray::Http1),
    exact(b"HEAD ", Stray::Http1),
    exact(b"DELETE ", Stray::Http1),
    exact(b"OPTIONS ", Stray::Http1),
    exact(b"CONNECT ", Stray::Http1),
    exact(b"PATCH ", Stray::Http1),
    exact(b"TRACE ", Stray::Http1),
    exact(b"SSH-", Stray::Ssh),
    exact(b"\x16\x03", Stray::Tls),
    // Gossip over TCP: a type, then msgpack (a ping, the exchange of state, the same compressed), or an encrypted stream with
    // its length and version, or a label with its length.
    Pattern { start: b"\x00\x82\xa4Node", any: &[1], stray: Stray::Memberlist },
    Pattern { start: b"\x00\x82\xa5SeqNo", any: &[1], stray: Stray::Memberlist },
    exact(b"\x06\x83\xa4Join", Stray::Memberlist),
    exact(b"\x06\x83\xa5Nodes", Stray::Memberlist),
    exact(b"\x09\x82\xa4Algo", Stray::Memberlist),
    Pattern { start: b"\x0a\x00\x00\x00\x00\x00", any: &[2, 3, 4], stray: Stray::Memberlist },
    Pattern { start: b"\x0a\x00\x00\x00\x00\x01", any: &[2, 3, 4], stray: Stray::Memberlist },
    Pattern { start: b"\xf4\x01a", any: &[1, 2], stray: Stray::Memberlist },
    Pattern { start: b"*1\r\n$", any: &[1], stray: Stray::Redis },
    exact(b"PING\r\n", Stray::Redis),
    // SSLRequest, and a start-up message of version 3.0 of whatever length.
    exact(b"\x00\x00\x00\x08\x04\xd2\x16\x2f", Stray::Postgres),
    Pattern { start: b"\x00\x00\x00\x54\x00\x03\x00\x00", any: &[2, 3], stray: Stray::Postgres },
    exact(b"EHLO ", Stray::Smtp),
    exact(b"HELO ", Stray::Smtp),
    // TPKT, then a connection request of X.224.
    Pattern { start: b"\x03\x00\x00\x13\x0e\xe0", any: &[3, 4], stray: Stray::Rdp },
];

impl Stray {
    /// Names what begins with these bytes, if it is known. Only the first [`STRAY_BYTES`] matter.
    pub fn classify(first: &[u8]) -> Option<Self> {
        let fits = |pattern: &&Pattern| first.len() >= pattern.start.len() && pattern.agrees(first);
        TABLE.iter().find(fits).map(|pattern| pattern.stray)
    }

    /// Whether more bytes could make this the beginning of something known. Never so once [`classify`](Self::classify) has an
    /// answer or [`STRAY_BYTES`] are there.
    pub fn may_become(first: &[u8]) -> bool {
        let open = |pattern: &Pattern| first.len() < pattern.start.len() && pattern.agrees(first);
        Self::classify(first).is_none() && TABLE.iter().any(open)
    }

    /// Its name in metrics.
    pub const fn label(self) -> &'static str {
        self.facts().0
    }

    /// What came.
    pub const fn what(self) -> &'static str {
        self.facts().1
    }

    /// What an operator can do about it.
    pub const fn advice(self) -> &'static str {
        self.facts().2
    }

    /// What the client is told before its connection is closed, if it can read that.
    pub const fn answer(self) -> Option<&'static str> {
        match self {
            Self::Http1 => Some(HTTP1_ANSWER),
            _ => None,
        }
    }
}

/// To a client that speaks HTTP/1.
const HTTP1_ANSWER: &str = "HTTP/1.1 400 Bad Request\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 130\r\n\
    Connection: close\r\n\
    \r\n\
    This is a Consul server's RPC port, and it does not speak HTTP/1.\n\
    The HTTP API is on port 8500, unless ports.http says otherwise.\n";

#[cfg(test)]
mod tests;
