//! The methods of net/rpc with everything in front of them.
use std::sync::Arc;

use proconsul_layers::{RequestLimits, RpcType, SLOW_CALLS_TEND_EVERY, SlowCalls, Stack, stack};
use proconsul_msgpack::GoStr;
use proconsul_netrpc::{
    Dispatch, Registry,
    server::{Limits, Server},
};
use proconsul_services::{Context, CoordinateUpdates, Leadership, Log, blocking::Lot};
use proconsul_state::Store;
use proconsul_structs::METHODS;
use proconsul_types::Listener;
use tokio::time::{MissedTickBehavior, interval};

use crate::sole_log::SoleLog;

/// The handlers of net/rpc with every layer in front of them.
pub type Handlers = Stack<Dispatch>;

/// Every method with its handler, by how it is reached.
pub(crate) struct Registries {
    /// Type bytes 0 and 4.
    pub(crate) rpc: Registry,
    /// Byte 7, for those who have no certificate yet.
    pub(crate) insecure: Registry,
    /// What nodes say of where they are, for somebody to write.
    pub(crate) coordinates: Arc<CoordinateUpdates>,
    /// What all of them know of the server.
    pub(crate) context: Arc<Context>,
}

impl Registries {
    /// The methods of a server that is a node of this name.
    pub(crate) fn new(node: &str, datacenter: &str, store: &Arc<Store>, lot: &Arc<Lot>, log: Arc<SoleLog>) -> Self {
        let session_clock = Arc::clone(log.session_clock());
        let context = Context::new(
            GoStr::from(datacenter),
            Arc::clone(store),
            Arc::clone(lot),
            Arc::clone(&log) as Arc<dyn Log>,
            log as Arc<dyn Leadership>,
        );
        let context = Arc::new(context.with_node(GoStr::from(node)).with_session_clock(session_clock));
        let mut rpc = Registry::new(&METHODS, Listener::Rpc);
        proconsul_services::register(&mut rpc, &context);
        let mut insecure = Registry::new(&METHODS, Listener::Insecure);
        proconsul_services::register_insecure(&mut insecure, &context);
        Self { rpc, insecure, coordinates: Arc::clone(&context.coordinates), context }
    }
}

/// Serves these methods, every layer in front of them. The slowest calls are kept in `slow`, and calls are counted against
/// `rates`.
pub(crate) fn server(
    registry: Registry,
    limits: &Limits,
    slow: &Arc<SlowCalls>,
    rates: &Arc<RequestLimits>,
) -> Server<Handlers> {
    let dispatch = registry.into_service();
    let registry = dispatch.registry();
    let handlers = stack(dispatch, METHODS.len(), RpcType::NetRpc, Arc::clone(slow), Arc::clone(rates));
    Server::new(handlers, registry, limits.clone())
}

/// Lets slow calls of now be kept beside slower ones of before, until it is dropped.
pub(crate) async fn tend(slow: Arc<SlowCalls>) {
    let mut ticks = interval(SLOW_CALLS_TEND_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let now = ticks.tick().await.into_std();
        slow.tend(now);
    }
}
