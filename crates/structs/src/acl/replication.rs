//! Copies of another datacenter's records.

use proconsul_msgpack::{GoStr, Time, Wire};

use crate::text_set::text_set;

text_set! {
    /// How much is copied. Each includes those before it.
    pub enum AclReplicationType {
        /// Policies.
        Policies = "policies",
        /// Roles too.
        Roles = "roles",
        /// Tokens too.
        Tokens = "tokens",
    }
}

/// Answer of `ACL.ReplicationStatus`: how far the copies of the primary datacenter's records have come.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AclReplicationStatus {
    /// It is set up here.
    pub enabled: bool,
    /// It runs on the server that answers.
    pub running: bool,
    /// The primary datacenter.
    pub source_datacenter: GoStr,
    /// How much is copied.
    pub replication_type: AclReplicationType,
    /// The primary's index up to which policies are copied.
    pub replicated_index: u64,
    /// The primary's index up to which roles are copied.
    pub replicated_role_index: u64,
    /// The primary's index up to which tokens are copied.
    pub replicated_token_index: u64,
    /// When a round last went well. Go's zero time: never.
    pub last_success: Time,
    /// When a round last failed. Go's zero time: never.
    pub last_error: Time,
    /// Why it failed.
    pub last_error_message: GoStr,
}
