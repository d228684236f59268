//! Binding rules: what a proof of identity gives the right to.

use proconsul_msgpack::{GoStr, Wire};

use super::AclTemplatedPolicyVariables;
use crate::{
    List, Shared,
    query::{QueryMeta, QueryOptions, WriteRequest},
    raft::RaftIndex,
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

text_set! {
    /// What a binding rule links a token to.
    pub enum BindType {
        /// The identity of a service.
        Service = "service",
        /// The identity of a node.
        Node = "node",
        /// A role, if there is one of that name.
        Role = "role",
        /// A policy, if there is one of that name.
        Policy = "policy",
        /// A template that is built in.
        TemplatedPolicy = "templated-policy",
    }
}

/// A rule of an auth method: whose identity matches gets a token with this link.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclBindingRule {
    /// Its id, a UUID. Empty in a request: a new one.
    #[wire("ID")]
    pub id: GoStr,
    /// What it is for, for people.
    pub description: GoStr,
    /// The auth method. It cannot be changed.
    pub auth_method: GoStr,
    /// Filter expression that what is known of the identity must match. Empty: all do.
    pub selector: GoStr,
    /// What the token is linked to.
    pub bind_type: BindType,
    /// The name of that, with `${...}` where something known of the identity is to be filled in.
    pub bind_name: GoStr,
    /// For templates: what is filled in, written like the name.
    pub bind_vars: Option<AclTemplatedPolicyVariables>,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// `ACL.BindingRuleSet`: stores a binding rule.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclBindingRuleSetRequest {
    /// The rule; with an id, it must exist.
    pub binding_rule: AclBindingRule,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `ACL.BindingRuleDelete`: removes a binding rule. The reply is true.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclBindingRuleDeleteRequest {
    /// The rule's id.
    #[wire("BindingRuleID")]
    pub binding_rule_id: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `ACL.BindingRuleRead`: one binding rule.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclBindingRuleGetRequest {
    /// The rule's id.
    #[wire("BindingRuleID")]
    pub binding_rule_id: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// `ACL.BindingRuleList`: all binding rules, or those of an auth method.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclBindingRuleListRequest {
    /// Only rules of this auth method. Empty: all.
    pub auth_method: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `ACL.BindingRuleList`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclBindingRuleListResponse {
    /// The rules.
    pub binding_rules: List<Shared<AclBindingRule>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `ACL.BindingRuleRead`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclBindingRuleResponse {
    /// The rule; nil when there is none.
    pub binding_rule: Option<Shared<AclBindingRule>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Raft entry: store binding rules.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclBindingRuleBatchSetRequest {
    /// The rules.
    pub binding_rules: List<Shared<AclBindingRule>>,
}

/// Raft entry: remove binding rules.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclBindingRuleBatchDeleteRequest {
    /// Their ids.
    #[wire("BindingRuleIDs")]
    pub binding_rule_ids: List<GoStr>,
}

rpc_info!(query: AclBindingRuleGetRequest, AclBindingRuleListRequest);
rpc_info!(write: AclBindingRuleSetRequest, AclBindingRuleDeleteRequest);
has_query_meta!(AclBindingRuleResponse, AclBindingRuleListResponse);
