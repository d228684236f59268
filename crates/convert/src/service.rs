//! `pbservice`: nodes, services and checks.

use proconsul_msgpack::GoStr;
use proconsul_proto::pbservice;
use proconsul_structs::{
    List,
    check::{CheckType, HealthCheck, HealthCheckDefinition},
    health::{CheckServiceNode, IndexedCheckServiceNodes},
    node::Node,
    query::QueryMeta,
    service::{
        NodeService, PeeringServiceMeta, ServiceAddress, ServiceConnect, ServiceDefinition, ServiceKind, Weights,
    },
};

use crate::{
    ConvertError, Mirror,
    define::{mirror, words},
};

words!(ServiceKind);

mirror!(Node => pbservice::Node {
    id, node, address, datacenter, partition, peer_name, tagged_addresses, meta, locality, raft_index,
});

mirror!(NodeService => pbservice::NodeService {
    kind, id, service, tags, address, tagged_addresses, meta, port, socket_path, weights, enable_tag_override, locality, proxy,
    connect, locally_registered_as_sidecar, peer_name, raft_index,
} filled { enterprise_meta: Some(Default::default()) });

mirror!(ServiceAddress => pbservice::ServiceAddress { address, port });

mirror!(Weights => pbservice::Weights { passing, warning });

mirror!(ServiceConnect => pbservice::ServiceConnect { native, sidecar_service, peer_meta });

/// In a service within a service the message is boxed.
impl Mirror<Box<pbservice::ServiceConnect>> for ServiceConnect {
    fn to_proto(&self) -> Result<Box<pbservice::ServiceConnect>, ConvertError> {
        self.to_proto().map(Box::new)
    }

    fn from_proto(proto: Box<pbservice::ServiceConnect>) -> Result<Self, ConvertError> {
        Self::from_proto(*proto)
    }
}

mirror!(PeeringServiceMeta => pbservice::PeeringServiceMeta { sni, spiffe_id, protocol });

mirror!(ServiceDefinition => pbservice::ServiceDefinition {
    kind, id, name, tags, address, tagged_addresses, meta, port, socket_path, check, checks, weights, token, enable_tag_override,
    locality, proxy, connect,
} filled { enterprise_meta: Some(Default::default()) });

mirror!(HealthCheck => pbservice::HealthCheck {
    node, check_id, name, status, notes, output, service_id, service_name, service_tags, interval, timeout, exposed_port,
    peer_name, definition, raft_index,
} renamed { check_type => r#type } filled { enterprise_meta: Some(Default::default()) });

mirror!(HealthCheckDefinition => pbservice::HealthCheckDefinition {
    http, tls_server_name, tls_skip_verify, header, method, body, disable_redirects, tcp, tcp_use_tls, udp, h2ping, os_service,
    interval, output_max_size, timeout, deregister_critical_service_after, script_args, docker_container_id, shell, grpc,
    grpc_use_tls, alias_node, alias_service, session_name, ttl,
} renamed { h2ping_use_tls => h2_ping_use_tls });

mirror!(CheckType => pbservice::CheckType {
    check_id, name, status, notes, script_args, http, h2ping, header, method, body, disable_redirects, tcp, tcp_use_tls, udp,
    interval, alias_node, alias_service, docker_container_id, shell, grpc, grpc_use_tls, os_service, tls_server_name,
    tls_skip_verify, timeout, ttl, success_before_passing, failures_before_warning, failures_before_critical, proxy_http,
    proxy_grpc, deregister_critical_service_after, output_max_size,
} renamed { h2ping_use_tls => h2_ping_use_tls } filled { session_name: String::new() });

/// Values of a header.
impl Mirror<pbservice::HeaderValue> for List<GoStr> {
    fn to_proto(&self) -> Result<pbservice::HeaderValue, ConvertError> {
        Ok(pbservice::HeaderValue { value: self.to_proto()? })
    }

    fn from_proto(proto: pbservice::HeaderValue) -> Result<Self, ConvertError> {
        Self::from_proto(proto.value)
    }
}

mirror!(CheckServiceNode => pbservice::CheckServiceNode { node, service, checks });

/// Of what the answer says about the query, only its index has a place.
impl Mirror<pbservice::IndexedCheckServiceNodes> for IndexedCheckServiceNodes {
    fn to_proto(&self) -> Result<pbservice::IndexedCheckServiceNodes, ConvertError> {
        let nodes = self.nodes.to_proto().map_err(|error| error.within("nodes"))?;
        Ok(pbservice::IndexedCheckServiceNodes { index: self.query_meta.index, nodes })
    }

    fn from_proto(proto: pbservice::IndexedCheckServiceNodes) -> Result<Self, ConvertError> {
        let nodes = List::from_proto(proto.nodes).map_err(|error| error.within("nodes"))?;
        Ok(Self { nodes, query_meta: QueryMeta { index: proto.index, ..QueryMeta::default() } })
    }
}
