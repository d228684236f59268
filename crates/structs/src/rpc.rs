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

/// A request that names a datacenter and whose it is, to fill in.
pub trait HasCaller {
    /// The datacenter that is to answer; empty for the one that is asked.
    fn datacenter_mut(&mut self) -> &mut GoStr;

    /// The caller's token.
    fn token_mut(&mut self) -> &mut Token;
}

/// A request with the options of a query.
pub trait HasQueryOptions {
    /// The options, to read.
    fn options(&self) -> &QueryOptions;

    /// The options, to fill in.
    fn options_mut(&mut self) -> &mut QueryOptions;
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

/// Implements [`RpcInfo`] and what a client fills in for requests by where their options are: `query` ones have
/// `query_options`, `write` ones a `write_request`, `dc` ones a `dc_specific` that has options.
macro_rules! rpc_info {
    (query: $($query:ty),* $(,)?) => {
        $(impl $crate::RpcInfo for $query {
            fn datacenter(&self) -> &proconsul_msgpack::GoStr { &self.datacenter }
            fn token(&self) -> Option<&$crate::Token> { Some(&self.query_options.token) }
            fn query_options(&self) -> Option<&$crate::query::QueryOptions> { Some(&self.query_options) }
        }
        impl $crate::HasQueryOptions for $query {
            fn options(&self) -> &$crate::query::QueryOptions { &self.query_options }
            fn options_mut(&mut self) -> &mut $crate::query::QueryOptions { &mut self.query_options }
        }
        impl $crate::HasCaller for $query {
            fn datacenter_mut(&mut self) -> &mut proconsul_msgpack::GoStr { &mut self.datacenter }
            fn token_mut(&mut self) -> &mut $crate::Token { &mut self.query_options.token }
        })*
    };
    (write: $($write:ty),* $(,)?) => {
        $(impl $crate::RpcInfo for $write {
            fn datacenter(&self) -> &proconsul_msgpack::GoStr { &self.datacenter }
            fn token(&self) -> Option<&$crate::Token> { Some(&self.write_request.token) }
        }
        impl $crate::HasCaller for $write {
            fn datacenter_mut(&mut self) -> &mut proconsul_msgpack::GoStr { &mut self.datacenter }
            fn token_mut(&mut self) -> &mut $crate::Token { &mut self.write_request.token }
        })*
    };
    (dc: $($query:ty),* $(,)?) => {
        $(impl $crate::RpcInfo for $query {
            fn datacenter(&self) -> &proconsul_msgpack::GoStr { &self.dc_specific.datacenter }
            fn token(&self) -> Option<&$crate::Token> { Some(&self.dc_specific.query_options.token) }
            fn query_options(&self) -> Option<&$crate::query::QueryOptions> { Some(&self.dc_specific.query_options) }
        }
        impl $crate::HasQueryOptions for $query {
            fn options(&self) -> &$crate::query::QueryOptions { &self.dc_specific.query_options }
            fn options_mut(&mut self) -> &mut $crate::query::QueryOptions { &mut self.dc_specific.query_options }
        }
        impl $crate::HasCaller for $query {
            fn datacenter_mut(&mut self) -> &mut proconsul_msgpack::GoStr { &mut self.dc_specific.datacenter }
            fn token_mut(&mut self) -> &mut $crate::Token { &mut self.dc_specific.query_options.token }
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
