#![doc = include_str!("../README.md")]

use proconsul_proto::methods as grpc;
use proconsul_structs::{METHOD_COUNT as NETRPC_COUNT, METHODS as NETRPC, methods as netrpc};
use proconsul_types::{GrpcRow, MethodRow};

/// How many methods both systems have together.
pub const METHOD_COUNT: usize = NETRPC_COUNT + grpc::METHOD_COUNT_ALL;

/// A method of either RPC system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnyMethod {
    /// One of net/rpc.
    NetRpc(&'static MethodRow),
    /// One of gRPC.
    Grpc(&'static GrpcRow),
}

impl AnyMethod {
    /// What both systems have.
    pub const fn row(self) -> &'static MethodRow {
        match self {
            Self::NetRpc(row) => row,
            Self::Grpc(row) => &row.row,
        }
    }

    /// The full name: `KVS.Get`, `hashicorp.consul.acl.ACLService.Login`.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// What only gRPC has, for a method of gRPC.
    pub const fn grpc(self) -> Option<&'static GrpcRow> {
        match self {
            Self::NetRpc(_) => None,
            Self::Grpc(row) => Some(row),
        }
    }
}

/// Every method of both systems: net/rpc by name, then gRPC, public before private, by path.
pub fn all() -> impl Iterator<Item = AnyMethod> + Clone {
    NETRPC.iter().map(AnyMethod::NetRpc).chain(grpc::all().map(AnyMethod::Grpc))
}

/// The method with this name. For gRPC, `package.Service.Method` or the path `/package.Service/Method`.
pub fn find(name: &str) -> Option<AnyMethod> {
    if let Some(at) = netrpc::find(name) {
        return Some(AnyMethod::NetRpc(&NETRPC[usize::from(at)]));
    }
    if name.starts_with('/') {
        return grpc::find(name).map(AnyMethod::Grpc);
    }
    grpc::all().find(|row| row.row.name == name).map(AnyMethod::Grpc)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_method_is_found_by_every_name_it_has_and_by_no_other() {
        assert_eq!(all().count(), METHOD_COUNT);
        for method in all() {
            assert_eq!(find(method.name()), Some(method));
            if let Some(row) = method.grpc() {
                assert_eq!(find(row.path), Some(method));
            }
        }
        for name in ["", "/", "KVS", "KVS.get", "/KVS/Get", "hashicorp.consul.acl.ACLService", "/KVS.Get"] {
            assert_eq!(find(name), None, "{name}");
        }
    }

    #[test]
    fn no_two_methods_share_a_name() {
        let names: HashSet<_> = all().map(AnyMethod::name).collect();
        assert_eq!(names.len(), METHOD_COUNT);
    }
}
