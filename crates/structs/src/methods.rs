//! The method table, and a type per method that this program serves.
//!
//! [`METHODS`] is the truth about every net/rpc method of Consul. A handler is registered for a [`Method`], a marker type
//! that ties a row to the types of its request and reply: without a row it does not compile.

mod draft; // how a row is written
mod table; // the rows, and nothing else

use std::convert::Infallible;

use proconsul_msgpack::GoStr;
use proconsul_types::MethodRow;

use crate::{
    auto_config as auto_config_structs, catalog as catalog_structs, config_entry as config_entry_structs,
    connect_ca as connect_ca_structs, discovery_chain as discovery_chain_structs, gateway as gateway_structs,
    kvs as kvs_structs, query::DcSpecificRequest, service_config as service_config_structs, status as status_structs,
};
pub use table::{METHOD_COUNT, METHODS};

/// A net/rpc method with the types it carries.
pub trait Method {
    /// What a client sends.
    type Request;
    /// What it gets when all went well.
    type Reply;
    /// The method's position in [`METHODS`].
    const INDEX: u16;
    /// The method's row.
    const ROW: &'static MethodRow;
}

/// Position of the method with this full name (`KVS.Get`) in [`METHODS`]; `None` when Consul has no such method.
pub fn find(name: impl AsRef<[u8]>) -> Option<u16> {
    let name = name.as_ref();
    METHODS.binary_search_by(|row| row.name.as_bytes().cmp(name)).ok().map(|index| index as u16)
}

/// Whether any method belongs to this service (`KVS`).
pub fn has_service(service: impl AsRef<[u8]>) -> bool {
    METHODS.iter().any(|row| row.service().as_bytes() == service.as_ref())
}

/// As [`find`], at compile time; a name without a row does not compile.
const fn index_of(service: &str, method: &str) -> u16 {
    let mut index = 0;
    while index < METHOD_COUNT {
        let row = &METHODS[index];
        if same(row.service(), service) && same(row.method(), method) {
            return index as u16;
        }
        index += 1;
    }
    panic!("no row of METHODS has this name");
}

/// Equality of strings, for constants.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// What the method at this position in [`METHODS`] is for, in a line; empty where there is no such method.
pub fn meaning(index: u16) -> &'static str {
    let mut all = SERVICES.iter().copied().flatten();
    all.find(|(of, _)| *of == index).map(|(_, meaning)| *meaning).unwrap_or_default()
}

