//! Questions about services, stored under a name.

use proconsul_msgpack::GoStr;

use super::methods;
use crate::{
    prepared_query::{
        IndexedPreparedQueries, PreparedQueryExecuteRemoteRequest, PreparedQueryExecuteRequest,
        PreparedQueryExecuteResponse, PreparedQueryExplainResponse, PreparedQueryRequest, PreparedQuerySpecificRequest,
    },
    query::DcSpecificRequest,
};

methods! { "PreparedQuery" {
    /// Stores a query, or removes it. The reply is its id.
    Apply(PreparedQueryRequest) -> GoStr;
    /// Reads one query, by its id.
    Get(PreparedQuerySpecificRequest) -> IndexedPreparedQueries;
    /// Lists all queries.
    List(DcSpecificRequest) -> IndexedPreparedQueries;
    /// Asks a query, here and then elsewhere, until there is an instance.
    Execute(PreparedQueryExecuteRequest) -> PreparedQueryExecuteResponse;
    /// Asks a query that another datacenter sends along.
    ExecuteRemote(PreparedQueryExecuteRemoteRequest) -> PreparedQueryExecuteResponse;
    /// Tells what would be asked.
    Explain(PreparedQueryExecuteRequest) -> PreparedQueryExplainResponse;
} }
