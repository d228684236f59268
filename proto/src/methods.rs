//! A row of the method table for every gRPC method of Consul, and a type per method that ties the row to its messages.
//!
//! [`METHODS`] are those of this crate, [`all`] and [`find`] know the public ones too. What a descriptor tells is generated from it:
//! names, streaming, and the rate limiter's class, which is an annotation there. What it does not tell is `DUTIES`; a method
//! without a line in it does not compile.

use proconsul_proto_public::methods as public;
use proconsul_types::{
    Category, GrpcDuty, GrpcFacts,
    GrpcListener::{External, Internal, RaftForwarding},
    GrpcMethod, GrpcRow, Operation,
};

include!("generated/methods.rs");

/// How many gRPC methods Consul has, public ones included.
pub const METHOD_COUNT_ALL: usize = public::METHOD_COUNT + METHOD_COUNT;

/// Where each method is offered, who answers it and which access rules it checks. Source: Consul 1.21.4.
const DUTIES: &[GrpcDuty] = &[
    GrpcDuty::new("hashicorp.consul.internal.configentry.ConfigEntryService.GetResolvedExportedServices", &[Internal])
        .leader(Operation::Read)
        .acl(&["MeshReadAllowed"]),
    GrpcDuty::new("hashicorp.consul.internal.operator.OperatorService.TransferLeader", &[Internal, External])
        .leader(Operation::Write)
        .acl(&["OperatorWriteAllowed"]),
    GrpcDuty::new("hashicorp.consul.internal.peering.PeeringService.Establish", &[Internal])
        .leader(Operation::Write)
        .acl(&["PeeringWriteAllowed"]),
    GrpcDuty::new("hashicorp.consul.internal.peering.PeeringService.GenerateToken", &[Internal])
        .leader(Operation::Write)
        .acl(&["PeeringWriteAllowed"]),
    GrpcDuty::new("hashicorp.consul.internal.peering.PeeringService.PeeringDelete", &[Internal])
        .leader(Operation::Write)
        .acl(&["PeeringWriteAllowed"]),
    GrpcDuty::new("hashicorp.consul.internal.peering.PeeringService.PeeringList", &[Internal])
        .leader(Operation::Read)
        .acl(&["PeeringReadAllowed"]),
    GrpcDuty::new("hashicorp.consul.internal.peering.PeeringService.PeeringRead", &[Internal])
        .leader(Operation::Read)
        .acl(&["PeeringReadAllowed"]),
    GrpcDuty::new("hashicorp.consul.internal.peering.PeeringService.PeeringWrite", &[Internal])
        .leader(Operation::Write)
        .acl(&["PeeringWriteAllowed"]),
    GrpcDuty::new("hashicorp.consul.internal.peering.PeeringService.TrustBundleListByService", &[Internal])
        .leader(Operation::Read)
        .acl(&["ServiceWriteAllowed"]),
    GrpcDuty::new("hashicorp.consul.internal.peering.PeeringService.TrustBundleRead", &[Internal])
        .leader(Operation::Read)
        .acl(&["ServiceWriteAnyAllowed"]),
    GrpcDuty::new("hashicorp.consul.internal.peerstream.PeerStreamService.ExchangeSecret", &[Internal, External])
        .leader(Operation::Write),
    GrpcDuty::new("hashicorp.consul.internal.peerstream.PeerStreamService.StreamResources", &[Internal, External])
        .leader_alone(),
    GrpcDuty::new("hashicorp.consul.internal.storage.raft.ForwardingService.Delete", &[RaftForwarding]).leader_alone(),
    GrpcDuty::new("hashicorp.consul.internal.storage.raft.ForwardingService.List", &[RaftForwarding]).leader_alone(),
    GrpcDuty::new("hashicorp.consul.internal.storage.raft.ForwardingService.Read", &[RaftForwarding]).leader_alone(),
    GrpcDuty::new("hashicorp.consul.internal.storage.raft.ForwardingService.Write", &[RaftForwarding]).leader_alone(),
    GrpcDuty::new("subscribe.StateChangeSubscription.Subscribe", &[Internal]).datacenter().acl(&["filterACL"]),
];

/// The row of every gRPC method, the public ones first. A row's place here is its index among gRPC methods.
pub fn all() -> impl ExactSizeIterator<Item = &'static GrpcRow> + Clone {
    (0..METHOD_COUNT_ALL)
        .map(|at| at.checked_sub(public::METHOD_COUNT).map_or_else(|| &public::METHODS[at], |own| &METHODS[own]))
}

/// The row of the method with this path (`/package.Service/Method`), of either crate.
pub fn find(path: &str) -> Option<&'static GrpcRow> {
    let own = METHODS.binary_search_by(|row| row.path.cmp(path)).ok().map(|at| &METHODS[at]);
    own.or_else(|| public::find(path))
}
