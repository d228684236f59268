//! What every request and reply has in common.

use proconsul_msgpack::GoStr;

use crate::{
    Token,
    query::{QueryMeta, QueryOptions},
};

/// What there is to know about a request whatever its method: enough to forward it, to check rights, and to wait.
pub trait RpcInfo {
    /// The datacenter that is to answer, empty for the one that was asked.
    fn datacenter(&self) -> &GoStr;

    /// The caller's token; `None` where the request cannot carry one.
    fn token(&self) -> Option<&Token>;

    /// The options of a query; `None` for writes, and for requests without options.
    fn query_options(&self) -> Option<&QueryOptions> {
        None
    }
}

/// A reply that carries the facts of a query.
pub trait HasQueryMeta {
    /// The facts, to read.
    fn meta(&self) -> &QueryMeta;

    /// The facts, to fill in.
    fn meta_mut(&mut self) -> &mut QueryMeta;
}

/// An empty text, for requests that have no field to borrow one from.
pub(crate) static NO_TEXT: GoStr = GoStr::EMPTY;

/// Implements [`RpcInfo`] for requests by where their options are: `query` ones have `query_options`, `write` ones a
/// `write_request`.
macro_rules! rpc_info {
    (query: $($query:ty),* $(,)?) => {
        $(impl $crate::RpcInfo for $query {
            fn datacenter(&self) -> &proconsul_msgpack::GoStr { &self.datacenter }
            fn token(&self) -> Option<&$crate::Token> { Some(&self.query_options.token) }
            fn query_options(&self) -> Option<&$crate::query::QueryOptions> { Some(&self.query_options) }
        })*
    };
    (write: $($write:ty),* $(,)?) => {
        $(impl $crate::RpcInfo for $write {
            fn datacenter(&self) -> &proconsul_msgpack::GoStr { &self.datacenter }
            fn token(&self) -> Option<&$crate::Token> { Some(&self.write_request.token) }
        })*
    };
}
pub(crate) use rpc_info;

/// Implements [`HasQueryMeta`] for replies with a `query_meta`.
macro_rules! has_query_meta {
    ($($reply:ty),* $(,)?) => {
        $(impl $crate::HasQueryMeta for $reply {
            fn meta(&self) -> &$crate::query::QueryMeta { &self.query_meta }
            fn meta_mut(&mut self) -> &mut $crate::query::QueryMeta { &mut self.query_meta }
        })*
    };
}
pub(crate) use has_query_meta;
