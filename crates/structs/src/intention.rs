//! Intention: who may talk to whom in the mesh.

mod question; // what is asked about them

use bytes::Bytes;
use proconsul_msgpack::{GoStr, Time, Wire};

use crate::{
    List, Map, Shared,
    catalog::ServiceName,
    query::{QueryMeta, QueryOptions, WriteRequest},
    raft::RaftIndex,
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

pub use question::{
    IntentionMatchEntry, IntentionMatchType, IntentionQueryCheck, IntentionQueryCheckResponse, IntentionQueryExact,
    IntentionQueryMatch, IntentionQueryRequest,
};

text_set! {
    /// Whether a source may talk to a destination.
    pub enum IntentionAction {
        /// Permissions decide, request by request.
        ByPermissions = "",
        /// It may.
        Allow = "allow",
        /// It may not.
        Deny = "deny",
    }
}

text_set! {
    /// What kind of thing a source is.
    pub enum IntentionSourceType {
        /// Not said: as with [`Self::Consul`].
        Unset = "",
        /// A service in the catalog.
        Consul = "consul",
    }
}

text_set! {
    /// What is done to an intention.
    pub enum IntentionOp {
        /// Makes one, in the older form.
        Create = "create",
        /// Changes one, in the older form.
        Update = "update",
        /// Removes one.
        Delete = "delete",
        /// Removes all that are in the older form, once they have been moved to entries.
        DeleteAll = "delete-all",
        /// Makes or changes one, in the newer form.
        Upsert = "upsert",
    }
}

/// May this source talk to this destination? In the older form, one record for each pair.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct Intention {
    /// Its id, a UUID; empty for those that live in a configuration entry.
    #[wire("ID")]
    pub id: GoStr,
    /// What it is for, for people.
    pub description: GoStr,
    /// Namespace of the source. `default` or empty here.
    #[wire("SourceNS")]
    pub source_ns: GoStr,
    /// Name of the source, or `*`.
    pub source_name: GoStr,
    /// Namespace of the destination. `default` or empty here.
    #[wire("DestinationNS")]
    pub destination_ns: GoStr,
    /// Name of the destination, or `*`.
    pub destination_name: GoStr,
    /// Partition of the source. `default` or empty here.
    pub source_partition: GoStr,
    /// Partition of the destination. `default` or empty here.
    pub destination_partition: GoStr,
    /// Peered cluster of the source. Empty: our own.
    pub source_peer: GoStr,
    /// Group of clusters of the source.
    pub source_sameness_group: GoStr,
    /// What kind of thing the source is.
    pub source_type: IntentionSourceType,
    /// Whether it may.
    pub action: IntentionAction,
    /// Rules for single requests, in order.
    pub permissions: List<IntentionPermission>,
    /// Demands on the caller's web token.
    #[wire("JWT")]
    pub jwt: Option<IntentionJwtRequirement>,
    /// Of the oldest form; not used, and not sent when empty.
    #[wire(omit_empty)]
    pub default_addr: GoStr,
    /// Of the oldest form; not used, and not sent when zero.
    #[wire(omit_empty)]
    pub default_port: i64,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// The higher, the earlier it is looked at; follows from how exact the names are.
    pub precedence: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// A digest of its content, to replicate by.
    pub hash: Option<Bytes>,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// A rule for single requests.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IntentionPermission {
    /// Whether they may pass; never left to permissions here.
    pub action: IntentionAction,
    /// Which HTTP requests it is about.
    #[wire("HTTP")]
    pub http: Option<IntentionHttpPermission>,
    /// Demands on the caller's web token.
    #[wire("JWT")]
    pub jwt: Option<IntentionJwtRequirement>,
}

