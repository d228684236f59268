//! Questions about intentions.

use proconsul_msgpack::{GoStr, Wire};

use super::IntentionSourceType;
use crate::{List, query::QueryOptions, rpc::rpc_info, text_set::text_set};

text_set! {
    /// Which side of intentions a question is about.
    pub enum IntentionMatchType {
        /// The source: what may it talk to?
        Source = "source",
        /// The destination: who may talk to it?
        Destination = "destination",
    }
}

/// `Intention.Get`, `Intention.Match`, `Intention.Check`: of its parts the one that the method needs.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IntentionQueryRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// `Intention.Get`: the intention's id, of the older form.
    #[wire("IntentionID")]
    pub intention_id: GoStr,
    /// `Intention.Match`: services whose intentions are asked for.
    #[wire("Match")]
    pub matching: Option<IntentionQueryMatch>,
    /// `Intention.Check`: who wants to talk to whom.
    pub check: Option<IntentionQueryCheck>,
    /// `Intention.Get`: source and destination of the intention, when there is no id.
    pub exact: Option<IntentionQueryExact>,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Services whose intentions are asked for.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct IntentionQueryMatch {
    /// Which side they are on.
    #[wire("Type")]
    pub match_type: IntentionMatchType,
    /// The services.
    pub entries: List<IntentionMatchEntry>,
    /// Intentions with groups of clusters too.
    pub with_sameness_groups: bool,
}

/// A service whose intentions are asked for.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct IntentionMatchEntry {
    /// Its partition. `default` or empty here.
    pub partition: GoStr,
    /// Its namespace. `default` or empty here.
    pub namespace: GoStr,
    /// Its name.
    pub name: GoStr,
}

/// Who wants to talk to whom.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct IntentionQueryCheck {
    /// See [`super::Intention::source_ns`].
    #[wire("SourceNS")]
    pub source_ns: GoStr,
    /// See [`super::Intention::source_name`].
    pub source_name: GoStr,
    /// See [`super::Intention::destination_ns`].
    #[wire("DestinationNS")]
    pub destination_ns: GoStr,
    /// See [`super::Intention::destination_name`].
    pub destination_name: GoStr,
    /// See [`super::Intention::source_partition`].
    pub source_partition: GoStr,
    /// See [`super::Intention::destination_partition`].
    pub destination_partition: GoStr,
    /// See [`super::Intention::source_type`].
    pub source_type: IntentionSourceType,
}

/// Source and destination of one intention.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct IntentionQueryExact {
    /// See [`super::Intention::source_ns`].
    #[wire("SourceNS")]
    pub source_ns: GoStr,
    /// See [`super::Intention::source_name`].
    pub source_name: GoStr,
    /// See [`super::Intention::destination_ns`].
    #[wire("DestinationNS")]
    pub destination_ns: GoStr,
    /// See [`super::Intention::destination_name`].
    pub destination_name: GoStr,
    /// See [`super::Intention::source_partition`].
    pub source_partition: GoStr,
    /// See [`super::Intention::destination_partition`].
    pub destination_partition: GoStr,
    /// See [`super::Intention::source_peer`].
    pub source_peer: GoStr,
    /// See [`super::Intention::source_sameness_group`].
    pub source_sameness_group: GoStr,
}

/// Answer of `Intention.Check`.
#[derive(Wire, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IntentionQueryCheckResponse {
    /// It may; permissions for single requests count as no.
    pub allowed: bool,
}

rpc_info!(query: IntentionQueryRequest);
