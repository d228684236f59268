//! Links to policies and roles, and rights that follow from what somebody is.

use proconsul_msgpack::{GoStr, Wire};

use crate::List;

/// A link to a policy or a role: by id once it is stored, by either in a request.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct AclLink {
    /// Its id, a UUID.
    #[wire("ID")]
    pub id: GoStr,
    /// Its name. In a reply it is the present one; it is not stored.
    pub name: GoStr,
}

/// The rights that a service needs to register itself and its proxy, and to find others.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct AclServiceIdentity {
    /// The service.
    pub service_name: GoStr,
    /// Datacenters in which they hold. Nil or empty: all; for a local token: its own.
    pub datacenters: List<GoStr>,
}

/// The rights that a node's agent needs to register the node, and to find services.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct AclNodeIdentity {
    /// The node.
    pub node_name: GoStr,
    /// The one datacenter in which they hold.
    pub datacenter: GoStr,
}

/// Rights made from one of the policies that are built in, with something filled in.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct AclTemplatedPolicy {
    /// The template's id. Empty in a request: by name.
    #[wire("TemplateID")]
    pub template_id: GoStr,
    /// The template's name: `builtin/service`, `builtin/node`, `builtin/dns`...
    pub template_name: GoStr,
    /// What is filled in. Nil for templates that want nothing.
    pub template_variables: Option<AclTemplatedPolicyVariables>,
    /// Datacenters in which they hold. Nil or empty: all.
    pub datacenters: List<GoStr>,
}

/// What is filled in to a template.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct AclTemplatedPolicyVariables {
    /// A name: of the service, of the node...
    pub name: GoStr,
}