/// Which HTTP requests a rule is about. At most one of the paths is set; all that is set must match.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IntentionHttpPermission {
    /// The whole path.
    pub path_exact: GoStr,
    /// How the path begins.
    pub path_prefix: GoStr,
    /// A regular expression for the path.
    pub path_regex: GoStr,
    /// Header fields.
    pub header: List<IntentionHttpHeaderPermission>,
    /// Methods. Empty: all.
    pub methods: List<GoStr>,
}

/// A header field that a rule looks at, in one of several ways.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct IntentionHttpHeaderPermission {
    /// Name of the field.
    pub name: GoStr,
    /// It is there.
    pub present: bool,
    /// Its whole value.
    pub exact: GoStr,
    /// How its value begins.
    pub prefix: GoStr,
    /// How its value ends.
    pub suffix: GoStr,
    /// What its value contains.
    pub contains: GoStr,
    /// A regular expression for its value.
    pub regex: GoStr,
    /// The rule holds when the field does not match.
    pub invert: bool,
    /// Without regard to case.
    pub ignore_case: bool,
}

/// Demands on a caller's web token: one from any of these providers.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IntentionJwtRequirement {
    /// The providers.
    pub providers: List<IntentionJwtProvider>,
}

/// A provider of web tokens, with demands on what it claims.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IntentionJwtProvider {
    /// Name of its `jwt-provider` entry.
    pub name: GoStr,
    /// Claims that must hold.
    pub verify_claims: List<IntentionJwtClaimVerification>,
}

/// A claim that a web token must make.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IntentionJwtClaimVerification {
    /// Where in the token it stands.
    pub path: List<GoStr>,
    /// What it must be.
    pub value: GoStr,
}

/// One source in a destination's `service-intentions` entry.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct SourceIntention {
    /// Name of the source, or `*`.
    pub name: GoStr,
    /// Whether it may.
    pub action: IntentionAction,
    /// Rules for single requests, in order.
    pub permissions: List<IntentionPermission>,
    /// See [`Intention::precedence`].
    pub precedence: i64,
    /// Id it had in the older form.
    #[wire("LegacyID")]
    pub legacy_id: GoStr,
    /// What kind of thing the source is.
    #[wire("Type")]
    pub source_type: IntentionSourceType,
    /// What it is for, for people.
    pub description: GoStr,
    /// Metadata it had in the older form.
    pub legacy_meta: Map<GoStr>,
    /// When it was made in the older form.
    pub legacy_create_time: Option<Time>,
    /// When it was last changed in the older form.
    pub legacy_update_time: Option<Time>,
    /// Peered cluster of the source. Empty: our own.
    pub peer: GoStr,
    /// Group of clusters of the source.
    pub sameness_group: GoStr,
}

/// A change of one source in a destination's entry, as the leader writes it to the log.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IntentionMutation {
    /// Id in the older form, for changes by id.
    #[wire("ID")]
    pub id: GoStr,
    /// The destination.
    pub destination: ServiceName,
    /// The source.
    pub source: ServiceName,
    /// What it is to be; nil to remove it.
    pub value: Option<SourceIntention>,
}

/// `Intention.Apply`: a change in either form. Also a raft log entry.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IntentionRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// What to do.
    pub op: IntentionOp,
    /// The intention, in the older form.
    pub intention: Option<Intention>,
    /// The change, in the newer form. Clients must leave it nil.
    pub mutation: Option<IntentionMutation>,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `Intention.List`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IntentionListRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Only those of the older form, to replicate them.
    pub legacy: bool,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `Intention.List` and `Intention.Get`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedIntentions {
    /// The intentions, those that are looked at first in front.
    pub intentions: List<Shared<Intention>>,
    /// `config` or `legacy`: the form they are stored in.
    pub data_origin: GoStr,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `Intention.Match`: a list for each entry of the question.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedIntentionMatches {
    /// The lists, in the order of the question.
    pub matches: List<List<Shared<Intention>>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

rpc_info!(query: IntentionListRequest);
rpc_info!(write: IntentionRequest);
has_query_meta!(IndexedIntentions, IndexedIntentionMatches);
