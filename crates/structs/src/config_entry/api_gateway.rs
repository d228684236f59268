//! `api-gateway` and `bound-api-gateway`: what a gateway from outside into the mesh offers, and what has been tied to it.

use proconsul_msgpack::{GoStr, Rest, Wire};

use super::{ConfigEntryKind, ResourceReference, Status, TlsVersion};
use crate::{List, Map, Pairs, catalog::ServiceName, raft::RaftIndex, text_set::text_set};

/// `api-gateway`: where a gateway from outside into the mesh listens, under the gateway's name. Routes say where they belong.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ApiGateway {
    /// `api-gateway`.
    pub kind: ConfigEntryKind,
    /// The gateway's service.
    pub name: GoStr,
    /// Where it listens.
    pub listeners: List<ApiGatewayListener>,
    /// What has become of it.
    pub status: Status,
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

text_set! {
    /// What is spoken at a listener.
    pub enum ApiGatewayListenerProtocol {
        /// HTTP, with `http-route` entries.
        Http = "http",
        /// Anything over TCP, with one `tcp-route` entry.
        Tcp = "tcp",
    }
}

/// A port of an API gateway.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ApiGatewayListener {
    /// Its name, unique within the gateway.
    pub name: GoStr,
    /// Host name it is for. Empty: all. Not with tcp.
    pub hostname: GoStr,
    /// The port.
    pub port: i64,
    /// What is spoken there.
    pub protocol: ApiGatewayListenerProtocol,
    /// TLS towards callers; spoken if there is a certificate.
    #[wire("TLS")]
    pub tls: ApiGatewayTlsConfiguration,
    /// Demands on requests that routes cannot change.
    #[wire("Override")]
    pub overriding: Option<ApiGatewayPolicy>,
    /// Demands on requests where routes say nothing.
    pub default: Option<ApiGatewayPolicy>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Demands on requests to a listener.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiGatewayPolicy {
    /// Demands on the caller's web token.
    #[wire("JWT")]
    pub jwt: Option<ApiGatewayJwtRequirement>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Demands on a caller's web token; without content outside the edition that has them.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiGatewayJwtRequirement {
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// TLS towards those who call a listener.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiGatewayTlsConfiguration {
    /// `inline-certificate` and `file-system-certificate` entries. None: no TLS.
    pub certificates: List<ResourceReference>,
    /// Newest version.
    pub max_version: TlsVersion,
    /// Oldest version.
    pub min_version: TlsVersion,
    /// Cipher suites up to version 1.2, by their IANA names. Empty: the proxy's own default.
    pub cipher_suites: List<GoStr>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// `bound-api-gateway`: what has been tied to an API gateway, under the gateway's name. Servers keep it; clients cannot write it.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct BoundApiGateway {
    /// `bound-api-gateway`.
    pub kind: ConfigEntryKind,
    /// The gateway's service.
    pub name: GoStr,
    /// What has been tied to each listener.
    pub listeners: List<BoundApiGatewayListener>,
    /// Services that it leads to, each with the routes that do so.
    pub services: Option<Pairs<ServiceName, List<ResourceReference>>>,
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

/// What has been tied to a listener.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct BoundApiGatewayListener {
    /// The listener.
    pub name: GoStr,
    /// Its routes.
    pub routes: List<ResourceReference>,
    /// Its certificates.
    pub certificates: List<ResourceReference>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
