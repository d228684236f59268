//! Questions about rights, decided by a server.

use proconsul_msgpack::{GoStr, Wire};

use crate::{List, query::QueryOptions, rpc::rpc_info, text_set::text_set};

text_set! {
    /// What a right is about.
    pub enum AclResource {
        /// Tokens, policies, roles...
        Acl = "acl",
        /// An agent, by its node's name.
        Agent = "agent",
        /// Events, by their name.
        Event = "event",
        /// Intentions, by their destination.
        Intention = "intention",
        /// Keys.
        Key = "key",
        /// The keys that gossip is encrypted with.
        Keyring = "keyring",
        /// Nodes, by their name.
        Node = "node",
        /// The cluster as a whole.
        Operator = "operator",
        /// The mesh's own settings.
        Mesh = "mesh",
        /// Prepared queries, by their name.
        Query = "query",
        /// Services, by their name.
        Service = "service",
        /// Sessions, by their node.
        Session = "session",
        /// Peerings with other clusters.
        Peering = "peering",
    }
}

/// May the caller do this?
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct AclAuthorizationRequest {
    /// What it is about.
    pub resource: AclResource,
    /// Which one. Empty for resources of which there is one.
    pub segment: GoStr,
    /// `read`, `write`, or `list` for keys.
    pub access: GoStr,
}

/// A question about rights, with its answer.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct AclAuthorizationResponse {
    /// The question.
    #[wire(embed)]
    pub request: AclAuthorizationRequest,
    /// Yes.
    pub allow: bool,
}

/// `ACL.Authorize`: questions about the rights of the token that asks. The reply answers them in the same order.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct RemoteAclAuthorizationRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The questions.
    pub requests: List<AclAuthorizationRequest>,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

rpc_info!(query: RemoteAclAuthorizationRequest);
