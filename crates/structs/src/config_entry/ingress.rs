//! `ingress-gateway`: what a gateway from outside into the mesh offers.

use proconsul_msgpack::{GoStr, Rest, Wire};

use super::{ConfigEntryKind, HttpHeaderModifiers, PassiveHealthCheck, TlsVersion};
use crate::{List, Map, raft::RaftIndex};

/// `ingress-gateway`: what a gateway from outside into the mesh offers, under the gateway's name.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IngressGateway {
    /// `ingress-gateway`.
    pub kind: ConfigEntryKind,
    /// The gateway's service.
    pub name: GoStr,
    /// TLS on all listeners that do not say.
    #[wire("TLS")]
    pub tls: GatewayTlsConfig,
    /// Where it listens.
    pub listeners: List<IngressListener>,
    /// How much may be asked of services that do not say.
    pub defaults: Option<IngressServiceConfig>,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// A digest of its content, which the server makes. Zero: none made yet.
    pub hash: u64,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// How much may be asked of a service at once. Zero: the proxy's own default.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct IngressServiceConfig {
    /// Connections.
    pub max_connections: u32,
    /// Requests that wait for a connection.
    pub max_pending_requests: u32,
    /// Requests under way.
    pub max_concurrent_requests: u32,
    /// When instances are left out for a while. Nil: never.
    pub passive_health_check: Option<PassiveHealthCheck>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A port of an ingress gateway.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IngressListener {
    /// The port.
    pub port: i64,
    /// What is spoken there: `tcp`, `http`, `http2`, `grpc`. Empty: tcp.
    pub protocol: GoStr,
    /// TLS there. Nil: as the gateway has it.
    #[wire("TLS")]
    pub tls: Option<GatewayTlsConfig>,
    /// What it leads to; with tcp, one service.
    pub services: List<IngressService>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A service behind a listener of an ingress gateway.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IngressService {
    /// Its name, or `*` for all: then the first label of a request's host name says which. `*` is not for tcp.
    pub name: GoStr,
    /// Host names that lead to it. Empty: those made from its name. Not with tcp, not with `*`.
    pub hosts: List<GoStr>,
    /// TLS for its host names. Nil: as the listener has it.
    #[wire("TLS")]
    pub tls: Option<GatewayServiceTlsConfig>,
    /// Changes to the request's header.
    pub request_headers: Option<HttpHeaderModifiers>,
    /// Changes to the answer's header.
    pub response_headers: Option<HttpHeaderModifiers>,
    /// See [`IngressServiceConfig::max_connections`]. Zero: as the entry's defaults have it.
    pub max_connections: u32,
    /// See [`IngressServiceConfig::max_pending_requests`]. Zero: as the entry's defaults have it.
    pub max_pending_requests: u32,
    /// See [`IngressServiceConfig::max_concurrent_requests`]. Zero: as the entry's defaults have it.
    pub max_concurrent_requests: u32,
    /// When instances are left out for a while. Nil: as the entry's defaults have it.
    pub passive_health_check: Option<PassiveHealthCheck>,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// TLS towards those who call a gateway.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayTlsConfig {
    /// Whether it is spoken, with a certificate of the mesh.
    pub enabled: bool,
    /// Where another certificate comes from.
    #[wire("SDS")]
    pub sds: Option<GatewayTlsSdsConfig>,
    /// Oldest version.
    #[wire("TLSMinVersion")]
    pub tls_min_version: TlsVersion,
    /// Newest version.
    #[wire("TLSMaxVersion")]
    pub tls_max_version: TlsVersion,
    /// Cipher suites up to version 1.2, by their IANA names. Empty: the proxy's own default.
    pub cipher_suites: List<GoStr>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// TLS for the host names of one service.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayServiceTlsConfig {
    /// Where the certificate comes from.
    #[wire("SDS")]
    pub sds: Option<GatewayTlsSdsConfig>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A certificate that comes from a service for secrets (Envoy's SDS).
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayTlsSdsConfig {
    /// That service, by its name in the proxy's own configuration.
    pub cluster_name: GoStr,
    /// Name of the certificate there.
    pub cert_resource: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
