//! Claims on keys that end with their holder.

use proconsul_msgpack::GoStr;

use super::methods;
use crate::{
    catalog::NodeSpecificRequest,
    session::{IndexedSessions, SessionRequest, SessionSpecificRequest},
};

methods! { "Session" {
    /// Makes a session, or ends one. The reply is its id.
    Apply(SessionRequest) -> GoStr;
    /// Reads one session.
    Get(SessionSpecificRequest) -> IndexedSessions;
    /// Lists all sessions.
    List(SessionSpecificRequest) -> IndexedSessions;
    /// Lists the sessions of one node.
    NodeSessions(NodeSpecificRequest) -> IndexedSessions;
    /// Begins a session's time to live anew.
    Renew(SessionSpecificRequest) -> IndexedSessions;
} }
