//! The table, and nothing else: one row per method, sorted by name.
//!
//! Read a row as: kind (`query`, `write`, or `plain` for one without options), name, category, request and reply; then what
//! is out of the ordinary for that kind. Source: Consul 1.21.4, compared row by row with `tests/golden/wire/netrpc.json`.

use proconsul_types::{
    AnsweredBy::{Datacenter, Everyone},
    Category::*,
    MethodRow,
    Operation::{Exempt, Read, Write},
};

use super::draft::{plain, query, write};

/// How many methods Consul's net/rpc has.
pub const METHOD_COUNT: usize = 118;

/// Every net/rpc method of Consul, sorted by name. A method's position here is its index everywhere.
pub static METHODS: [MethodRow; METHOD_COUNT] = [
    // ACL
    write("ACL.AuthMethodDelete", Acl, "structs.ACLAuthMethodDeleteRequest", "bool")
        .acl(&["ACLWriteAllowed"])
        .raft(&["ACLAuthMethodDeleteRequestType"])
        .row(),
    query("ACL.AuthMethodList", Acl, "structs.ACLAuthMethodListRequest", "structs.ACLAuthMethodListResponse")
        .blocking()
        .acl(&["ACLReadAllowed", "filterACLWithAuthorizer"])
        .row(),
    query("ACL.AuthMethodRead", Acl, "structs.ACLAuthMethodGetRequest", "structs.ACLAuthMethodResponse")
        .blocking()
        .acl(&["ACLReadAllowed"])
        .row(),
    write("ACL.AuthMethodSet", Acl, "structs.ACLAuthMethodSetRequest", "structs.ACLAuthMethod")
        .acl(&["ACLWriteAllowed"])
        .raft(&["ACLAuthMethodSetRequestType"])
        .row(),
    query("ACL.Authorize", Acl, "structs.RemoteACLAuthorizationRequest", "[]structs.ACLAuthorizationResponse")
        .stale()
        .row(),
    write("ACL.BindingRuleDelete", Acl, "structs.ACLBindingRuleDeleteRequest", "bool")
        .acl(&["ACLWriteAllowed"])
        .raft(&["ACLBindingRuleDeleteRequestType"])
        .row(),
    query("ACL.BindingRuleList", Acl, "structs.ACLBindingRuleListRequest", "structs.ACLBindingRuleListResponse")
        .blocking()
        .acl(&["ACLReadAllowed", "filterACLWithAuthorizer"])
        .row(),
    query("ACL.BindingRuleRead", Acl, "structs.ACLBindingRuleGetRequest", "structs.ACLBindingRuleResponse")
        .blocking()
        .acl(&["ACLReadAllowed"])
        .row(),
    write("ACL.BindingRuleSet", Acl, "structs.ACLBindingRuleSetRequest", "structs.ACLBindingRule")
        .acl(&["ACLWriteAllowed"])
        .raft(&["ACLBindingRuleSetRequestType"])
        .row(),
    query("ACL.BootstrapTokens", Acl, "structs.ACLInitialTokenBootstrapRequest", "structs.ACLToken")
        .stale()
        .acl(&["aclBootstrapAllowed"])
        .raft(&["ACLBootstrapRequestType"])
        .row(),
    write("ACL.Login", Acl, "structs.ACLLoginRequest", "structs.ACLToken").row(),
    write("ACL.Logout", Acl, "structs.ACLLogoutRequest", "bool").row(),
    query("ACL.PolicyBatchRead", Acl, "structs.ACLPolicyBatchGetRequest", "structs.ACLPolicyBatchResponse")
        .blocking()
        .acl(&["filterACLWithAuthorizer"])
        .row(),
    write("ACL.PolicyDelete", Acl, "structs.ACLPolicyDeleteRequest", "string")
        .acl(&["ACLWriteAllowed"])
        .raft(&["ACLPolicyDeleteRequestType"])
        .row(),
    query("ACL.PolicyList", Acl, "structs.ACLPolicyListRequest", "structs.ACLPolicyListResponse")
        .blocking()
        .acl(&["ACLReadAllowed", "filterACLWithAuthorizer"])
        .row(),
    query("ACL.PolicyRead", Acl, "structs.ACLPolicyGetRequest", "structs.ACLPolicyResponse")
        .blocking()
        .acl(&["ACLReadAllowed"])
        .row(),
    query("ACL.PolicyResolve", Acl, "structs.ACLPolicyBatchGetRequest", "structs.ACLPolicyBatchResponse")
        .stale()
        .with_meta()
        .row(),
    write("ACL.PolicySet", Acl, "structs.ACLPolicySetRequest", "structs.ACLPolicy")
        .acl(&["ACLWriteAllowed"])
        .raft(&["ACLPolicySetRequestType"])
        .row(),
    query("ACL.ReplicationStatus", Acl, "structs.DCSpecificRequest", "structs.ACLReplicationStatus")
        .stale_or_consistent()
        .row(),
    query("ACL.RoleBatchRead", Acl, "structs.ACLRoleBatchGetRequest", "structs.ACLRoleBatchResponse")
        .blocking()
        .acl(&["filterACLWithAuthorizer"])
        .row(),
    write("ACL.RoleDelete", Acl, "structs.ACLRoleDeleteRequest", "string")
        .acl(&["ACLWriteAllowed"])
        .raft(&["ACLRoleDeleteRequestType"])
        .row(),
    query("ACL.RoleList", Acl, "structs.ACLRoleListRequest", "structs.ACLRoleListResponse")
        .blocking()
        .acl(&["ACLReadAllowed", "filterACLWithAuthorizer"])
        .row(),
    query("ACL.RoleRead", Acl, "structs.ACLRoleGetRequest", "structs.ACLRoleResponse")
        .blocking()
        .acl(&["ACLReadAllowed"])
        .row(),
    query("ACL.RoleResolve", Acl, "structs.ACLRoleBatchGetRequest", "structs.ACLRoleBatchResponse")
        .stale()
        .with_meta()
        .row(),
    write("ACL.RoleSet", Acl, "structs.ACLRoleSetRequest", "structs.ACLRole")
        .acl(&["ACLWriteAllowed"])
        .raft(&["ACLRoleSetRequestType"])
        .row(),
    query("ACL.TokenBatchRead", Acl, "structs.ACLTokenBatchGetRequest", "structs.ACLTokenBatchResponse")
        .blocking()
        .acl(&["filterACLWithAuthorizer"])
        .row(),
    write("ACL.TokenClone", Acl, "structs.ACLTokenSetRequest", "structs.ACLToken")
        .rated(Read)
        .acl(&["ACLWriteAllowed"])
        .row(),
    write("ACL.TokenDelete", Acl, "structs.ACLTokenDeleteRequest", "string")
        .acl(&["ACLWriteAllowed"])
        .raft(&["ACLTokenDeleteRequestType"])
        .row(),
    query("ACL.TokenList", Acl, "structs.ACLTokenListRequest", "structs.ACLTokenListResponse")
        .blocking()
        .acl(&["ACLReadAllowed", "filterACLWithAuthorizer"])
        .row(),
    query("ACL.TokenRead", Acl, "structs.ACLTokenGetRequest", "structs.ACLTokenResponse")
        .blocking()
        .acl(&["ACLReadAllowed", "filterACLWithAuthorizer"])
        .row(),
    write("ACL.TokenSet", Acl, "structs.ACLTokenSetRequest", "structs.ACLToken").acl(&["ACLWriteAllowed"]).row(),
    // AutoConfig
    plain(
        "AutoConfig.InitialConfiguration",
        AutoConfig,
        "pbautoconf.AutoConfigRequest",
        "pbautoconf.AutoConfigResponse",
    )
    .forwarded_as(Write)
    .insecure()
    .acl(&["Authorize"])
    .row(),
    // AutoEncrypt
    write("AutoEncrypt.Sign", AutoConfig, "structs.CASignRequest", "structs.SignedResponse").insecure().row(),
    // Catalog
    write("Catalog.Deregister", Catalog, "structs.DeregisterRequest", "struct {}")
        .acl(&["NodeWriteAllowed", "ServiceWriteAllowed", "vetDeregisterWithACL"])
        .raft(&["DeregisterRequestType"])
        .row(),
    query("Catalog.GatewayServices", Catalog, "structs.ServiceSpecificRequest", "structs.IndexedGatewayServices")
        .blocking()
        .acl(&["ServiceReadAllowed", "filterACL"])
        .row(),
    query("Catalog.ListDatacenters", Catalog, "structs.DatacentersRequest", "[]string").never_forwarded().row(),
    query("Catalog.ListNodes", Catalog, "structs.DCSpecificRequest", "structs.IndexedNodes")
        .blocking()
        .acl(&["filterACL"])
        .row(),
    query("Catalog.ListServices", Catalog, "structs.DCSpecificRequest", "structs.IndexedServices")
        .blocking()
        .acl(&["filterACLWithAuthorizer"])
        .row(),
    query("Catalog.NodeServiceList", Catalog, "structs.NodeSpecificRequest", "structs.IndexedNodeServiceList")
        .blocking()
        .acl(&["filterACL"])
        .row(),
    query("Catalog.NodeServices", Catalog, "structs.NodeSpecificRequest", "structs.IndexedNodeServices")
        .blocking()
        .acl(&["filterACL"])
        .row(),
    write("Catalog.Register", Catalog, "structs.RegisterRequest", "struct {}")
        .acl(&["NodeWriteAllowed", "ServiceWriteAllowed", "vetRegisterWithACL"])
        .raft(&["RegisterRequestType"])
        .row(),
    query("Catalog.ServiceList", Catalog, "structs.DCSpecificRequest", "structs.IndexedServiceList")
        .blocking()
        .acl(&["filterACLWithAuthorizer"])
        .row(),
    query("Catalog.ServiceNodes", Catalog, "structs.ServiceSpecificRequest", "structs.IndexedServiceNodes")
        .blocking()
        .acl(&["ServiceRead", "filterACL"])
        .row(),
    query("Catalog.VirtualIPForService", Catalog, "structs.ServiceSpecificRequest", "string")
        .stale()
        .acl(&["ServiceReadAllowed"])
        .row(),
    // ConfigEntry
    write("ConfigEntry.Apply", ConfigEntry, "structs.ConfigEntryRequest", "bool")
        .acl(&["CanWrite"])
        .raft(&["ConfigEntryRequestType"])
        .row(),
    write("ConfigEntry.Delete", ConfigEntry, "structs.ConfigEntryRequest", "structs.ConfigEntryDeleteResponse")
        .acl(&["CanWrite"])
        .raft(&["ConfigEntryRequestType"])
        .row(),
    query("ConfigEntry.Get", ConfigEntry, "structs.ConfigEntryQuery", "structs.ConfigEntryResponse")
        .blocking()
        .acl(&["CanRead"])
        .row(),
    query("ConfigEntry.List", ConfigEntry, "structs.ConfigEntryQuery", "structs.IndexedConfigEntries")
        .blocking()
        .acl(&["CanRead"])
        .row(),
    query(
        "ConfigEntry.ListAll",
        ConfigEntry,
        "structs.ConfigEntryListAllRequest",
        "structs.IndexedGenericConfigEntries",
    )
    .blocking()
    .acl(&["CanRead"])
    .row(),
    query(
        "ConfigEntry.ResolveServiceConfig",
        ConfigEntry,
        "structs.ServiceConfigRequest",
        "structs.ServiceConfigResponse",
    )
    .blocking()
    .acl(&["ServiceReadAllowed"])
    .row(),
    // ConnectCA
    query("ConnectCA.ConfigurationGet", ConnectCa, "structs.DCSpecificRequest", "structs.CAConfiguration")
        .stale()
        .acl(&["OperatorWriteAllowed"])
        .row(),
    write("ConnectCA.ConfigurationSet", ConnectCa, "structs.CARequest", "interface {}")
        .acl(&["OperatorWriteAllowed"])
        .row(),
    query("ConnectCA.Roots", ConnectCa, "structs.DCSpecificRequest", "structs.IndexedCARoots").blocking().row(),
    write("ConnectCA.Sign", ConnectCa, "structs.CASignRequest", "structs.IssuedCert")
        .acl(&["AuthorizeAndSignCertificate"])
        .row(),
    write("ConnectCA.SignIntermediate", ConnectCa, "structs.CASignRequest", "string")
        .acl(&["OperatorWriteAllowed"])
        .row(),
    // Coordinate
    plain("Coordinate.ListDatacenters", Coordinate, "struct {}", "[]structs.DatacenterMap").row(),
    query("Coordinate.ListNodes", Coordinate, "structs.DCSpecificRequest", "structs.IndexedCoordinates")
        .blocking()
        .acl(&["filterACL"])
        .row(),
    query("Coordinate.Node", Coordinate, "structs.NodeSpecificRequest", "structs.IndexedCoordinates")
        .blocking()
        .acl(&["NodeReadAllowed"])
        .row(),
    write("Coordinate.Update", Coordinate, "structs.CoordinateUpdateRequest", "struct {}")
        .acl(&["NodeWriteAllowed"])
        .row(),
    // DiscoveryChain
    query("DiscoveryChain.Get", DiscoveryChain, "structs.DiscoveryChainRequest", "structs.DiscoveryChainResponse")
        .blocking()
        .acl(&["ServiceReadAllowed"])
        .row(),
    // FederationState
    write("FederationState.Apply", FederationState, "structs.FederationStateRequest", "bool")
        .acl(&["OperatorWriteAllowed"])
        .raft(&["FederationStateRequestType"])
        .row(),
    query("FederationState.Get", FederationState, "structs.FederationStateQuery", "structs.FederationStateResponse")
        .blocking()
        .acl(&["OperatorReadAllowed"])
        .row(),
    query("FederationState.List", FederationState, "structs.DCSpecificRequest", "structs.IndexedFederationStates")
        .blocking()
        .acl(&["OperatorReadAllowed"])
        .row(),
    query(
        "FederationState.ListMeshGateways",
        FederationState,
        "structs.DCSpecificRequest",
        "structs.DatacenterIndexedCheckServiceNodes",
    )
    .blocking()
    .acl(&["filterACL"])
    .row(),
    // Health
    query("Health.ChecksInState", Health, "structs.ChecksInStateRequest", "structs.IndexedHealthChecks")
        .blocking()
        .acl(&["filterACL"])
        .row(),
    query("Health.NodeChecks", Health, "structs.NodeSpecificRequest", "structs.IndexedHealthChecks")
        .blocking()
        .acl(&["filterACL"])
        .row(),
    query("Health.ServiceChecks", Health, "structs.ServiceSpecificRequest", "structs.IndexedHealthChecks")
        .blocking()
        .acl(&["filterACL"])
        .row(),
    query("Health.ServiceNodes", Health, "structs.ServiceSpecificRequest", "structs.IndexedCheckServiceNodes")
        .blocking()
        .acl(&["ServiceRead", "filterACL"])
        .row(),
    // Intention
    write("Intention.Apply", Intention, "structs.IntentionRequest", "string")
        .acl(&["CanWrite"])
        .raft(&["IntentionRequestType"])
        .row(),
    query("Intention.Check", Intention, "structs.IntentionQueryRequest", "structs.IntentionQueryCheckResponse")
        .stale()
        .acl(&["IntentionDefaultAllow", "ServiceReadAllowed"])
        .row(),
    query("Intention.Get", Intention, "structs.IntentionQueryRequest", "structs.IndexedIntentions")
        .blocking()
        .acl(&["filterACLWithAuthorizer"])
        .row(),
    query("Intention.List", Intention, "structs.IntentionListRequest", "structs.IndexedIntentions")
        .blocking()
        .acl(&["filterACL"])
        .row(),
    query("Intention.Match", Intention, "structs.IntentionQueryRequest", "structs.IndexedIntentionMatches")
        .blocking()
        .acl(&["IntentionReadAllowed"])
        .row(),
    // Internal
    query(
        "Internal.AssignManualServiceVIPs",
        None,
        "structs.AssignServiceManualVIPsRequest",
        "structs.AssignServiceManualVIPsResponse",
    )
    .stale()
    .unmapped()
    .acl(&["MeshWriteAllowed"])
    .raft(&["UpdateVirtualIPRequestType"])
    .row(),
    query("Internal.CatalogOverview", Internal, "structs.DCSpecificRequest", "structs.CatalogSummary")
        .stale()
        .acl(&["OperatorRead"])
        .row(),
    query("Internal.EventFire", Internal, "structs.EventFireRequest", "structs.EventFireResponse")
        .stale()
        .with_meta()
        .rated(Write)
        .acl(&["EventWriteAllowed"])
        .row(),
    query(
        "Internal.ExportedPeeredServices",
        Internal,
        "structs.DCSpecificRequest",
        "structs.IndexedExportedServiceList",
    )
    .blocking()
    .acl(&["filterACLWithAuthorizer"])
    .row(),
    query("Internal.ExportedServicesForPeer", Internal, "structs.ServiceDumpRequest", "structs.IndexedServiceList")
        .blocking()
        .acl(&["MeshWrite", "PeeringRead", "filterACLWithAuthorizer"])
        .row(),
    query("Internal.GatewayIntentions", Internal, "structs.IntentionQueryRequest", "structs.IndexedIntentions")
        .blocking()
        .acl(&["ServiceReadAllowed", "filterACL"])
        .row(),
    query("Internal.GatewayServiceDump", Internal, "structs.ServiceSpecificRequest", "structs.IndexedServiceDump")
        .blocking()
        .acl(&["ServiceReadAllowed", "filterACL"])
        .row(),
    query("Internal.IntentionUpstreams", Internal, "structs.ServiceSpecificRequest", "structs.IndexedServiceList")
        .blocking()
        .acl(&["IntentionDefaultAllow", "filterACLWithAuthorizer"])
        .row(),
    query(
        "Internal.IntentionUpstreamsDestination",
        Internal,
        "structs.ServiceSpecificRequest",
        "structs.IndexedServiceList",
    )
    .blocking()
    .acl(&["IntentionDefaultAllow", "filterACLWithAuthorizer"])
    .row(),
    query("Internal.KeyringOperation", Internal, "structs.KeyringRequest", "structs.KeyringResponses")
        .with_meta()
        .answered_by(Everyone)
        .acl(&["KeyringReadAllowed", "KeyringWriteAllowed"])
        .row(),
    query("Internal.NodeDump", Internal, "structs.DCSpecificRequest", "structs.IndexedNodeDump")
        .blocking()
        .acl(&["filterACL"])
        .row(),
    query("Internal.NodeInfo", Internal, "structs.NodeSpecificRequest", "structs.IndexedNodeDump")
        .blocking()
        .acl(&["filterACL"])
        .row(),
    query("Internal.PeeredUpstreams", Internal, "structs.PartitionSpecificRequest", "structs.IndexedPeeredServiceList")
        .blocking()
        .acl(&["ServiceWriteAnyAllowed"])
        .row(),
    query("Internal.ServiceDump", Internal, "structs.ServiceDumpRequest", "structs.IndexedNodesWithGateways")
        .blocking()
        .acl(&["filterACL"])
        .row(),
    query("Internal.ServiceGateways", Internal, "structs.ServiceSpecificRequest", "structs.IndexedCheckServiceNodes")
        .blocking()
        .acl(&["ServiceReadAllowed", "filterACL"])
        .row(),
    query("Internal.ServiceTopology", Internal, "structs.ServiceSpecificRequest", "structs.IndexedServiceTopology")
        .blocking()
        .acl(&["IntentionDefaultAllow", "ServiceReadAllowed", "filterACL"])
        .row(),
    // KVS
    write("KVS.Apply", Kv, "structs.KVSRequest", "bool")
        .acl(&["KeyReadAllowed", "KeyWriteAllowed", "KeyWritePrefixAllowed"])
        .raft(&["KVSRequestType"])
        .row(),
    query("KVS.Get", Kv, "structs.KeyRequest", "structs.IndexedDirEntries").blocking().acl(&["KeyReadAllowed"]).row(),
    query("KVS.List", Kv, "structs.KeyRequest", "structs.IndexedDirEntries").blocking().acl(&["KeyListAllowed"]).row(),
    query("KVS.ListKeys", Kv, "structs.KeyListRequest", "structs.IndexedKeyList")
        .blocking()
        .acl(&["KeyListAllowed"])
        .row(),
    // Operator
    query("Operator.AutopilotGetConfiguration", Operator, "structs.DCSpecificRequest", "structs.AutopilotConfig")
        .stale()
        .rated(Exempt)
        .acl(&["OperatorReadAllowed"])
        .row(),
    write("Operator.AutopilotSetConfiguration", Operator, "structs.AutopilotSetConfigRequest", "bool")
        .rated(Exempt)
        .acl(&["OperatorWriteAllowed"])
        .raft(&["AutopilotRequestType"])
        .row(),
    query("Operator.AutopilotState", Operator, "structs.DCSpecificRequest", "autopilot.State")
        .stale()
        .rated(Exempt)
        .acl(&["OperatorReadAllowed"])
        .row(),
    query("Operator.RaftGetConfiguration", Operator, "structs.DCSpecificRequest", "structs.RaftConfigurationResponse")
        .stale()
        .rated(Exempt)
        .acl(&["OperatorReadAllowed"])
        .row(),
    write("Operator.RaftRemovePeerByAddress", Operator, "structs.RaftRemovePeerRequest", "struct {}")
        .rated(Exempt)
        .acl(&["OperatorWriteAllowed"])
        .row(),
    write("Operator.RaftRemovePeerByID", Operator, "structs.RaftRemovePeerRequest", "struct {}")
        .rated(Exempt)
        .acl(&["OperatorWriteAllowed"])
        .row(),
    query("Operator.ServerHealth", Operator, "structs.DCSpecificRequest", "structs.AutopilotHealthReply")
        .stale()
        .rated(Exempt)
        .acl(&["OperatorReadAllowed"])
        .row(),
    query("Operator.Usage", None, "structs.OperatorUsageRequest", "structs.Usage")
        .blocking()
        .unmapped()
        .acl(&["OperatorReadAllowed"])
        .row(),
    // PreparedQuery
    write("PreparedQuery.Apply", PreparedQuery, "structs.PreparedQueryRequest", "string")
        .acl(&["PreparedQueryWriteAllowed"])
        .raft(&["PreparedQueryRequestType"])
        .row(),
    query(
        "PreparedQuery.Execute",
        PreparedQuery,
        "structs.PreparedQueryExecuteRequest",
        "structs.PreparedQueryExecuteResponse",
    )
    .stale_or_consistent()
    .with_meta()
    .acl(&["filterACL"])
    .row(),
    query(
        "PreparedQuery.ExecuteRemote",
        PreparedQuery,
        "structs.PreparedQueryExecuteRemoteRequest",
        "structs.PreparedQueryExecuteResponse",
    )
    .stale_or_consistent()
    .with_meta()
    .acl(&["filterACL"])
    .row(),
    query(
        "PreparedQuery.Explain",
        PreparedQuery,
        "structs.PreparedQueryExecuteRequest",
        "structs.PreparedQueryExplainResponse",
    )
    .stale_or_consistent()
    .with_meta()
    .acl(&["filterACL"])
    .row(),
    query("PreparedQuery.Get", PreparedQuery, "structs.PreparedQuerySpecificRequest", "structs.IndexedPreparedQueries")
        .blocking()
        .acl(&["filterACL"])
        .row(),
    query("PreparedQuery.List", PreparedQuery, "structs.DCSpecificRequest", "structs.IndexedPreparedQueries")
        .blocking()
        .acl(&["filterACL"])
        .row(),
    // Session
    write("Session.Apply", Session, "structs.SessionRequest", "string")
        .acl(&["SessionWriteAllowed"])
        .raft(&["SessionRequestType"])
        .row(),
    query("Session.Get", Session, "structs.SessionSpecificRequest", "structs.IndexedSessions")
        .blocking()
        .acl(&["filterACLWithAuthorizer"])
        .row(),
    query("Session.List", Session, "structs.SessionSpecificRequest", "structs.IndexedSessions")
        .blocking()
        .acl(&["filterACLWithAuthorizer"])
        .row(),
    query("Session.NodeSessions", Session, "structs.NodeSpecificRequest", "structs.IndexedSessions")
        .blocking()
        .acl(&["filterACLWithAuthorizer"])
        .row(),
    query("Session.Renew", Session, "structs.SessionSpecificRequest", "structs.IndexedSessions")
        .stale()
        .with_meta()
        .rated(Write)
        .acl(&["SessionWriteAllowed"])
        .row(),
    // Status
    query("Status.Leader", Status, "structs.DCSpecificRequest", "string").answered_by(Datacenter).rated(Exempt).row(),
    query("Status.Peers", Status, "structs.DCSpecificRequest", "[]string").answered_by(Datacenter).rated(Exempt).row(),
    plain("Status.Ping", Status, "consul.EmptyReadRequest", "struct {}").rated(Exempt).row(),
    plain("Status.RaftStats", Status, "consul.EmptyReadRequest", "structs.RaftStats").rated(Exempt).row(),
    // Txn
    write("Txn.Apply", Txn, "structs.TxnRequest", "structs.TxnResponse")
        .acl(&["KeyReadAllowed", "KeyWriteAllowed", "KeyWritePrefixAllowed", "NodeWriteAllowed", "ServiceWriteAllowed"])
        .raft(&["TxnRequestType"])
        .row(),
    query("Txn.Read", Txn, "structs.TxnReadRequest", "structs.TxnReadResponse")
        .stale_or_consistent()
        .with_meta()
        .acl(&["KeyReadAllowed", "KeyWriteAllowed", "KeyWritePrefixAllowed", "NodeWriteAllowed", "ServiceWriteAllowed"])
        .row(),
];
