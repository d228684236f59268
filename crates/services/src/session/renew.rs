//! `Session.Renew`.
use proconsul_netrpc::Fault;
use proconsul_state::WatchSet;
use proconsul_structs::{
    query::QueryMeta,
    session::{IndexedSessions, SessionSpecificRequest},
};
use proconsul_types::WireText;

use super::read::id_of;
use crate::{Access, Caller, echo::repeating};

/// Gives a session its full time again, and answers with it; with none if there is none. Nothing is written, so that whether a
/// leader is known, and how old the answer is, is not said either.
pub(super) fn renew(
    Caller { context, rights }: Caller<'_>,
    request: SessionSpecificRequest,
) -> Result<IndexedSessions, Fault> {
    let (index, session) = context.store.snapshot().session(id_of(&request), &mut WatchSet::off());
    if let Some(session) = &session {
        rights.demand(Access::SessionWrite(&session.node))?;
        let refused = |cause: String| {
            let text = WireText::session_ttl_unreadable_in_store(&session.ttl.to_str_lossy(), &cause);
            repeating(&text, &session.ttl)
        };
        context.session_clock.renew(session).map_err(refused)?;
    }
    Ok(IndexedSessions {
        sessions: session.map(|session| vec![session]),
        query_meta: QueryMeta { index, ..QueryMeta::default() },
    })
}
