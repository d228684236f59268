//! Events: short messages to every agent of a datacenter.

use bytes::Bytes;
use proconsul_msgpack::{GoStr, Wire};

use crate::{
    query::{QueryMeta, QueryOptions},
    rpc::{has_query_meta, rpc_info},
};

/// `Internal.EventFire`: sends an event by gossip. Any server does it, so it has the options of a query.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct EventFireRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The event's name.
    pub name: GoStr,
    /// What agents are told; an event of the agents themselves, as they encode it.
    pub payload: Option<Bytes>,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `Internal.EventFire`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct EventFireResponse {
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

rpc_info!(query: EventFireRequest);
has_query_meta!(EventFireResponse);
