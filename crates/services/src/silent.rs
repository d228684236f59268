//! For tests: a server around a service that neither writes nor leads.
use std::sync::Arc;

use proconsul_state::{Entry, Store};

use crate::{
    Appended, Context, Leadership, LeadershipFacts, Log,
    blocking::{Lot, QueryTimes},
};

/// A log that nobody may write to, and a leadership of which nothing is known.
pub(crate) struct Silent;

impl Log for Silent {
    fn append(&self, _: Entry) -> Appended {
        panic!("nobody writes here");
    }
}

impl Leadership for Silent {
    fn facts(&self) -> LeadershipFacts {
        LeadershipFacts::default()
    }

    fn leads(&self) -> bool {
        false
    }
}

/// A server with nothing in its store.
pub(crate) fn context() -> Context {
    let store = Arc::new(Store::new());
    let lot = Lot::new(Arc::clone(&store), QueryTimes::default());
    over(store, lot)
}

/// A server over this store.
pub(crate) fn over(store: Arc<Store>, lot: Arc<Lot>) -> Context {
    Context::new("dc1".into(), store, lot, Arc::new(Silent), Arc::new(Silent))
}
