//! Status: who leads, who is there.
use std::sync::Arc;

use proconsul_msgpack::GoStr;
use proconsul_netrpc::{Answer, Fault, Handler, Registry, Reply, answering};
use proconsul_structs::{
    Method,
    methods::status::{Leader, Peers, Ping, RaftStats},
    query::DcSpecificRequest,
    status::{Empty, EmptyReadRequest, RaftStats as Stats},
};
use proconsul_types::CallInfo;

use crate::{Context, LeadershipFacts};

pub(crate) fn register(registry: &mut Registry, context: &Arc<Context>) {
    // Ping takes any argument and names no datacenter: it proves that somebody is there.
    registry.insert(
        Ping::INDEX,
        answering(|_: &CallInfo, _: EmptyReadRequest, _: &[u8]| Ok(Answer::Now(Reply::value(Empty {})))),
    );
    registry.insert(Leader::INDEX, of_datacenter(context, |facts| Reply::value(facts.leader)));
    registry.insert(Peers::INDEX, of_datacenter(context, |facts| Reply::value(facts.peers)));
    let here = Arc::clone(context);
    registry.insert(
        RaftStats::INDEX,
        answering(move |_: &CallInfo, _: EmptyReadRequest, _: &[u8]| {
            let facts = here.leadership.facts();
            Ok(Answer::Now(Reply::value(Stats {
                // A leader hears itself.
                last_contact: GoStr::from("0"),
                last_term: facts.last_term,
                last_index: facts.last_index,
            })))
        }),
    );
}

/// A method that tells something of the leadership in one datacenter.
fn of_datacenter<F>(context: &Arc<Context>, tell: F) -> impl Handler + use<F>
where
    F: Fn(LeadershipFacts) -> Reply + Send + Sync + 'static,
{
    let here = Arc::clone(context);
    answering(move |_: &CallInfo, request: DcSpecificRequest, _: &[u8]| -> Result<Answer, Fault> {
        here.check_datacenter(&request)?;
        Ok(Answer::Now(tell(here.leadership.facts())))
    })
}
