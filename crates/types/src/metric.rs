//! The table of metrics: what is emitted anywhere stands here, and `docs/metrics.md` is made of it.
//!
//! Consul's names are an interface, for dashboards and alerts are built on them; they stand here without its prefix
//! `consul.`. A crate that emits takes the name from its row: `metrics::counter!(metric::RPC_REQUEST.name)`. No label holds
//! bytes that a peer chose, so that a peer cannot make series.

use std::fmt;

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, which is Consul's where Consul has such a metric.
    pub name: &'static str,
    /// What its numbers count.
    pub unit: Unit,
    /// How its numbers add up.
    pub kind: Kind,
    /// The labels that every one of its series has, in the order of the docs.
    pub labels: &'static [&'static str],
    /// What it says to an operator.
    pub help: &'static str,
}

/// How the numbers of a metric add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Only grows, from the start of the process.
    Counter,
    /// What is so now.
    Gauge,
    /// Samples.
    Histogram,
}

/// What the numbers of a metric count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Milliseconds, with fractions.
    Milliseconds,
    /// Seconds, below zero where something is over.
    Seconds,
}

impl Kind {
    /// The word for it in docs and dumps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Unit {
    /// What is written behind a number; nothing for plain counts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Declares the rows and the list of them, so that no row is left out of it.
macro_rules! metrics {
    ($($row:ident = $name:literal, $kind:ident, $unit:ident, [$($label:literal),*], $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $row: Metric = Metric {
                name: $name,
                unit: Unit::$unit,
                kind: Kind::$kind,
                labels: &[$($label),*],
                help: $help,
            };
        )*

        /// Every metric, by name.
        pub const METRICS: &[&Metric] = &[$(&$row),*];
    };
}

metrics! {
    AGENT_TLS_CERT_EXPIRY = "agent.tls.cert.expiry", Gauge, Seconds, ["listener"],
        "until the certificate that a listener shows expires, or the first of its chain; below zero once it has";
    CATALOG_CONNECT_QUERY = "catalog.connect.query", Counter, Count, [],
        "calls of `Catalog.ServiceNodes` for what the mesh reaches, other than refused ones";
    CATALOG_DEREGISTER = "catalog.deregister", Histogram, Milliseconds, [],
        "from a call of `Catalog.Deregister` to its answer";
    CATALOG_REGISTER = "catalog.register", Histogram, Milliseconds, [],
        "from a call of `Catalog.Register` to its answer";
    CATALOG_SERVICE_QUERY = "catalog.service.query", Counter, Count, [],
        "calls of `Catalog.ServiceNodes` for a service or an address, other than refused ones";
    GRPC_SERVER_CONNECTION_COUNT = "grpc.server.connection.count", Counter, Count, ["server_type"],
        "gRPC connections opened";
    GRPC_SERVER_CONNECTIONS = "grpc.server.connections", Gauge, Count, ["server_type"],
        "gRPC connections that are open now";
    GRPC_SERVER_REQUEST_COUNT = "grpc.server.request.count", Counter, Count, ["server_type"],
        "gRPC requests received, refused ones included";
    GRPC_SERVER_STREAM_COUNT = "grpc.server.stream.count", Counter, Count, ["server_type"],
        "gRPC calls begun in which either side sends any number of messages";
    GRPC_SERVER_STREAMS = "grpc.server.streams", Gauge, Count, ["server_type"],
        "gRPC calls of that kind that are open now";
    HEALTH_CONNECT_QUERY = "health.connect.query", Counter, Count, [],
        "calls of `Health.ServiceNodes` for what the mesh reaches, other than refused ones";
    HEALTH_INGRESS_QUERY = "health.ingress.query", Counter, Count, [],
        "calls of `Health.ServiceNodes` for a service's ingress gateways, other than refused ones";
    HEALTH_SERVICE_QUERY = "health.service.query", Counter, Count, [],
        "calls of `Health.ServiceNodes` for a service, other than refused ones";
    KVS_APPLY = "kvs.apply", Histogram, Milliseconds, [],
        "from a call of `KVS.Apply` to its answer";
    RPC_ACCEPT_CONN = "rpc.accept_conn", Counter, Count, [],
        "connections accepted";
    RPC_ACCEPT_FAILED = "rpc.accept_failed", Counter, Count, [],
        "accepts that failed, for example for want of descriptors";
    RPC_CONN_CLOSED = "rpc.conn.closed", Counter, Count, ["reason"],
        "connections that were refused or ended, by reason";
    RPC_QUERIES_BLOCKING = "rpc.queries_blocking", Gauge, Count, [],
        "queries that are parked now";
    RPC_QUERY = "rpc.query", Counter, Count, [],
        "reads that may wait, whether they did or not";
    RPC_RATE_LIMIT_EXCEEDED = "rpc.rate_limit.exceeded", Counter, Count, ["limit_type", "op", "mode"],
        "calls beyond a rate of `limits.request_limits`; in mode `permissive` they were answered all the same";
    RPC_REQUEST = "rpc.request", Counter, Count, [],
        "net/rpc calls answered, with an error or without; a parked call counts when it is answered";
    RPC_REQUEST_ERROR = "rpc.request_error", Counter, Count, [],
        "connections that ended for a fault of the peer: what is no request, broken yamux, too slow, gone without a word";
    RPC_ROUTE_UNSERVED = "rpc.route.unserved", Counter, Count, ["route"],
        "connections on routes that nobody serves yet";
    RPC_SERVER_CALL = "rpc.server.call", Histogram, Milliseconds, ["method", "errored", "request_type", "rpc_type", "leader"],
        "from a call's first byte to its answer, one sample per answered call; a parked call counts when it is answered";
    SESSION_APPLY = "session.apply", Histogram, Milliseconds, [],
        "from a call of `Session.Apply` to its answer";
    SESSION_RENEW = "session.renew", Histogram, Milliseconds, [],
        "from a call of `Session.Renew` to its answer";
    SESSION_TTL_ACTIVE = "session_ttl.active", Gauge, Count, [],
        "sessions with a time to live; the leader counts them";
    SESSION_TTL_INVALIDATE = "session_ttl.invalidate", Histogram, Milliseconds, [],
        "from the end of a session's time to the log's answer to its removal, one sample per attempt";
    TLS_RELOAD = "tls.reload", Counter, Count, ["outcome"],
        "reloads of certificates that came to something: `swapped`, or `failed`, which the watch tries again until files are right";
    TXN_APPLY = "txn.apply", Histogram, Milliseconds, [],
        "from a call of `Txn.Apply` to its answer";
    TXN_READ = "txn.read", Histogram, Milliseconds, [],
        "from a call of `Txn.Read` to its answer";
}

/// The row of the metric called `name`.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().copied().find(|metric| metric.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_by_name_and_no_name_stands_twice() {
        assert!(METRICS.is_sorted_by(|one, next| one.name < next.name));
    }

    #[test]
    fn a_row_says_what_it_is() {
        for metric in METRICS {
            assert!(!metric.help.is_empty() && !metric.help.contains('|'), "{}", metric.name);
            let word = |text: &str| {
                !text.is_empty()
                    && text.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.' | b'-'))
            };
            assert!(word(metric.name) && metric.labels.iter().copied().all(word), "{}", metric.name);
            assert!(metric.kind != Kind::Counter || metric.unit == Unit::Count, "{}", metric.name);
            assert_eq!(find(metric.name), Some(*metric));
        }
    }
}
