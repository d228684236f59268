//! Every method can be called by its type, and every one that waits for news can be watched.
use std::collections::BTreeSet;

use proconsul_client::{
    Client, Options, Transport,
    structs::{HasQueryMeta, HasQueryOptions, METHODS, Method, methods},
};
use serde::{Serialize, de::DeserializeOwned};

/// The names of these methods, each of which goes through a function that is made for it.
macro_rules! names {
    ($through:ident; $($service:ident: $($method:ident)*;)*) => {
        [$($($through::<methods::$service::$method>(),)*)*]
    };
}

/// What [`Client::call`] demands.
fn called<M: Method>() -> &'static str
where
    M::Request: Serialize,
    M::Reply: DeserializeOwned,
{
    let _: fn(&Client, &M::Request) = |client, request| drop(client.call::<M>(request));
    M::ROW.name
}

/// What [`Client::watch`] demands.
fn watched<M: Method>() -> &'static str
where
    M::Request: Serialize + HasQueryOptions + Default + Send + Sync + 'static,
    M::Reply: DeserializeOwned + Serialize + HasQueryMeta + Send + 'static,
{
    let nowhere: [String; 0] = [];
    drop(Client::lazy(nowhere, Transport::Plain, Options::default()).watch::<M>(M::Request::default()));
    M::ROW.name
}

#[test]
fn every_method_can_be_called_by_its_type() {
    let names = names! { called;
    acl: BootstrapTokens Login Logout Authorize ReplicationStatus TokenRead TokenList TokenBatchRead TokenSet
        TokenClone TokenDelete PolicyRead PolicyList PolicyBatchRead PolicyResolve PolicySet PolicyDelete
        RoleRead RoleList RoleBatchRead RoleResolve RoleSet RoleDelete BindingRuleRead BindingRuleList
        BindingRuleSet BindingRuleDelete AuthMethodRead AuthMethodList AuthMethodSet AuthMethodDelete;
    auto_config: InitialConfiguration;
    auto_encrypt: Sign;
    catalog: Register Deregister ListNodes ListServices ServiceList ServiceNodes NodeServices NodeServiceList
        GatewayServices VirtualIPForService ListDatacenters;
    config_entry: Apply Delete Get List ListAll ResolveServiceConfig;
    connect_ca: Roots Sign SignIntermediate ConfigurationGet ConfigurationSet;
    coordinate: Update Node ListNodes ListDatacenters;
    discovery_chain: Get;
    federation_state: Apply Get List ListMeshGateways;
    health: ChecksInState NodeChecks ServiceChecks ServiceNodes;
    intention: Apply Get List Match Check;
    internal: NodeInfo NodeDump ServiceDump CatalogOverview ServiceTopology IntentionUpstreams
        IntentionUpstreamsDestination GatewayServiceDump ServiceGateways GatewayIntentions
        ExportedPeeredServices ExportedServicesForPeer PeeredUpstreams AssignManualServiceVIPs EventFire
        KeyringOperation;
    kvs: Apply Get List ListKeys;
    operator: RaftGetConfiguration RaftRemovePeerByAddress RaftRemovePeerByID AutopilotGetConfiguration
        AutopilotSetConfiguration AutopilotState ServerHealth Usage;
    prepared_query: Apply Get List Execute ExecuteRemote Explain;
    session: Apply Get List NodeSessions Renew;
    status: Ping Leader Peers RaftStats;
    txn: Apply Read;
    };
    let names = BTreeSet::from(names);
    let all: BTreeSet<&str> = METHODS.iter().map(|row| row.name).collect();
    assert_eq!(names, all);
}

#[test]
fn every_method_that_waits_for_news_can_be_watched() {
    let names = names! { watched;
    acl: TokenRead TokenList TokenBatchRead PolicyRead PolicyList PolicyBatchRead RoleRead RoleList
        RoleBatchRead BindingRuleRead BindingRuleList AuthMethodRead AuthMethodList;
    catalog: ListNodes ListServices ServiceList ServiceNodes NodeServices NodeServiceList GatewayServices;
    config_entry: Get List ListAll ResolveServiceConfig;
    connect_ca: Roots;
    coordinate: Node ListNodes;
    discovery_chain: Get;
    federation_state: Get List ListMeshGateways;
    health: ChecksInState NodeChecks ServiceChecks ServiceNodes;
    intention: Get List Match;
    internal: NodeInfo NodeDump ServiceDump ServiceTopology IntentionUpstreams IntentionUpstreamsDestination
        GatewayServiceDump ServiceGateways GatewayIntentions ExportedPeeredServices ExportedServicesForPeer
        PeeredUpstreams;
    kvs: Get List ListKeys;
    operator: Usage;
    prepared_query: Get List;
    session: Get List NodeSessions;
    };
    let names = BTreeSet::from(names);
    let all: BTreeSet<&str> = METHODS.iter().filter(|row| row.blocking).map(|row| row.name).collect();
    assert_eq!(names, all);
}
