//! A server of tests: a store, and a log that applies what it is given.
use std::sync::Arc;

use parking_lot::Mutex;
use proconsul_services::{
    Appended, Context, Leadership, LeadershipFacts, Log,
    blocking::{Lot, QueryTimes},
};
use proconsul_state::{Entry, Store};

struct AtOnce {
    store: Arc<Store>,
    last: Mutex<u64>,
}

impl Log for AtOnce {
    fn append(&self, entry: Entry) -> Appended {
        let mut last = self.last.lock();
        *last += 1;
        let outcome = self.store.apply(*last, &entry).outcome;
        drop(last);
        // A log takes its time, so that writers come between each other.
        Appended::Pending(Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(outcome)
        }))
    }
}

/// Who leads: this server, or one elsewhere.
#[derive(Clone, Copy)]
enum Leader {
    Here,
    At(&'static str),
}

impl Leadership for Leader {
    fn facts(&self) -> LeadershipFacts {
        match self {
            Self::Here => LeadershipFacts::default(),
            Self::At(address) => LeadershipFacts { leader: (*address).into(), ..LeadershipFacts::default() },
        }
    }

    fn leads(&self) -> bool {
        matches!(self, Self::Here)
    }
}

fn led(leader: Leader) -> Arc<Context> {
    let store = Arc::new(Store::new());
    let lot = Lot::new(Arc::clone(&store), QueryTimes::default());
    let log = Arc::new(AtOnce { store: Arc::clone(&store), last: Mutex::new(10) });
    Arc::new(Context::new("dc1".into(), store, lot, log, Arc::new(leader)))
}

/// A server that leads, with nothing in its store.
pub(crate) fn context() -> Arc<Context> {
    led(Leader::Here)
}

/// One that follows the leader at this address.
pub(crate) fn following(leader: &'static str) -> Arc<Context> {
    led(Leader::At(leader))
}
