//! Tokens and their rights.

use proconsul_msgpack::GoStr;

use super::methods;
use crate::{acl::*, query::DcSpecificRequest};

methods! { "ACL" {
    /// Makes the first token, once.
    BootstrapTokens(AclInitialTokenBootstrapRequest) -> AclToken;
    /// Makes a token for a proof of identity.
    Login(AclLoginRequest) -> AclToken;
    /// Removes the token that asks, which a login made.
    Logout(AclLogoutRequest) -> bool;
    /// Decides questions about the rights of the token that asks.
    Authorize(RemoteAclAuthorizationRequest) -> Vec<AclAuthorizationResponse>;
    /// Tells how far the copies of the primary datacenter's records have come.
    ReplicationStatus(DcSpecificRequest) -> AclReplicationStatus;
    /// Reads one token, by either of its ids.
    TokenRead(AclTokenGetRequest) -> AclTokenResponse;
    /// Lists tokens, by what they are linked to.
    TokenList(AclTokenListRequest) -> AclTokenListResponse;
    /// Reads several tokens, for replication.
    TokenBatchRead(AclTokenBatchGetRequest) -> AclTokenBatchResponse;
    /// Stores a token.
    TokenSet(AclTokenSetRequest) -> AclToken;
    /// Makes another token with the same links. Only accessor id and description of the request's token count.
    TokenClone(AclTokenSetRequest) -> AclToken;
    /// Removes a token. The reply is its accessor id.
    TokenDelete(AclTokenDeleteRequest) -> GoStr;
    /// Reads one policy, by id or by name.
    PolicyRead(AclPolicyGetRequest) -> AclPolicyResponse;
    /// Lists all policies, without their rules.
    PolicyList(AclPolicyListRequest) -> AclPolicyListResponse;
    /// Reads several policies, for replication.
    PolicyBatchRead(AclPolicyBatchGetRequest) -> AclPolicyBatchResponse;
    /// Reads those of several policies that the asking token is linked to.
    PolicyResolve(AclPolicyBatchGetRequest) -> AclPolicyBatchResponse;
    /// Stores a policy.
    PolicySet(AclPolicySetRequest) -> AclPolicy;
    /// Removes a policy. The reply is its name.
    PolicyDelete(AclPolicyDeleteRequest) -> GoStr;
    /// Reads one role, by id or by name.
    RoleRead(AclRoleGetRequest) -> AclRoleResponse;
    /// Lists roles, all or those with a policy.
    RoleList(AclRoleListRequest) -> AclRoleListResponse;
    /// Reads several roles, for replication.
    RoleBatchRead(AclRoleBatchGetRequest) -> AclRoleBatchResponse;
    /// Reads those of several roles that the asking token is linked to.
    RoleResolve(AclRoleBatchGetRequest) -> AclRoleBatchResponse;
    /// Stores a role.
    RoleSet(AclRoleSetRequest) -> AclRole;
    /// Removes a role. The reply is its name.
    RoleDelete(AclRoleDeleteRequest) -> GoStr;
    /// Reads one binding rule.
    BindingRuleRead(AclBindingRuleGetRequest) -> AclBindingRuleResponse;
    /// Lists binding rules, all or those of an auth method.
    BindingRuleList(AclBindingRuleListRequest) -> AclBindingRuleListResponse;
    /// Stores a binding rule.
    BindingRuleSet(AclBindingRuleSetRequest) -> AclBindingRule;
    /// Removes a binding rule.
    BindingRuleDelete(AclBindingRuleDeleteRequest) -> bool;
    /// Reads one auth method.
    AuthMethodRead(AclAuthMethodGetRequest) -> AclAuthMethodResponse;
    /// Lists all auth methods, without their configuration.
    AuthMethodList(AclAuthMethodListRequest) -> AclAuthMethodListResponse;
    /// Stores an auth method.
    AuthMethodSet(AclAuthMethodSetRequest) -> AclAuthMethod;
    /// Removes an auth method, with its binding rules and tokens.
    AuthMethodDelete(AclAuthMethodDeleteRequest) -> bool;
} }
