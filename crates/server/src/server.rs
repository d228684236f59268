//! Start and stop.
use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use proconsul_layers::{RpcType, stack};
use proconsul_msgpack::GoStr;
use proconsul_mux::driver::{self, Listener, Settings, serve};
use proconsul_netrpc::{Registry, server::Stop};
use proconsul_services::{
    Context, Leadership, Log,
    blocking::{Lot, QueryTimes},
};
use proconsul_state::Store;
use proconsul_structs::METHODS;
use proconsul_types::MethodRow;
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};
use uuid::Uuid;

use crate::{Config, founding, rpc_port::RpcPort, sole_log::SoleLog, tombstones};

/// How long connections that were told to close at once may take to be gone.
const LAST_GRACE: Duration = Duration::from_secs(1);

/// A server that runs.
pub struct Server {
    rpc_address: SocketAddr,
    node_name: String,
    datacenter: String,
    lot: Arc<Lot>,
    store: Arc<Store>,
    port: Arc<RpcPort>,
    served: Vec<&'static MethodRow>,
    stop_accepting: oneshot::Sender<()>,
    accepting: JoinHandle<()>,
    /// Looks at parked queries, and forgets deleted keys in time.
    tending: [JoinHandle<()>; 2],
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The server port cannot be bound.
    #[error("failed to listen on {address} (ports.server, bind_addr)")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl Server {
    /// Starts a server that is alone and keeps all in memory. It answers when this returns.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let address = config.server_address();
        let listener = Listener::bind(address).map_err(|source| StartError::Bind { address, source })?;
        let rpc_address = listener.address();

        let store = Arc::new(Store::new());
        let lot = Lot::new(Arc::clone(&store), config.query_times);
        let own_address = GoStr::from(rpc_address.to_string());
        let log = Arc::new(SoleLog::new(Arc::clone(&store), Arc::clone(&lot), own_address));
        let id = config.node_id.unwrap_or_else(|| Uuid::new_v4().to_string());
        let (node, address) = (&config.node_name, rpc_address.ip());
        for entry in founding::registrations(node, &id, &config.datacenter, address, rpc_address.port()) {
            log.append(entry);
        }

        let reaping = tombstones::reap(Arc::clone(&store), Arc::clone(&log) as Arc<dyn Log>);
        let dispatch = registry(&config.datacenter, &store, &lot, log).into_service();
        let registry = dispatch.registry();
        let served = registry.served().collect();
        let handlers = stack(dispatch, &METHODS, RpcType::NetRpc, Arc::default());
        let netrpc = proconsul_netrpc::server::Server::new(handlers, registry, config.connection);
        let port = Arc::new(RpcPort::new(netrpc));

        let settings = Settings {
            handshake_timeout: config.rpc_handshake_timeout,
            max_conns_per_client: config.rpc_max_conns_per_client,
            http2_preface: false,
            tls: None,
        };
        let (stop_accepting, stopped) = oneshot::channel();
        let accepting = tokio::spawn(serve(listener, settings, driver::Registry::new(), Arc::clone(&port), async {
            // A sender that is gone is a server that is gone.
            let _ = stopped.await;
        }));
        let tending = [tokio::spawn(Arc::clone(&lot).run()), tokio::spawn(reaping)];
        tracing::info!(%rpc_address, node = config.node_name, datacenter = config.datacenter, "server started");
        Ok(Self {
            rpc_address,
            node_name: config.node_name,
            datacenter: config.datacenter,
            lot,
            store,
            port,
            served,
            stop_accepting,
            accepting,
            tending,
        })
    }

    /// The methods that a server of this version answers.
    pub fn served_methods() -> Vec<&'static MethodRow> {
        let store = Arc::new(Store::new());
        let lot = Lot::new(Arc::clone(&store), QueryTimes::default());
        let log = Arc::new(SoleLog::new(Arc::clone(&store), Arc::clone(&lot), GoStr::default()));
        registry("", &store, &lot, log).served().collect()
    }

    /// Where the server port listens.
    pub fn rpc_address(&self) -> SocketAddr {
        self.rpc_address
    }

    /// The name in the catalog.
    pub fn node_name(&self) -> &str {
        &self.node_name
    }

    /// The datacenter.
    pub fn datacenter(&self) -> &str {
        &self.datacenter
    }

    /// The methods that are answered.
    pub fn served(&self) -> &[&'static MethodRow] {
        &self.served
    }

    /// Where queries wait.
    pub fn lot(&self) -> &Arc<Lot> {
        &self.lot
    }

    /// The store.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// How many connections are being served.
    pub fn connections(&self) -> usize {
        self.port.connections()
    }

    /// Stops: takes no more connections and calls, answers parked queries with what there is, lets calls in hand end, and
    /// closes what is left after `grace`.
    pub async fn stop(self, grace: Duration) {
        let Self { stop_accepting, mut accepting, tending, port, lot, .. } = self;
        // Gone already if the accept loop has ended by itself.
        let _ = stop_accepting.send(());
        port.stop(Stop::Drain);
        lot.close();
        if timeout(grace, &mut accepting).await.is_err() {
            tracing::info!(connections = port.connections(), "connections are still busy; closing them");
            port.stop(Stop::Now);
            if timeout(LAST_GRACE, &mut accepting).await.is_err() {
                accepting.abort();
            }
        }
        tending.iter().for_each(JoinHandle::abort);
        tracing::info!("server stopped");
    }
}

/// Every method with its handler.
fn registry(datacenter: &str, store: &Arc<Store>, lot: &Arc<Lot>, log: Arc<SoleLog>) -> Registry {
    let context = Arc::new(Context {
        datacenter: GoStr::from(datacenter),
        store: Arc::clone(store),
        lot: Arc::clone(lot),
        log: Arc::clone(&log) as Arc<dyn Log>,
        leadership: log as Arc<dyn Leadership>,
    });
    let mut registry = Registry::new(&METHODS, proconsul_types::Listener::Rpc);
    proconsul_services::register(&mut registry, &context);
    registry
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("rpc_address", &self.rpc_address).finish_non_exhaustive()
    }
}
