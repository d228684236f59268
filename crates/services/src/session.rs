//! Session: claims on keys.
mod apply; // makes and ends sessions
mod read; // finds and lists them
mod renew; // gives one its full time again

use std::{marker::PhantomData, sync::Arc};

use proconsul_netrpc::Registry;
use proconsul_structs::{
    Method,
    methods::session::{Apply, Get, List, NodeSessions, Renew},
};
use proconsul_types::metric;

use crate::{Context, at_once::at_once, blocking::query, timed::Timed, write::Write};

pub(crate) fn register(registry: &mut Registry, context: &Arc<Context>) {
    registry.insert(Get::INDEX, query(context, read::One));
    registry.insert(List::INDEX, query(context, read::All));
    registry.insert(NodeSessions::INDEX, query(context, read::OfNode));
    registry.insert(Renew::INDEX, Timed::new(&metric::SESSION_RENEW, at_once::<Renew, _>(context, renew::renew)));
    registry.insert(
        Apply::INDEX,
        Timed::new(
            &metric::SESSION_APPLY,
            Write {
                context: Arc::clone(context),
                prepare: apply::prepare,
                finish: apply::finish,
                method: PhantomData::<fn(Apply)>,
            },
        ),
    );
}
