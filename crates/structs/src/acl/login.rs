//! Login and logout: a token for a proof of identity, and its end.

use proconsul_msgpack::{GoStr, Wire};

use crate::{Map, Secret, query::WriteRequest, rpc::rpc_info};

/// A proof of identity.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclLoginParams {
    /// The auth method that is to check it.
    pub auth_method: GoStr,
    /// The proof: a web token, or a signed request to AWS.
    pub bearer_token: Secret,
    /// Told in the token's description.
    pub meta: Map<GoStr>,
}

/// `ACL.Login`: makes a token for a proof of identity. The reply is the token.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclLoginRequest {
    /// The proof. Nil is an error.
    pub auth: Option<AclLoginParams>,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Must be anonymous: whoever logs in has no token yet.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `ACL.Logout`: removes the token that asks, which a login must have made. The reply is true.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclLogoutRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The token.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

rpc_info!(write: AclLoginRequest, AclLogoutRequest);
