//! Gateways: which services they stand in front of.

use proconsul_msgpack::{GoStr, Wire};

use crate::{
    List, Shared, catalog::ServiceName, query::QueryMeta, raft::RaftIndex, rpc::has_query_meta, service::ServiceKind,
    text_set::text_set,
};

text_set! {
    /// What a gateway's service is, as far as the catalog knows.
    pub enum GatewayServiceKind {
        /// Neither: nothing of that name is registered.
        Unregistered = "",
        /// A destination outside the mesh, by its `service-defaults`.
        Destination = "destination",
        /// A registered service.
        Service = "service",
    }
}

/// A service behind a gateway: what follows from the gateway's configuration entry.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct GatewayService {
    /// The gateway.
    pub gateway: ServiceName,
    /// The service.
    pub service: ServiceName,
    /// Which kind of gateway it is.
    pub gateway_kind: ServiceKind,
    /// Ingress: port of the listener. Zero otherwise.
    pub port: i64,
    /// Protocol of the listener.
    pub protocol: GoStr,
    /// Ingress: host names that lead to it. Empty: those made from its name.
    pub hosts: List<GoStr>,
    /// Terminating: file on the gateway with the authority that the service's certificate must come from.
    #[wire("CAFile")]
    pub ca_file: GoStr,
    /// Terminating: file on the gateway with the certificate to show to the service.
    pub cert_file: GoStr,
    /// Terminating: file on the gateway with that certificate's key.
    pub key_file: GoStr,
    /// Terminating: server name to ask the service for.
    #[wire("SNI")]
    pub sni: GoStr,
    /// The entry does not name it, but has `*`.
    pub from_wildcard: bool,
    /// What the service is.
    pub service_kind: GatewayServiceKind,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
    /// Terminating: the gateway puts the service's own host name into HTTP requests.
    pub auto_host_rewrite: bool,
}

/// Answer of `Catalog.GatewayServices`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedGatewayServices {
    /// The services.
    pub services: List<Shared<GatewayService>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

has_query_meta!(IndexedGatewayServices);
