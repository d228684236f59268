//! Policies: rules under a name.

use bytes::Bytes;
use proconsul_msgpack::{GoStr, Wire};

use crate::{
    List, Shared,
    query::{QueryMeta, QueryOptions, WriteRequest},
    raft::RaftIndex,
    rpc::{has_query_meta, rpc_info},
};

/// Rules under a name.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclPolicy {
    /// Its id, a UUID. Empty in a request: a new one.
    #[wire("ID")]
    pub id: GoStr,
    /// Its name, unique: letters, digits, `-`, `_`, and `/` in those that are built in.
    pub name: GoStr,
    /// What it is for, for people.
    pub description: GoStr,
    /// The rules, in HCL or JSON.
    pub rules: GoStr,
    /// Datacenters in which it holds. Nil or empty: all.
    pub datacenters: List<GoStr>,
    /// A digest of its content, to replicate by. The server makes it.
    pub hash: Option<Bytes>,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// A policy in a list: without its rules.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclPolicyListStub {
    /// See [`AclPolicy::id`].
    #[wire("ID")]
    pub id: GoStr,
    /// See [`AclPolicy::name`].
    pub name: GoStr,
    /// See [`AclPolicy::description`].
    pub description: GoStr,
    /// See [`AclPolicy::datacenters`].
    pub datacenters: List<GoStr>,
    /// See [`AclPolicy::hash`].
    pub hash: Option<Bytes>,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

impl From<&AclPolicy> for AclPolicyListStub {
    fn from(policy: &AclPolicy) -> Self {
        let AclPolicy { id, name, description, rules: _, datacenters, hash, raft_index } = policy.clone();
        Self { id, name, description, datacenters, hash, raft_index }
    }
}

/// `ACL.PolicySet`: stores a policy.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclPolicySetRequest {
    /// The policy; with an id, it must exist.
    pub policy: AclPolicy,
    /// Which datacenter. Policies are changed in the primary one, where the request is passed on to.
    pub datacenter: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `ACL.PolicyDelete`: removes a policy. The reply is its name.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclPolicyDeleteRequest {
    /// The policy's id.
    #[wire("PolicyID")]
    pub policy_id: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `ACL.PolicyRead`: one policy, by id or by name.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclPolicyGetRequest {
    /// The policy's id. Empty: by name.
    #[wire("PolicyID")]
    pub policy_id: GoStr,
    /// The policy's name; counts when the id is empty.
    pub policy_name: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// `ACL.PolicyList`: all policies.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclPolicyListRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `ACL.PolicyList`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclPolicyListResponse {
    /// The policies.
    pub policies: List<Shared<AclPolicyListStub>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// `ACL.PolicyBatchRead` and `ACL.PolicyResolve`: several policies by id.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclPolicyBatchGetRequest {
    /// The policies' ids.
    #[wire("PolicyIDs")]
    pub policy_ids: List<GoStr>,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options. `ACL.PolicyResolve` gives the token those policies that it is linked to.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `ACL.PolicyRead`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclPolicyResponse {
    /// The policy; nil when there is none.
    pub policy: Option<Shared<AclPolicy>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `ACL.PolicyBatchRead` and `ACL.PolicyResolve`. Policies that do not exist are left out.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclPolicyBatchResponse {
    /// The policies.
    pub policies: List<Shared<AclPolicy>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Raft entry: store policies.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclPolicyBatchSetRequest {
    /// The policies.
    pub policies: List<Shared<AclPolicy>>,
}

/// Raft entry: remove policies.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclPolicyBatchDeleteRequest {
    /// Their ids.
    #[wire("PolicyIDs")]
    pub policy_ids: List<GoStr>,
}

rpc_info!(query: AclPolicyGetRequest, AclPolicyListRequest, AclPolicyBatchGetRequest);
rpc_info!(write: AclPolicySetRequest, AclPolicyDeleteRequest);
has_query_meta!(AclPolicyResponse, AclPolicyBatchResponse, AclPolicyListResponse);
