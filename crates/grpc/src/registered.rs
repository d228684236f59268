//! What is registered where. Source: Consul 1.21; how it sets up the gRPC interfaces of a server.
use std::sync::Arc;

use proconsul_layers::SlowCalls;
use proconsul_proto::{
    pbconfigentry::config_entry_service_server::ConfigEntryServiceServer,
    pboperator::operator_service_server::OperatorServiceServer,
};
use proconsul_proto_public::{
    pbacl::acl_service_server::AclServiceServer, pbconnectca::connect_ca_service_server::ConnectCaServiceServer,
};
use proconsul_services::Context;
use proconsul_types::GrpcListener::{External, Internal, RaftForwarding};
use tonic_reflection::server::Error;

use crate::{
    EXTERNAL_MESSAGE_BYTES_MAX, Health, Surface, acl::Acl, config_entry::ConfigEntries, connect_ca::ConnectCa,
    operator::Operator, reflection,
};

/// What the services ask of the server around them.
#[derive(Clone)]
pub struct Deps {
    /// The same as those of net/rpc.
    pub context: Arc<Context>,
    /// The server's id as a node, which is its id in raft as well.
    pub node_id: Arc<str>,
    /// Where the slowest calls are kept.
    pub slow: Arc<SlowCalls>,
}

/// Every surface of a server.
#[derive(Debug)]
pub struct Surfaces {
    /// The server port: byte 8, ALPN `consul/rpc-grpc`, HTTP/2.
    pub internal: Arc<Surface>,
    /// The gRPC ports.
    pub external: Arc<Surface>,
    /// Byte 9: writes of resources that a follower passes to the leader.
    pub raft_forwarding: Arc<Surface>,
    /// What their health service says.
    pub health: Health,
}

impl Surfaces {
    /// With every service where it belongs.
    ///
    /// # Errors
    /// The committed descriptors cannot be read.
    pub fn new(deps: &Deps) -> Result<Self, Error> {
        let new = |listener| Surface::new(listener, Arc::clone(&deps.slow));
        let (health, health_service) = Health::new();
        let acl = AclServiceServer::new(Acl);
        let connect_ca = ConnectCaServiceServer::new(ConnectCa);
        let operator = OperatorServiceServer::new(Operator::new(deps));
        let internal = new(Internal)
            .with(acl.clone())
            .with(connect_ca.clone())
            .with(ConfigEntryServiceServer::new(ConfigEntries))
            .with(operator.clone())
            .with(health_service.clone());
        let external = new(External)
            .with(acl.max_decoding_message_size(EXTERNAL_MESSAGE_BYTES_MAX))
            .with(connect_ca)
            .with(operator)
            .with(health_service);
        Ok(Self {
            internal: Arc::new(reflection::with(internal)?),
            external: Arc::new(reflection::with(external)?),
            raft_forwarding: Arc::new(new(RaftForwarding)),
            health,
        })
    }
}
