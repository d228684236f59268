//! Services on nodes.

mod validate; // what is wrong with a service as such

use proconsul_msgpack::{GoStr, Wire};

use crate::{
    List, Map, Token, check::CheckType, node::Locality, proxy::ConnectProxyConfig, raft::RaftIndex, text_set::text_set,
};

pub use validate::METRICS_SOCKET_DIR_BYTES_MAX;

/// Name and id of the service that the servers themselves are.
pub const CONSUL_SERVICE: &str = "consul";

text_set! {
    /// What a service is to the mesh.
    pub enum ServiceKind {
        /// An ordinary service.
        Typical = "",
        /// A proxy beside a service.
        ConnectProxy = "connect-proxy",
        /// A gateway between datacenters or clusters.
        MeshGateway = "mesh-gateway",
        /// A gateway to services outside the mesh.
        TerminatingGateway = "terminating-gateway",
        /// A gateway from outside into the mesh, set up by an `ingress-gateway` entry.
        IngressGateway = "ingress-gateway",
        /// A gateway from outside into the mesh, set up by `api-gateway` entries.
        ApiGateway = "api-gateway",
        /// A destination outside, by address. Only in indexes.
        Destination = "destination",
        /// A service that the mesh can reach. Only in indexes.
        ConnectEnabled = "connect-enabled",
    }
}

impl ServiceKind {
    /// Whether it is one of the gateways.
    pub fn is_gateway(&self) -> bool {
        matches!(self, Self::MeshGateway | Self::TerminatingGateway | Self::IngressGateway | Self::ApiGateway)
    }
}

/// A service as it is registered on a node.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct NodeService {
    /// What it is to the mesh.
    pub kind: ServiceKind,
    /// Its id, unique on the node. Empty in a registration: the name.
    #[wire("ID")]
    pub id: GoStr,
    /// Its name, shared by all instances.
    pub service: GoStr,
    /// Tags to filter by.
    pub tags: List<GoStr>,
    /// Its address. Empty: the node's.
    pub address: GoStr,
    /// Further addresses by name.
    pub tagged_addresses: Map<ServiceAddress>,
    /// Metadata to filter by.
    pub meta: Map<GoStr>,
    /// Its port.
    pub port: i64,
    /// Path of the socket it listens on, in place of a port.
    pub socket_path: GoStr,
    /// Its share of requests. Nil: one each.
    pub weights: Option<Weights>,
    /// Tags may be changed in the catalog without its agent changing them back.
    pub enable_tag_override: bool,
    /// Where it stands. Nil: where its node does.
    pub locality: Option<Locality>,
    /// For a proxy or gateway: what it does.
    pub proxy: ConnectProxyConfig,
    /// Its own ties to the mesh.
    pub connect: ServiceConnect,
    /// Its agent made it out of a nested definition.
    pub locally_registered_as_sidecar: bool,
    /// The peered cluster it was imported from. Empty: our own.
    pub peer_name: GoStr,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// A service together with what matters about its node: one row of an answer.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceNode {
    /// The node's id.
    #[wire("ID")]
    pub id: GoStr,
    /// The node's name.
    pub node: GoStr,
    /// The node's address.
    pub address: GoStr,
    /// The node's datacenter.
    pub datacenter: GoStr,
    /// The node's further addresses.
    pub tagged_addresses: Map<GoStr>,
    /// The node's metadata.
    pub node_meta: Map<GoStr>,
    /// See [`NodeService::kind`].
    pub service_kind: ServiceKind,
    /// See [`NodeService::id`].
    #[wire("ServiceID")]
    pub service_id: GoStr,
    /// See [`NodeService::service`].
    pub service_name: GoStr,
    /// See [`NodeService::tags`].
    pub service_tags: List<GoStr>,
    /// See [`NodeService::address`].
    pub service_address: GoStr,
    /// See [`NodeService::tagged_addresses`].
    pub service_tagged_addresses: Map<ServiceAddress>,
    /// See [`NodeService::weights`].
    pub service_weights: Weights,
    /// See [`NodeService::meta`].
    pub service_meta: Map<GoStr>,
    /// See [`NodeService::port`].
    pub service_port: i64,
    /// See [`NodeService::socket_path`].
    pub service_socket_path: GoStr,
    /// See [`NodeService::enable_tag_override`].
    pub service_enable_tag_override: bool,
    /// See [`NodeService::proxy`].
    pub service_proxy: ConnectProxyConfig,
    /// See [`NodeService::connect`].
    pub service_connect: ServiceConnect,
    /// See [`NodeService::locality`].
    pub service_locality: Option<Locality>,
    /// See [`NodeService::peer_name`].
    pub peer_name: GoStr,
    /// When the service was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// One of a service's further addresses.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceAddress {
    /// Address.
    pub address: GoStr,
    /// Port.
    pub port: i64,
}

/// A service's share of requests, by its health.
#[derive(Wire, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weights {
    /// While all its checks pass. At least 1.
    pub passing: i64,
    /// While some warn. Zero: none.
    pub warning: i64,
}

/// A service's own ties to the mesh.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceConnect {
    /// It speaks the mesh's protocol itself.
    pub native: bool,
    /// A proxy to register beside it; agents take it out before they register.
    pub sidecar_service: Option<Box<ServiceDefinition>>,
    /// How to reach it in the peered cluster it was imported from.
    pub peer_meta: Option<PeeringServiceMeta>,
}

/// How to reach a service of a peered cluster.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct PeeringServiceMeta {
    /// Server names to send.
    #[wire("SNI")]
    pub sni: List<GoStr>,
    /// Identities its certificate may have.
    #[wire("SpiffeID")]
    pub spiffe_id: List<GoStr>,
    /// Protocol it speaks.
    pub protocol: GoStr,
}

/// A service as an agent is told to register it.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceDefinition {
    /// What it is to the mesh.
    pub kind: ServiceKind,
    /// Its id. Empty: the name.
    #[wire("ID")]
    pub id: GoStr,
    /// Its name.
    pub name: GoStr,
    /// Tags to filter by.
    pub tags: List<GoStr>,
    /// Its address. Empty: the node's.
    pub address: GoStr,
    /// Further addresses by name.
    pub tagged_addresses: Map<ServiceAddress>,
    /// Metadata to filter by.
    pub meta: Map<GoStr>,
    /// Its port.
    pub port: i64,
    /// Path of the socket it listens on, in place of a port.
    pub socket_path: GoStr,
    /// A check.
    pub check: CheckType,
    /// More checks.
    pub checks: List<CheckType>,
    /// Its share of requests.
    pub weights: Option<Weights>,
    /// The token to register it with.
    pub token: Token,
    /// See [`NodeService::enable_tag_override`].
    pub enable_tag_override: bool,
    /// Where it stands.
    pub locality: Option<Locality>,
    /// For a proxy or gateway: what it does.
    pub proxy: Option<ConnectProxyConfig>,
    /// Its own ties to the mesh.
    pub connect: Option<ServiceConnect>,
}
