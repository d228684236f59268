//! Start and stop.
use std::{
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use proconsul_admin::{Address, Recorded, Token};
use proconsul_grpc::{Deps, Health, Surfaces};
use proconsul_layers::{RequestLimits, RequestRates, SlowCalls};
use proconsul_msgpack::GoStr;
use proconsul_mux::{
    ROUTES, Row, Then, TlsPolicy,
    driver::{self, Listener, Settings, serve},
};
use proconsul_netrpc::server::Stop;
use proconsul_services::{
    Leadership, Log, SESSION_TTL_MIN, SessionClock,
    blocking::{Lot, QueryTimes},
};
use proconsul_state::Store;
use proconsul_tls::{LoadError, Tls, watch as files};
use proconsul_types::MethodRow;
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet, spawn_blocking},
    time::{Instant as Deadline, timeout, timeout_at},
};
use uuid::Uuid;

use crate::{
    CONSUL_VERSION, Config, StartError,
    admin::{Admins, Bound, Facts, Watched},
    founding,
    grpc_ports::GrpcPorts,
    grpc_routes::GrpcRoutes,
    methods::{self, Registries},
    rpc_port::RpcPort,
    secure,
    snapshots::Snapshots,
    sole_log::SoleLog,
    tombstones,
};

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
    registry: Arc<driver::Registry>,
    served: Vec<&'static MethodRow>,
    request_limits: Arc<RequestLimits>,
    tls: Tls,
    admins: Admins,
    stop_accepting: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    grpc_accepting: JoinSet<()>,
    grpc_addresses: [Option<SocketAddr>; 2],
    health: Health,
    /// Looks at parked queries, forgets deleted keys and old slow calls in time, writes where nodes are, ends sessions that nobody
    /// renews, and watches the certificates' files.
    tending: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts a server that is alone and keeps all in memory. It answers when this returns.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_with(config, None).await
    }

    /// As [`start`](Self::start), in a process that keeps its metrics in `recorded`: the admin listeners tell them, and what
    /// they say of methods.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_with(config: Config, recorded: Option<Arc<dyn Recorded>>) -> Result<Self, StartError> {
        let since = Instant::now();
        let tls = secure::load(&config)?;
        let bound = Bound::new(&config).await.map_err(|source| StartError::Admin { source })?;
        let address = config.server_address();
        let listener = Listener::bind(address).map_err(|source| StartError::Bind { address, source })?;
        let rpc_address = listener.address();
        let grpc_ports = GrpcPorts::bind(&config, &tls)?;
        let grpc_addresses = [grpc_ports.plain_address(), grpc_ports.tls_address()];

        let store = Arc::new(Store::new());
        let lot = Lot::new(Arc::clone(&store), config.query_times);
        let own_address = GoStr::from(rpc_address.to_string());
        let session_clock = SessionClock::new(Arc::clone(&store), config.session_ttl_min);
        let log = Arc::new(SoleLog::new(Arc::clone(&store), Arc::clone(&lot), Arc::clone(&session_clock), own_address));
        let names = Arc::new(config.names());
        let id = config.node_id.unwrap_or_else(|| Uuid::new_v4().to_string());
        let (node, address) = (&config.node_name, rpc_address.ip());
        match config.restore {
            Some(snapshot) => log.restore(snapshot),
            None => {
                for entry in founding::registrations(node, &id, &config.datacenter, address, rpc_address.port()) {
                    log.append(entry);
                }
            }
        }

        let reaping = tombstones::reap(Arc::clone(&store), Arc::clone(&log) as Arc<dyn Log>);
        let timing = session_clock.run(Arc::clone(&log) as Arc<dyn Log>);
        let slow = Arc::new(SlowCalls::default());
        let leadership = Arc::clone(&log);
        let request_limits = Arc::new(RequestLimits::new(config.request_limits, move || leadership.leads()));
        let writer = Arc::clone(&log) as Arc<dyn Log>;
        let Registries { rpc, insecure, coordinates, context } =
            Registries::new(node, &config.datacenter, &store, &lot, Arc::clone(&log));
        let grpc = Surfaces::new(&Deps {
            context: Arc::clone(&context),
            node_id: id.as_str().into(),
            version: CONSUL_VERSION,
            dns: names,
            slow: Arc::clone(&slow),
            limits: Arc::clone(&request_limits),
        })
        .map_err(|source| StartError::Reflection { source })?;
        grpc.health.tell(true, true).await;
        let (health, reaper) = (grpc.health.clone(), grpc.reaper.clone());
        let snapshots = Snapshots::new(context, log, id);
        let served = rpc.served().chain(insecure.served()).collect();
        let [rpc, insecure] =
            [rpc, insecure].map(|methods| methods::server(methods, &config.connection, &slow, &request_limits));
        let grpc = GrpcRoutes::new(grpc, &config.datacenter);
        let port = Arc::new(RpcPort::new(rpc, insecure, snapshots, grpc));
        let registry = driver::Registry::new();

        let settings = Settings {
            handshake_timeout: config.rpc_handshake_timeout,
            max_conns_per_client: config.rpc_max_conns_per_client,
            http2_preface: config.http2_preface,
            tls: Some(tls.clone()),
            only: None,
        };
        let stop_accepting = watch::Sender::new(false);
        let grpc_accepting = grpc_ports.serve(&tls, &registry, &port, &stop_accepting);
        let mut stopped = stop_accepting.subscribe();
        let accepting = tokio::spawn(serve(listener, settings, Arc::clone(&registry), Arc::clone(&port), async move {
            // A sender that is gone is a server that is gone.
            let _gone = stopped.wait_for(|stopping| *stopping).await;
        }));
        let admins = bound.serve(&Watched::new(Facts {
            node: config.node_name.clone(),
            datacenter: config.datacenter.clone(),
            rpc_address: rpc_address.to_string(),
            since,
            port: Arc::clone(&port),
            registry: Arc::clone(&registry),
            slow: Arc::clone(&slow),
            recorded,
        }));
        let tending = vec![
            tokio::spawn(Arc::clone(&lot).run()),
            tokio::spawn(reaping),
            tokio::spawn(reaper.run()),
            tokio::spawn(coordinates.run(writer)),
            tokio::spawn(timing),
            tokio::spawn(methods::tend(slow)),
            tokio::spawn(files::watch(tls.clone(), files::EVERY)),
        ];
        tracing::info!(%rpc_address, node = config.node_name, datacenter = config.datacenter, ?admins, "server started");
        Ok(Self {
            rpc_address,
            node_name: config.node_name,
            datacenter: config.datacenter,
            lot,
            store,
            port,
            registry,
            served,
            request_limits,
            tls,
            admins,
            stop_accepting,
            accepting,
            grpc_accepting,
            grpc_addresses,
            health,
            tending,
        })
    }

    /// The methods that a server of this version answers, those of byte 7 and of gRPC included.
    pub fn served_methods() -> Vec<&'static MethodRow> {
        let store = Arc::new(Store::new());
        let lot = Lot::new(Arc::clone(&store), QueryTimes::default());
        let session_clock = SessionClock::new(Arc::clone(&store), SESSION_TTL_MIN);
        let log = Arc::new(SoleLog::new(Arc::clone(&store), Arc::clone(&lot), session_clock, GoStr::default()));
        let Registries { rpc, insecure, context, .. } = Registries::new("", "", &store, &lot, log);
        let grpc = Surfaces::new(&Deps {
            context,
            node_id: "".into(),
            version: CONSUL_VERSION,
            dns: Arc::default(),
            slow: Arc::default(),
            limits: Arc::default(),
        });
        let grpc: Vec<_> = grpc.iter().flat_map(Surfaces::served).map(|row| &row.row).collect();
        rpc.served().chain(insecure.served()).chain(grpc).collect()
    }

    /// The ways into the server port behind which a server of this version has somebody who answers; type byte 3 is one, as it
    /// is answered with a handshake.
    pub fn served_routes() -> impl Iterator<Item = &'static Row> {
        ROUTES.iter().filter(|row| match row.then {
            Then::StartTls(TlsPolicy::Verify) => true,
            then => then.route().is_some_and(RpcPort::is_served),
        })
    }

    /// Where the server port listens.
    pub fn rpc_address(&self) -> SocketAddr {
        self.rpc_address
    }

    /// Where gRPC without TLS is, if it is anywhere.
    pub fn grpc_address(&self) -> Option<SocketAddr> {
        self.grpc_addresses[0]
    }

    /// Where gRPC in TLS is, if it is anywhere.
    pub fn grpc_tls_address(&self) -> Option<SocketAddr> {
        self.grpc_addresses[1]
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

    /// How many net/rpc connections are being served.
    pub fn connections(&self) -> usize {
        self.port.connections()
    }

    /// Who is on the server port, whatever the route, and why others no longer are.
    pub fn registry(&self) -> &Arc<driver::Registry> {
        &self.registry
    }

    /// The connections that carry gRPC, of every port.
    pub fn grpc_connections(&self) -> Vec<Arc<proconsul_grpc::Connection>> {
        self.port.grpc().list()
    }

    /// The certificates, and what is demanded of clients.
    pub fn tls(&self) -> &Tls {
        &self.tls
    }

    /// The rates of calls that are in effect.
    pub fn request_limits(&self) -> RequestRates {
        self.request_limits.rates()
    }

    /// Other rates, from the next call on.
    pub fn set_request_limits(&self, rates: RequestRates) {
        self.request_limits.set(rates);
    }

    /// Reads the certificates' files again, as on SIGHUP; new handshakes take what is there.
    ///
    /// # Errors
    /// What is wrong with them; everything stays as it was then.
    pub async fn reload(&self) -> Result<(), LoadError> {
        let tls = self.tls.clone();
        // Files may lie on a network.
        match spawn_blocking(move || tls.reload()).await {
            Ok(reloaded) => reloaded,
            Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
            // The runtime goes away, and this server with it.
            Err(_) => Ok(()),
        }
    }

    /// Where the admin listeners are, in the order of [`Config::admin`]; those that are not there left out.
    pub fn admin_addresses(&self) -> &[Address] {
        &self.admins.addresses
    }

    /// What changes take over an admin listener on the loopback: a secret of this run.
    pub fn admin_token(&self) -> &Token {
        &self.admins.token
    }

    /// Stops: takes no more connections and calls, drops handshakes, answers parked queries with what there is, lets calls in
    /// hand end, and closes what is left after `grace`. The admin listeners end with it, answers in hand finished.
    pub async fn stop(self, grace: Duration) {
        let Self { stop_accepting, accepting, mut grpc_accepting, tending, port, lot, admins, health, .. } = self;
        let end = Deadline::now() + grace;
        health.stop().await;
        stop_accepting.send_replace(true);
        port.stop(Stop::Drain);
        lot.close();
        admins.stop();
        let abort = accepting.abort_handle();
        let mut ended = pin!(async {
            // What it panicked with, if it did, is in the log.
            let _ended = accepting.await;
            while grpc_accepting.join_next().await.is_some() {}
        });
        if timeout_at(end, &mut ended).await.is_err() {
            tracing::info!(connections = port.connections(), "connections are still busy; closing them");
            port.stop(Stop::Now);
            if timeout(LAST_GRACE, &mut ended).await.is_err() {
                abort.abort();
            }
        }
        if timeout_at(end, admins.ended()).await.is_err() {
            tracing::info!("an admin listener is still busy; closing it");
        }
        tending.iter().for_each(JoinHandle::abort);
        tracing::info!("server stopped");
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("rpc_address", &self.rpc_address).finish_non_exhaustive()
    }
}
