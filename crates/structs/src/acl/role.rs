//! Roles: policies and identities under a name.

use bytes::Bytes;
use proconsul_msgpack::{GoStr, Wire};

use super::{AclLink, AclNodeIdentity, AclServiceIdentity, AclTemplatedPolicy};
use crate::{
    List, Shared,
    query::{QueryMeta, QueryOptions, WriteRequest},
    raft::RaftIndex,
    rpc::{has_query_meta, rpc_info},
};

/// Policies and identities under a name, to give them to tokens together.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclRole {
    /// Its id, a UUID. Empty in a request: a new one.
    #[wire("ID")]
    pub id: GoStr,
    /// Its name, unique.
    pub name: GoStr,
    /// What it is for, for people.
    pub description: GoStr,
    /// Policies whose rights it gives.
    pub policies: List<AclLink>,
    /// Services whose rights it gives.
    pub service_identities: List<AclServiceIdentity>,
    /// Nodes whose rights it gives.
    pub node_identities: List<AclNodeIdentity>,
    /// Rights it gives that are made from templates.
    pub templated_policies: List<AclTemplatedPolicy>,
    /// A digest of its content, to replicate by. The server makes it.
    pub hash: Option<Bytes>,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// `ACL.RoleSet`: stores a role.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclRoleSetRequest {
    /// The role; with an id, it must exist.
    pub role: AclRole,
    /// Which datacenter. Roles are changed in the primary one, where the request is passed on to.
    pub datacenter: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `ACL.RoleDelete`: removes a role. The reply is its name.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclRoleDeleteRequest {
    /// The role's id.
    #[wire("RoleID")]
    pub role_id: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `ACL.RoleRead`: one role, by id or by name.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclRoleGetRequest {
    /// The role's id. Empty: by name.
    #[wire("RoleID")]
    pub role_id: GoStr,
    /// The role's name; counts when the id is empty.
    pub role_name: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// `ACL.RoleList`: all roles, or those with a policy.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclRoleListRequest {
    /// Only roles linked to the policy with this id. Empty: all.
    pub policy: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `ACL.RoleList`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclRoleListResponse {
    /// The roles.
    pub roles: List<Shared<AclRole>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// `ACL.RoleBatchRead` and `ACL.RoleResolve`: several roles by id.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclRoleBatchGetRequest {
    /// The roles' ids.
    #[wire("RoleIDs")]
    pub role_ids: List<GoStr>,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options. `ACL.RoleResolve` gives the token those roles that it is linked to.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `ACL.RoleBatchRead` and `ACL.RoleResolve`. Roles that do not exist are left out.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclRoleBatchResponse {
    /// The roles.
    pub roles: List<Shared<AclRole>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `ACL.RoleRead`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclRoleResponse {
    /// The role; nil when there is none.
    pub role: Option<Shared<AclRole>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Raft entry: store roles.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclRoleBatchSetRequest {
    /// The roles.
    pub roles: List<Shared<AclRole>>,
    /// Links to policies that do not exist are let through; for replication, which may get roles first.
    pub allow_missing_links: bool,
}

/// Raft entry: remove roles.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclRoleBatchDeleteRequest {
    /// Their ids.
    #[wire("RoleIDs")]
    pub role_ids: List<GoStr>,
}

rpc_info!(query: AclRoleGetRequest, AclRoleListRequest, AclRoleBatchGetRequest);
rpc_info!(write: AclRoleSetRequest, AclRoleDeleteRequest);
has_query_meta!(AclRoleResponse, AclRoleBatchResponse, AclRoleListResponse);