/// Declares the marker types of one service. It has a line in [`SERVICES`], too.
macro_rules! service {
    ($(#[$doc:meta])* $module:ident = $service:literal {
        $(#[doc = $meaning:literal] $(#[$method_doc:meta])* $method:ident($request:ty) -> $reply:ty;)*
    }) => {
        $(#[$doc])*
        pub mod $module {
            use super::*;

            /// For [`meaning`]: each method's position and the first line of its documentation.
            pub(super) const MEANINGS: &[(u16, &str)] = &[$(($method::INDEX, $meaning.trim_ascii()),)*];

            $(
                #[doc = $meaning]
                $(#[$method_doc])*
                #[derive(Clone, Copy, Debug)]
                pub enum $method {}

                impl Method for $method {
                    type Request = $request;
                    type Reply = $reply;
                    const INDEX: u16 = index_of($service, stringify!($method));
                    const ROW: &'static MethodRow = &METHODS[Self::INDEX as usize];
                }
            )*
        }
    };
}

service! {
    /// Who leads, who votes, and whether anybody is there.
    status = "Status" {
        /// Answers at once; proves that the server lives.
        Ping(status_structs::EmptyReadRequest) -> status_structs::Empty;
        /// Address of the leader's server port, empty when there is none.
        Leader(DcSpecificRequest) -> GoStr;
        /// Addresses of all servers that take part in consensus.
        Peers(DcSpecificRequest) -> Vec<GoStr>;
        /// How far this server's log has come.
        RaftStats(status_structs::EmptyReadRequest) -> status_structs::RaftStats;
    }
}

service! {
    /// The key/value store.
    kvs = "KVS" {
        /// Changes one key, or all below a prefix. The reply tells whether a conditional change took place.
        Apply(kvs_structs::KvsRequest) -> bool;
        /// Reads one key.
        Get(kvs_structs::KeyRequest) -> kvs_structs::IndexedDirEntries;
        /// Reads all keys that begin with a prefix.
        List(kvs_structs::KeyRequest) -> kvs_structs::IndexedDirEntries;
        /// Lists key names below a prefix, optionally cut at a separator.
        ListKeys(kvs_structs::KeyListRequest) -> kvs_structs::IndexedKeyList;
    }
}

service! {
    /// Nodes and services.
    catalog = "Catalog" {
        /// Adds or changes a node, and services and checks on it.
        Register(catalog_structs::RegisterRequest) -> status_structs::Empty;
        /// Removes a service, a check, or a node with all that is on it.
        Deregister(catalog_structs::DeregisterRequest) -> status_structs::Empty;
        /// Lists nodes.
        ListNodes(DcSpecificRequest) -> catalog_structs::IndexedNodes;
        /// Lists services' names with their tags.
        ListServices(DcSpecificRequest) -> catalog_structs::IndexedServices;
        /// Lists the instances of one service.
        ServiceNodes(catalog_structs::ServiceSpecificRequest) -> catalog_structs::IndexedServiceNodes;
        /// Lists known datacenters, nearest first.
        ListDatacenters(catalog_structs::DatacentersRequest) -> Vec<GoStr>;
        /// Lists the services behind a gateway.
        GatewayServices(catalog_structs::ServiceSpecificRequest) -> gateway_structs::IndexedGatewayServices;
    }
}

service! {
    /// Settings of the mesh, by kind and name.
    config_entry = "ConfigEntry" {
        /// Stores one entry. The reply tells whether a conditional change took place.
        Apply(config_entry_structs::ConfigEntryRequest) -> bool;
        /// Removes one entry.
        Delete(config_entry_structs::ConfigEntryRequest) -> config_entry_structs::ConfigEntryDeleteResponse;
        /// Reads one entry.
        Get(config_entry_structs::ConfigEntryQuery) -> config_entry_structs::ConfigEntryResponse;
        /// Reads all entries of a kind.
        List(config_entry_structs::ConfigEntryQuery) -> config_entry_structs::IndexedConfigEntries;
        /// Reads all entries of some kinds.
        ListAll(config_entry_structs::ConfigEntryListAllRequest) -> config_entry_structs::IndexedGenericConfigEntries;
        /// Puts together all that entries say about one service's proxies.
        ResolveServiceConfig(service_config_structs::ServiceConfigRequest) -> service_config_structs::ServiceConfigResponse;
    }
}

service! {
    /// What a service's name stands for.
    discovery_chain = "DiscoveryChain" {
        /// Follows a service's routers, splitters and resolvers to the instances they end in.
        Get(discovery_chain_structs::DiscoveryChainRequest) -> discovery_chain_structs::DiscoveryChainResponse;
    }
}

service! {
    /// A first certificate for an agent, over byte 7.
    auto_encrypt = "AutoEncrypt" {
        /// Signs a certificate. Always refused so far, so there is no reply.
        Sign(connect_ca_structs::CaSignRequest) -> Infallible;
    }
}

service! {
    /// A first configuration for an agent, over byte 7.
    auto_config = "AutoConfig" {
        /// Tells an agent what to run with. Always refused so far, so there is no reply.
        InitialConfiguration(auto_config_structs::AutoConfigRequest) -> Infallible;
    }
}

/// What each service's methods are for.
const SERVICES: &[&[(u16, &str)]] = &[
    status::MEANINGS,
    kvs::MEANINGS,
    catalog::MEANINGS,
    config_entry::MEANINGS,
    discovery_chain::MEANINGS,
    auto_encrypt::MEANINGS,
    auto_config::MEANINGS,
];

#[cfg(test)]
mod tests;
