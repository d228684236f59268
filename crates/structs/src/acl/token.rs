//! Tokens: who asks.

use bytes::Bytes;
use proconsul_msgpack::{GoStr, Time, Wire};

use super::{AclLink, AclNodeIdentity, AclPolicy, AclRole, AclServiceIdentity, AclTemplatedPolicy};
use crate::{
    GoDuration, List, Shared, Token,
    query::{QueryMeta, QueryOptions, WriteRequest},
    raft::RaftIndex,
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

text_set! {
    /// Which of a token's two ids one is. Anything else counts as the accessor.
    pub enum AclTokenIdType {
        /// What the token's owner shows.
        Secret = "secret",
        /// What administrators call the token by.
        Accessor = "accessor",
    }
}

/// A token: rights for whoever shows its secret id.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclToken {
    /// What it is called by, a UUID; gives no rights.
    #[wire("AccessorID")]
    pub accessor_id: GoStr,
    /// What its owner shows, a UUID.
    #[wire("SecretID")]
    pub secret_id: Token,
    /// What it is for, for people.
    pub description: GoStr,
    /// Policies whose rights it has.
    pub policies: List<AclLink>,
    /// Roles whose rights it has.
    pub roles: List<AclLink>,
    /// Services whose rights it has.
    pub service_identities: List<AclServiceIdentity>,
    /// Nodes whose rights it has.
    pub node_identities: List<AclNodeIdentity>,
    /// Rights it has that are made from templates.
    pub templated_policies: List<AclTemplatedPolicy>,
    /// It holds in the datacenter that made it, and is not replicated.
    pub local: bool,
    /// The auth method that it was made by; empty when a person made it.
    pub auth_method: GoStr,
    /// When it ends. Nil: never.
    pub expiration_time: Option<Time>,
    /// In requests that make it: how long it is to hold, in place of when it ends. Zero: not set.
    #[wire("ExpirationTTL")]
    pub expiration_ttl: GoDuration,
    /// When it was made.
    pub create_time: Time,
    /// A digest of its content, to replicate by. The server makes it.
    pub hash: Option<Bytes>,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// A token in a list.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclTokenListStub {
    /// See [`AclToken::accessor_id`].
    #[wire("AccessorID")]
    pub accessor_id: GoStr,
    /// See [`AclToken::secret_id`]. `<hidden>` for those who may not change tokens.
    #[wire("SecretID")]
    pub secret_id: Token,
    /// See [`AclToken::description`].
    pub description: GoStr,
    /// See [`AclToken::policies`].
    pub policies: List<AclLink>,
    /// See [`AclToken::roles`].
    pub roles: List<AclLink>,
    /// See [`AclToken::service_identities`].
    pub service_identities: List<AclServiceIdentity>,
    /// See [`AclToken::node_identities`].
    pub node_identities: List<AclNodeIdentity>,
    /// See [`AclToken::templated_policies`].
    pub templated_policies: List<AclTemplatedPolicy>,
    /// See [`AclToken::local`].
    pub local: bool,
    /// See [`AclToken::auth_method`].
    pub auth_method: GoStr,
    /// See [`AclToken::expiration_time`].
    pub expiration_time: Option<Time>,
    /// See [`AclToken::create_time`].
    pub create_time: Time,
    /// See [`AclToken::hash`].
    pub hash: Option<Bytes>,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

impl From<&AclToken> for AclTokenListStub {
    fn from(token: &AclToken) -> Self {
        let token = token.clone();
        Self {
            accessor_id: token.accessor_id,
            secret_id: token.secret_id,
            description: token.description,
            policies: token.policies,
            roles: token.roles,
            service_identities: token.service_identities,
            node_identities: token.node_identities,
            templated_policies: token.templated_policies,
            local: token.local,
            auth_method: token.auth_method,
            expiration_time: token.expiration_time,
            create_time: token.create_time,
            hash: token.hash,
            raft_index: token.raft_index,
        }
    }
}

/// `ACL.BootstrapTokens`: makes the first token, once.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclInitialTokenBootstrapRequest {
    /// The secret id that the token is to have. Empty: the server chooses.
    pub bootstrap_secret: Token,
    /// Which datacenter: the primary one.
    pub datacenter: GoStr,
    /// Common options, although it is a write.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// `ACL.TokenSet`: stores a token.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclTokenSetRequest {
    /// The token; with an accessor id, it must exist unless it is to be created.
    #[wire("ACLToken")]
    pub acl_token: AclToken,
    /// It is a new one, whose ids the caller has chosen.
    pub create: bool,
    /// Which datacenter. Global tokens are changed in the primary one, where the request is passed on to.
    pub datacenter: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `ACL.TokenDelete`: removes a token. The reply is its accessor id.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclTokenDeleteRequest {
    /// The token's accessor id.
    #[wire("TokenID")]
    pub token_id: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `ACL.TokenRead`: one token, by either of its ids. Also `ACL.TokenClone`'s way to name what it copies.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclTokenGetRequest {
    /// The id. It is hidden, since it may be the secret one.
    #[wire("TokenID")]
    pub token_id: Token,
    /// Which of the two ids it is.
    #[wire("TokenIDType")]
    pub token_id_type: AclTokenIdType,
    /// Tell the policies and roles too, with what they hold.
    pub expanded: bool,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options. By its secret id, anybody may read the token that is shown.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// `ACL.TokenList`: tokens, by what they are linked to. At most one of the links is given.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclTokenListRequest {
    /// List local tokens. Neither kind: both.
    pub include_local: bool,
    /// List global tokens.
    pub include_global: bool,
    /// Only those linked to the policy with this id.
    pub policy: GoStr,
    /// Only those linked to the role with this id.
    pub role: GoStr,
    /// Only those made by this auth method.
    pub auth_method: GoStr,
    /// Only those with an identity of this service.
    pub service_name: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `ACL.TokenList`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclTokenListResponse {
    /// The tokens.
    pub tokens: List<Shared<AclTokenListStub>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// `ACL.TokenBatchRead`: several tokens, for replication.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclTokenBatchGetRequest {
    /// Their accessor ids.
    #[wire("AccessorIDs")]
    pub accessor_ids: List<GoStr>,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `ACL.TokenBatchRead`. Tokens that do not exist are left out.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclTokenBatchResponse {
    /// The tokens.
    pub tokens: List<Shared<AclToken>>,
    /// Some secret ids are replaced by `<hidden>`: the caller may not see them.
    pub redacted: bool,
    /// Some tokens are left out: the caller may not see them.
    pub removed: bool,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `ACL.TokenRead`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclTokenResponse {
    /// The token; nil when there is none.
    pub token: Option<Shared<AclToken>>,
    /// Its secret id is replaced by `<hidden>`: the caller may not see it.
    pub redacted: bool,
    /// The datacenter whose server answered.
    pub source_datacenter: GoStr,
    /// What it is linked to, when that was asked for.
    #[wire(embed)]
    pub expanded: ExpandedTokenInfo,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// What a token is linked to, directly and by its roles, with what an agent adds when it tells the user.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ExpandedTokenInfo {
    /// Policies.
    pub expanded_policies: List<Shared<AclPolicy>>,
    /// Roles.
    pub expanded_roles: List<Shared<AclRole>>,
    /// Policies of its namespace. Nil here always.
    #[wire("NamespaceDefaultPolicyIDs")]
    pub namespace_default_policy_ids: List<GoStr>,
    /// Roles of its namespace. Nil here always.
    #[wire("NamespaceDefaultRoleIDs")]
    pub namespace_default_role_ids: List<GoStr>,
    /// `allow` or `deny`: what the agent does where no policy says anything. Servers leave it empty.
    #[wire("AgentACLDefaultPolicy")]
    pub agent_acl_default_policy: GoStr,
    /// What the agent does when it cannot ask the servers. Servers leave it empty.
    #[wire("AgentACLDownPolicy")]
    pub agent_acl_down_policy: GoStr,
    /// The agent's node. Servers leave it empty.
    pub resolved_by_agent: GoStr,
}

/// Raft entry: store tokens.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclTokenBatchSetRequest {
    /// The tokens.
    pub tokens: List<Shared<AclToken>>,
    /// Store each only if its modify index is still the one given; zero means: if there is no such token.
    #[wire("CAS")]
    pub cas: bool,
    /// Links to what does not exist are let through; for replication, which may get tokens first.
    pub allow_missing_links: bool,
    /// A token without any rights is an error; for logins.
    pub prohibit_unprivileged: bool,
    /// They come from another datacenter, whose tokens do not count as made here.
    pub from_replication: bool,
}

/// Raft entry: remove tokens.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclTokenBatchDeleteRequest {
    /// Their accessor ids.
    #[wire("TokenIDs")]
    pub token_ids: List<GoStr>,
}

/// Raft entry: make the first token.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclTokenBootstrapRequest {
    /// The token.
    pub token: AclToken,
    /// Index of the bootstrap that an operator has allowed to be repeated. Zero: none.
    pub reset_index: u64,
}

rpc_info!(query: AclInitialTokenBootstrapRequest, AclTokenGetRequest, AclTokenListRequest, AclTokenBatchGetRequest);
rpc_info!(write: AclTokenSetRequest, AclTokenDeleteRequest);
has_query_meta!(AclTokenResponse, AclTokenBatchResponse, AclTokenListResponse);
