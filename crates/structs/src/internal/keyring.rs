//! Keys that gossip is encrypted with.

use proconsul_msgpack::{GoStr, Wire};

use crate::{
    List, Map, Secret,
    query::{QueryMeta, QueryOptions},
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

text_set! {
    /// What is done with keys.
    pub enum KeyringOp {
        /// Tells which keys are installed.
        List = "list",
        /// Installs a key, so that what is encrypted with it can be read.
        Install = "install",
        /// Encrypts with it from now on.
        Use = "use",
        /// Removes a key that is not in use.
        Remove = "remove",
    }
}

/// `Internal.KeyringOperation`: does it in every pool of gossip: in every datacenter and network segment.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct KeyringRequest {
    /// What to do.
    pub operation: KeyringOp,
    /// The key, base64. Empty to list.
    pub key: Secret,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// It has been passed on to other datacenters already. Clients leave it false.
    pub forwarded: bool,
    /// By how many others each answer within a pool is relayed. At most 5.
    pub relay_factor: u8,
    /// List only the keys of the pools of the server that is asked.
    pub local_only: bool,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// What came of it in one pool.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct KeyringResponse {
    /// It is the pool between datacenters.
    #[wire("WAN")]
    pub wan: bool,
    /// The pool's datacenter.
    pub datacenter: GoStr,
    /// The pool's network segment. Empty: the default one.
    pub segment: GoStr,
    /// The pool's partition. Empty here always.
    pub partition: GoStr,
    /// What nodes complained of, by name.
    pub messages: Map<GoStr>,
    /// How many nodes have each key, by the key, base64. Hidden, since it tells the keys.
    pub keys: Secret<Map<i64>>,
    /// How many nodes encrypt with each key, likewise.
    pub primary_keys: Secret<Map<i64>>,
    /// How many nodes there are.
    pub num_nodes: i64,
    /// Why it failed. Empty: it did not.
    pub error: GoStr,
}

/// Answer of `Internal.KeyringOperation`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct KeyringResponses {
    /// What came of it, pool by pool.
    pub responses: List<KeyringResponse>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

rpc_info!(query: KeyringRequest);
has_query_meta!(KeyringResponses);
