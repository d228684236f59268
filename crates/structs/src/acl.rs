//! ACL: who may do what. Tokens have rights by policies and roles; auth methods and binding rules give tokens to those who can
//! prove who they are.
//!
//! For each noun there is the record itself, the requests and replies of its methods, and what the leader writes to the log.
//! Requests name a datacenter; the log's entries do not.

mod auth_method; // where proofs of identity are checked
mod authorize; // one question about rights, decided by a server
mod binding_rule; // what a proof of identity gives the right to
mod identity; // rights by what somebody is, without a policy of their own
mod login; // a token for a proof of identity, and back
mod policy; // rules under a name
mod replication; // copies of another datacenter's records
mod role; // policies and identities under a name
mod token; // who asks

pub use auth_method::{
    AclAuthMethod, AclAuthMethodBatchDeleteRequest, AclAuthMethodBatchSetRequest, AclAuthMethodDeleteRequest,
    AclAuthMethodGetRequest, AclAuthMethodListRequest, AclAuthMethodListResponse, AclAuthMethodListStub,
    AclAuthMethodResponse, AclAuthMethodSetRequest, AuthMethodType, TokenLocality,
};
pub use authorize::{AclAuthorizationRequest, AclAuthorizationResponse, AclResource, RemoteAclAuthorizationRequest};
pub use binding_rule::{
    AclBindingRule, AclBindingRuleBatchDeleteRequest, AclBindingRuleBatchSetRequest, AclBindingRuleDeleteRequest,
    AclBindingRuleGetRequest, AclBindingRuleListRequest, AclBindingRuleListResponse, AclBindingRuleResponse,
    AclBindingRuleSetRequest, BindType,
};
pub use identity::{AclLink, AclNodeIdentity, AclServiceIdentity, AclTemplatedPolicy, AclTemplatedPolicyVariables};
pub use login::{AclLoginParams, AclLoginRequest, AclLogoutRequest};
pub use policy::{
    AclPolicy, AclPolicyBatchDeleteRequest, AclPolicyBatchGetRequest, AclPolicyBatchResponse, AclPolicyBatchSetRequest,
    AclPolicyDeleteRequest, AclPolicyGetRequest, AclPolicyListRequest, AclPolicyListResponse, AclPolicyListStub,
    AclPolicyResponse, AclPolicySetRequest,
};
pub use replication::{AclReplicationStatus, AclReplicationType};
pub use role::{
    AclRole, AclRoleBatchDeleteRequest, AclRoleBatchGetRequest, AclRoleBatchResponse, AclRoleBatchSetRequest,
    AclRoleDeleteRequest, AclRoleGetRequest, AclRoleListRequest, AclRoleListResponse, AclRoleResponse,
    AclRoleSetRequest,
};
pub use token::{
    AclInitialTokenBootstrapRequest, AclToken, AclTokenBatchDeleteRequest, AclTokenBatchGetRequest,
    AclTokenBatchResponse, AclTokenBatchSetRequest, AclTokenBootstrapRequest, AclTokenDeleteRequest,
    AclTokenGetRequest, AclTokenIdType, AclTokenListRequest, AclTokenListResponse, AclTokenListStub, AclTokenResponse,
    AclTokenSetRequest, ExpandedTokenInfo,
};
