//! What is registered where. Source: Consul 1.21; how it sets up the gRPC interfaces of a server.
use std::sync::Arc;

use proconsul_layers::{RequestLimits, SlowCalls};
use proconsul_proto::{
    pbconfigentry::config_entry_service_server::ConfigEntryServiceServer,
    pboperator::operator_service_server::OperatorServiceServer,
    pbpeering::peering_service_server::PeeringServiceServer,
    pbpeerstream::peer_stream_service_server::PeerStreamServiceServer,
    pbstorage::forwarding_service_server::ForwardingServiceServer,
    pbsubscribe::state_change_subscription_server::StateChangeSubscriptionServer,
};
use proconsul_proto_public::{
    pbacl::acl_service_server::AclServiceServer, pbconnectca::connect_ca_service_server::ConnectCaServiceServer,
    pbdataplane::dataplane_service_server::DataplaneServiceServer, pbdns::dns_service_server::DnsServiceServer,
    pbresource::resource_service_server::ResourceServiceServer,
    pbserverdiscovery::server_discovery_service_server::ServerDiscoveryServiceServer,
};
use proconsul_services::Context;
use proconsul_types::{
    GrpcListener::{External, Internal, RaftForwarding},
    GrpcRow,
};
use tonic_reflection::server::Error;

use crate::{
    EXTERNAL_MESSAGE_BYTES_MAX, Health, Surface,
    acl::Acl,
    config_entry::ConfigEntries,
    connect_ca::ConnectCa,
    dataplane::Dataplane,
    dns::Dns,
    news::News,
    operator::Operator,
    peer_stream::PeerStreams,
    peering::Peerings,
    reflection,
    resource::{Forwarding, Reaper, Resources, Watches},
    server_discovery::ServerDiscovery,
    subscribe::Subscribe,
};

/// The methods of the certificate authority that wait for it.
const CONNECT_CA_WAITS: &[&str] = &["WatchRoots"];

/// What the services ask of the server around them.
#[derive(Clone)]
pub struct Deps {
    /// The same as those of net/rpc.
    pub context: Arc<Context>,
    /// The server's id as a node, which is its id in raft as well.
    pub node_id: Arc<str>,
    /// The version of Consul that this server says it is.
    pub version: &'static str,
    /// How names are answered.
    pub dns: Arc<proconsul_dns::Settings>,
    /// Where the slowest calls are kept.
    pub slow: Arc<SlowCalls>,
    /// What calls are counted against, those of net/rpc as well.
    pub limits: Arc<RequestLimits>,
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
    /// What of resources is the leader's to do.
    pub reaper: Reaper,
    resource_watches: Arc<Watches>,
    news: Arc<News>,
}

impl Surfaces {
    /// The methods that are answered on any of them, by path.
    pub fn served(&self) -> Vec<&'static GrpcRow> {
        let surfaces = [&self.internal, &self.external, &self.raft_forwarding];
        let mut served: Vec<_> = surfaces.iter().flat_map(|surface| surface.served()).collect();
        served.sort_unstable_by_key(|row| row.path);
        served.dedup_by_key(|row| row.path);
        served
    }

    /// With every service where it belongs.
    ///
    /// # Errors
    /// The committed descriptors cannot be read.
    pub fn new(deps: &Deps) -> Result<Self, Error> {
        let new = |listener| Surface::new(listener, Arc::clone(&deps.slow), Arc::clone(&deps.limits));
        let (health, health_service) = Health::new();
        let acl = AclServiceServer::new(Acl);
        let connect_ca = ConnectCaServiceServer::new(ConnectCa);
        let peer_streams = PeerStreamServiceServer::new(PeerStreams::new(&deps.context));
        let discovery = ServerDiscoveryServiceServer::new(ServerDiscovery::new(deps));
        let dataplane = DataplaneServiceServer::new(Dataplane::new(&deps.context));
        let operator = OperatorServiceServer::new(Operator::new(deps));
        let resource_watches = Arc::new(Watches::default());
        let resources = ResourceServiceServer::new(Resources::new(&deps.context, Arc::clone(&resource_watches)));
        let news = Arc::new(News::default());
        deps.context.store.follow(&news);
        let internal = new(Internal)
            .with(acl.clone())
            .with_waiting(connect_ca.clone(), CONNECT_CA_WAITS)
            .with_waiting(ConfigEntryServiceServer::new(ConfigEntries), &["GetResolvedExportedServices"])
            .with_waiting(peer_streams.clone(), &["StreamResources"])
            .with_waiting(
                PeeringServiceServer::new(Peerings::new(&deps.context, &news)),
                &["GenerateToken", "Establish"],
            )
            .with(operator.clone())
            .with(resources.clone())
            .with_waiting(StateChangeSubscriptionServer::new(Subscribe::new(&deps.context)), &["Subscribe"])
            .with(health_service.clone());
        let external = new(External)
            .with(acl.max_decoding_message_size(EXTERNAL_MESSAGE_BYTES_MAX))
            .with_waiting(connect_ca.max_decoding_message_size(EXTERNAL_MESSAGE_BYTES_MAX), CONNECT_CA_WAITS)
            .with_waiting(peer_streams.max_decoding_message_size(EXTERNAL_MESSAGE_BYTES_MAX), &["StreamResources"])
            .with(operator.max_decoding_message_size(EXTERNAL_MESSAGE_BYTES_MAX))
            .with(discovery.max_decoding_message_size(EXTERNAL_MESSAGE_BYTES_MAX))
            .with(dataplane.max_decoding_message_size(EXTERNAL_MESSAGE_BYTES_MAX))
            .with(DnsServiceServer::new(Dns::new(deps)).max_decoding_message_size(EXTERNAL_MESSAGE_BYTES_MAX))
            .with(resources.max_decoding_message_size(EXTERNAL_MESSAGE_BYTES_MAX))
            .with(health_service);
        let raft_forwarding = new(RaftForwarding).with(ForwardingServiceServer::new(Forwarding::new(&deps.context)));
        Ok(Self {
            internal: Arc::new(reflection::with(internal)?),
            external: Arc::new(reflection::with(external)?),
            raft_forwarding: Arc::new(raft_forwarding),
            health,
            reaper: Reaper::new(&deps.context, &resource_watches),
            resource_watches,
            news,
        })
    }

    /// Ends the streams that would go on for as long as their clients want, and answers the reads that wait: the server stops.
    pub fn end_streams(&self) {
        self.resource_watches.end_all();
        self.news.end_all();
    }
}
