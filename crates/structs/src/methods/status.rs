//! Who leads, who votes, and whether anybody is there.

use proconsul_msgpack::GoStr;

use super::methods;
use crate::{
    query::DcSpecificRequest,
    status::{Empty, EmptyReadRequest, RaftStats as Stats},
};

methods! { "Status" {
    /// Answers at once; proves that the server lives.
    Ping(EmptyReadRequest) -> Empty;
    /// Address of the leader's server port, empty when there is none.
    Leader(DcSpecificRequest) -> GoStr;
    /// Addresses of all servers that take part in consensus.
    Peers(DcSpecificRequest) -> Vec<GoStr>;
    /// How far this server's log has come.
    RaftStats(EmptyReadRequest) -> Stats;
} }
