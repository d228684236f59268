//! A row of the method table for every gRPC method of this crate, and a type per method that ties the row to its messages.
//!
//! What a descriptor tells is generated from it: names, streaming, and the rate limiter's class, which is an annotation there.
//! What it does not tell is `DUTIES`; a method without a line in it does not compile.

use proconsul_types::{
    Category, GrpcDuty, GrpcFacts,
    GrpcListener::{External, Internal},
    GrpcMethod, GrpcRow, Operation,
};

include!("generated/methods.rs");

/// Where each method is offered, who answers it and which access rules it checks. Source: Consul 1.21.4.
const DUTIES: &[GrpcDuty] = &[
    GrpcDuty::new("hashicorp.consul.acl.ACLService.Login", &[Internal, External]).leader(Operation::Write),
    GrpcDuty::new("hashicorp.consul.acl.ACLService.Logout", &[Internal, External]).leader(Operation::Write),
    GrpcDuty::new("hashicorp.consul.connectca.ConnectCAService.Sign", &[Internal, External])
        .leader(Operation::Write)
        .acl(&["AuthorizeAndSignCertificate"]),
    GrpcDuty::new("hashicorp.consul.connectca.ConnectCAService.WatchRoots", &[Internal, External])
        .acl(&["RequireAnyValidACLToken"]),
    GrpcDuty::new("hashicorp.consul.dataplane.DataplaneService.GetEnvoyBootstrapParams", &[External])
        .acl(&["ServiceReadAllowed"]),
    GrpcDuty::new("hashicorp.consul.dataplane.DataplaneService.GetSupportedDataplaneFeatures", &[External])
        .acl(&["RequireAnyValidACLToken"]),
    GrpcDuty::new("hashicorp.consul.dns.DNSService.Query", &[External]),
    GrpcDuty::new("hashicorp.consul.resource.ResourceService.Delete", &[Internal, External]).acl(&["ACLs.Write"]),
    GrpcDuty::new("hashicorp.consul.resource.ResourceService.List", &[Internal, External])
        .acl(&["ACLs.List", "ACLs.Read"]),
    GrpcDuty::new("hashicorp.consul.resource.ResourceService.ListByOwner", &[Internal, External])
        .acl(&["ACLs.List", "ACLs.Read"]),
    GrpcDuty::new("hashicorp.consul.resource.ResourceService.MutateAndValidate", &[Internal, External])
        .acl(&["ACLs.Write"]),
    GrpcDuty::new("hashicorp.consul.resource.ResourceService.Read", &[Internal, External]).acl(&["ACLs.Read"]),
    GrpcDuty::new("hashicorp.consul.resource.ResourceService.WatchList", &[Internal, External])
        .acl(&["ACLs.List", "ACLs.Read"]),
    GrpcDuty::new("hashicorp.consul.resource.ResourceService.Write", &[Internal, External]).acl(&["ACLs.Write"]),
    GrpcDuty::new("hashicorp.consul.resource.ResourceService.WriteStatus", &[Internal, External]).acl(&["ACLs.Write"]),
    GrpcDuty::new("hashicorp.consul.serverdiscovery.ServerDiscoveryService.WatchServers", &[External])
        .acl(&["RequireAnyValidACLToken"]),
];

/// The row of the method with this path (`/package.Service/Method`), if it is one of this crate's.
pub fn find(path: &str) -> Option<&'static GrpcRow> {
    METHODS.binary_search_by(|row| row.path.cmp(path)).ok().map(|at| &METHODS[at])
}
