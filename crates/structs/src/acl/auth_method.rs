//! Auth methods: where proofs of identity are checked.

use proconsul_msgpack::{GoStr, Value, Wire};

use crate::{
    GoDuration, List, Map, Secret, Shared,
    query::{QueryMeta, QueryOptions, WriteRequest},
    raft::RaftIndex,
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

text_set! {
    /// Who checks a proof of identity.
    pub enum AuthMethodType {
        /// A Kubernetes cluster, for its service accounts.
        Kubernetes = "kubernetes",
        /// Keys of an issuer of web tokens.
        Jwt = "jwt",
        /// An OpenID Connect provider, in a browser.
        Oidc = "oidc",
        /// AWS, for its users and roles.
        AwsIam = "aws-iam",
    }
}

text_set! {
    /// Where tokens hold that are made by a login.
    pub enum TokenLocality {
        /// As `local`.
        Unset = "",
        /// In the datacenter that made them.
        Local = "local",
        /// Everywhere; only in the primary datacenter.
        Global = "global",
    }
}

/// A place where proofs of identity are checked.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclAuthMethod {
    /// Its name, unique; it cannot be changed.
    pub name: GoStr,
    /// Who checks. It cannot be changed.
    #[wire("Type")]
    pub method_type: AuthMethodType,
    /// Its name where people choose.
    pub display_name: GoStr,
    /// What it is for, for people.
    pub description: GoStr,
    /// How long its tokens hold. Zero: for ever.
    #[wire("MaxTokenTTL")]
    pub max_token_ttl: GoDuration,
    /// Where its tokens hold.
    pub token_locality: TokenLocality,
    /// What its type needs to know. Hidden, since credentials are part of it.
    pub config: Secret<Map<Value>>,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// An auth method in a list: without its configuration.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclAuthMethodListStub {
    /// See [`AclAuthMethod::name`].
    pub name: GoStr,
    /// See [`AclAuthMethod::method_type`].
    #[wire("Type")]
    pub method_type: AuthMethodType,
    /// See [`AclAuthMethod::display_name`].
    pub display_name: GoStr,
    /// See [`AclAuthMethod::description`].
    pub description: GoStr,
    /// See [`AclAuthMethod::max_token_ttl`].
    #[wire("MaxTokenTTL")]
    pub max_token_ttl: GoDuration,
    /// See [`AclAuthMethod::token_locality`].
    pub token_locality: TokenLocality,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

impl From<&AclAuthMethod> for AclAuthMethodListStub {
    fn from(method: &AclAuthMethod) -> Self {
        Self {
            name: method.name.clone(),
            method_type: method.method_type.clone(),
            display_name: method.display_name.clone(),
            description: method.description.clone(),
            max_token_ttl: method.max_token_ttl,
            token_locality: method.token_locality.clone(),
            raft_index: method.raft_index,
        }
    }
}

/// `ACL.AuthMethodSet`: stores an auth method.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclAuthMethodSetRequest {
    /// The auth method.
    pub auth_method: AclAuthMethod,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `ACL.AuthMethodDelete`: removes an auth method, with its binding rules and tokens. The reply is true.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclAuthMethodDeleteRequest {
    /// Its name.
    pub auth_method_name: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `ACL.AuthMethodRead`: one auth method.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclAuthMethodGetRequest {
    /// Its name.
    pub auth_method_name: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// `ACL.AuthMethodList`: all auth methods.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclAuthMethodListRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `ACL.AuthMethodList`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclAuthMethodListResponse {
    /// The auth methods.
    pub auth_methods: List<Shared<AclAuthMethodListStub>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `ACL.AuthMethodRead`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclAuthMethodResponse {
    /// The auth method; nil when there is none.
    pub auth_method: Option<Shared<AclAuthMethod>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Raft entry: store auth methods.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclAuthMethodBatchSetRequest {
    /// The auth methods.
    pub auth_methods: List<Shared<AclAuthMethod>>,
}

/// Raft entry: remove auth methods.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclAuthMethodBatchDeleteRequest {
    /// Their names.
    pub auth_method_names: List<GoStr>,
}

rpc_info!(query: AclAuthMethodGetRequest, AclAuthMethodListRequest);
rpc_info!(write: AclAuthMethodSetRequest, AclAuthMethodDeleteRequest);
has_query_meta!(AclAuthMethodResponse, AclAuthMethodListResponse);
