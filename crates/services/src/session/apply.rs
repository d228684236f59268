//! `Session.Apply`.
use std::time::Duration;

use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_state::{Entry, Outcome, WatchSet};
use proconsul_structs::{
    GoDuration,
    session::{Session, SessionBehavior, SessionOp, SessionRequest},
};
use proconsul_types::{GoQuoted, WireText};
use uuid::Uuid;

use crate::{Access, Caller, Context, SESSION_TTL_MAX, echo::repeating, write::Refused};

/// Checks a request, in Consul's order, and gives a new session its id: the log must come to the same everywhere, so that it
/// cannot choose one. What is to end and is not there has ended.
pub(super) fn prepare(caller: Caller<'_>, mut request: SessionRequest) -> Result<Entry, Refused<GoStr>> {
    check_named(&request)?;
    check_operation(caller, &request)?;
    let session = &mut request.session;
    check_behavior(session).map_err(Err)?;
    check_ttl(&session.ttl, caller.context.session_clock.ttl_min()).map_err(Err)?;
    if request.op == SessionOp::Create {
        session.id = new_id(caller.context);
    }
    Ok(Entry::Session(Box::new(request)))
}

/// The id of what was made; nothing else has anything to tell.
pub(super) fn finish(outcome: Outcome) -> Result<GoStr, Fault> {
    match outcome {
        Outcome::Id(id) => Ok(id),
        Outcome::Error(cause) => Err(WireText::apply_failed(&cause).into()),
        _ => Ok(GoStr::EMPTY),
    }
}

fn check_named(SessionRequest { op, session, .. }: &SessionRequest) -> Result<(), Refused<GoStr>> {
    match op {
        SessionOp::Destroy if session.id.is_empty() => Err(Err(WireText::MUST_PROVIDE_SESSION_ID.into())),
        SessionOp::Create if session.node.is_empty() => Err(Err(WireText::MUST_PROVIDE_SESSION_NODE.into())),
        _ => Ok(()),
    }
}

fn check_operation(
    caller: Caller<'_>,
    SessionRequest { op, session, .. }: &SessionRequest,
) -> Result<(), Refused<GoStr>> {
    let Caller { context, rights } = caller;
    match op {
        SessionOp::Create => rights.demand(Access::SessionWrite(&session.node)).map_err(Err),
        SessionOp::Destroy => match context.store.snapshot().session(&session.id, &mut WatchSet::off()).1 {
            None => Err(Ok(GoStr::EMPTY)),
            Some(found) => rights.demand(Access::SessionWrite(&found.node)).map_err(Err),
        },
        SessionOp::Unknown(operation) => {
            Err(Err(WireText::invalid_session_operation(GoQuoted(&operation.to_str_lossy())).into()))
        }
    }
}

fn check_behavior(session: &mut Session) -> Result<(), Fault> {
    match &session.behavior {
        SessionBehavior::Release | SessionBehavior::Delete => {}
        SessionBehavior::Unknown(word) if word.is_empty() => session.behavior = SessionBehavior::Release,
        SessionBehavior::Unknown(word) => {
            return Err(repeating(&WireText::invalid_behavior(&word.to_str_lossy()), word));
        }
    }
    Ok(())
}

/// A time to live is empty or zero, which is none, or within bounds.
fn check_ttl(text: &GoStr, min: Duration) -> Result<(), Fault> {
    if text.is_empty() {
        return Ok(());
    }
    let ttl = GoDuration::parse_as_go(text)
        .map_err(|cause| repeating(&WireText::session_ttl_unreadable(&text.to_str_lossy(), &cause), text))?;
    let (min, max) = (GoDuration::from(min), GoDuration::from(SESSION_TTL_MAX));
    if ttl == GoDuration::ZERO || (min..=max).contains(&ttl) {
        return Ok(());
    }
    Err(WireText::session_ttl_out_of_bounds(ttl.0, &min.to_string(), &max.to_string()).into())
}

/// An id that no session has.
fn new_id(context: &Context) -> GoStr {
    let snapshot = context.store.snapshot();
    loop {
        let id = GoStr::from(Uuid::new_v4().to_string());
        if snapshot.session(&id, &mut WatchSet::off()).1.is_none() {
            return id;
        }
    }
}
