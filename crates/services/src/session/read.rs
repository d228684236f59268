//! `Session.Get`, `Session.List` and `Session.NodeSessions`.
use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_state::WatchSet;
use proconsul_structs::{
    Shared,
    catalog::NodeSpecificRequest,
    methods::session::{Get, List, NodeSessions},
    query::QueryMeta,
    session::{IndexedSessions, Session, SessionSpecificRequest},
};
use proconsul_types::WireText;

use crate::{
    Access, Rights, View,
    blocking::{Found, Query},
};

/// One session. What does not exist is no news.
pub(super) struct One;

impl Query for One {
    type Method = Get;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &SessionSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedSessions>, Fault> {
        let (index, session) = at.session(id_of(request), watches);
        let something = session.is_some();
        Ok(Found { something, also: None, reply: reply(index, session.into_iter().collect(), rights) })
    }
}

/// Every session.
pub(super) struct All;

impl Query for All {
    type Method = List;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        _: &SessionSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedSessions>, Fault> {
        let (index, sessions) = at.sessions(watches);
        Ok(Found { something: true, also: None, reply: reply(index, sessions, rights) })
    }
}

/// The sessions of one node.
pub(super) struct OfNode;

impl Query for OfNode {
    type Method = NodeSessions;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &NodeSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedSessions>, Fault> {
        if request.node.is_empty() {
            return Err(WireText::SESSIONS_OF_NO_NODE.into());
        }
        let (index, sessions) = at.node_sessions(&request.node, watches);
        Ok(Found { something: true, also: None, reply: reply(index, sessions, rights) })
    }
}

/// Which session is meant: old clients say it elsewhere.
pub(super) fn id_of(request: &SessionSpecificRequest) -> &GoStr {
    if request.session_id.is_empty() { &request.session } else { &request.session_id }
}

/// An answer with those sessions that the caller may see: nil if there are none, and empty if all are hidden.
fn reply(index: u64, mut sessions: Vec<Shared<Session>>, rights: &Rights) -> IndexedSessions {
    let are_none = sessions.is_empty();
    let results_filtered_by_acls =
        rights.filter(&mut sessions, |rights, session| rights.allows(Access::SessionRead(&session.node)));
    IndexedSessions {
        sessions: (!are_none).then_some(sessions),
        query_meta: QueryMeta { index, results_filtered_by_acls, ..QueryMeta::default() },
    }
}
