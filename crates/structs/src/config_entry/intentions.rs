//! `service-intentions`: who may call a service.

use proconsul_msgpack::{GoStr, Rest, Wire};

use super::ConfigEntryKind;
use crate::{
    List, Map,
    intention::{IntentionJwtRequirement, SourceIntention},
    raft::RaftIndex,
};

/// `service-intentions`: who may call a service, under the service's name, or `*` for all.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceIntentions {
    /// `service-intentions`.
    pub kind: ConfigEntryKind,
    /// The service that is called.
    pub name: GoStr,
    /// Who calls, those that are looked at first in front.
    pub sources: List<SourceIntention>,
    /// Demands on every caller's web token.
    #[wire("JWT")]
    pub jwt: Option<IntentionJwtRequirement>,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// A digest of its content, which the server makes. Zero: none made yet.
    pub hash: u64,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
