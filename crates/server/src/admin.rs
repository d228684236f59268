//! The admin listeners of a server, and what they are told of it.
mod views; // what is known of a connection, as it is shown

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use proconsul_admin::{
    Address, Admin, BindError, Listen, Page, Recorded, Source, Token,
    view::{ClosedView, ConnView, Health, MethodView, RouteView, ServerView, SlowView, StreamView},
};
use proconsul_layers::SlowCalls;
use proconsul_mux::{
    diagram,
    driver::{Entry, Registry},
};
use proconsul_netrpc::server::{Connection, Description};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant as Deadline, timeout_at},
};

use crate::{AdminAt, Config, rpc_port::RpcPort};

/// How long connections have to say what they do. One that has not said it by then is held up by a call.
pub const DESCRIBE_TIME_MAX: Duration = Duration::from_millis(250);

/// How many connections are asked at a time.
pub const DESCRIBED_AT_ONCE: usize = 256;

/// Everything about a server that its admin listeners tell. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Watched(Arc<Facts>);

pub(crate) struct Facts {
    pub(crate) node: String,
    pub(crate) datacenter: String,
    pub(crate) rpc_address: String,
    pub(crate) since: Instant,
    pub(crate) port: Arc<RpcPort>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) slow: Arc<SlowCalls>,
    /// Where the numbers are kept that the server records, if anywhere.
    pub(crate) recorded: Option<Arc<dyn Recorded>>,
}

/// What a connection said when it was asked.
#[derive(Debug)]
enum Said {
    /// It carries no calls, or its end came first.
    Nothing,
    /// What it does.
    Told(Description),
    /// Nothing in time: a call holds it up.
    Busy,
}

impl Watched {
    pub(crate) fn new(facts: Facts) -> Self {
        Self(Arc::new(facts))
    }

    /// The newest `at_most` connections, by number, and what each does: all are asked at once, within one time.
    async fn asked(&self, at_most: usize) -> Vec<(Arc<Entry>, Said)> {
        let mut entries = self.0.registry.entries();
        entries.drain(..entries.len().saturating_sub(at_most));
        let deadline = Deadline::now() + DESCRIBE_TIME_MAX;
        let asked = entries.into_iter().map(|entry| async move {
            let said = match self.0.port.connection(entry.id()) {
                None => self.0.port.grpc().describe(entry.id()).map_or(Said::Nothing, Said::Told),
                Some(connection) => ask(&connection, deadline).await,
            };
            (entry, said)
        });
        stream::iter(asked).buffered(DESCRIBED_AT_ONCE).collect().await
    }
}

/// What a connection says by `deadline`.
async fn ask(connection: &Connection, deadline: Deadline) -> Said {
    match timeout_at(deadline, connection.describe()).await {
        Err(_late) => Said::Busy,
        Ok(told) => told.map_or(Said::Nothing, Said::Told),
    }
}

impl Source for Watched {
    async fn conns(&self, at_most: usize) -> Vec<ConnView> {
        let now = Instant::now();
        let asked = self.asked(at_most).await;
        asked.iter().map(|(entry, said)| views::conn(entry, said, now)).collect()
    }

    fn conns_total(&self) -> u64 {
        self.0.registry.len() as u64
    }

    async fn streams(&self, at_most: usize) -> Vec<StreamView> {
        let asked = self.asked(at_most).await;
        // The newest connections first, as they are asked for; by number in the end.
        let newest = asked.iter().rev().flat_map(|(entry, said)| views::streams(entry, said)).take(at_most);
        let mut streams: Vec<_> = newest.collect();
        streams.sort_by_key(|view| (view.conn, view.stream));
        streams
    }

    async fn slow(&self) -> Vec<SlowView> {
        let now = Instant::now();
        self.0.slow.list(now).iter().map(|call| views::slow(call, now)).collect()
    }

    async fn closed(&self) -> Vec<ClosedView> {
        let now = Instant::now();
        self.0.registry.closed().iter().map(|closed| views::closed(closed, now)).collect()
    }

    async fn routes(&self) -> Vec<RouteView> {
        self.0.registry.routes().iter().map(views::route).collect()
    }

    async fn methods(&self) -> Vec<MethodView> {
        self.0.recorded.as_ref().map(|recorded| recorded.methods()).unwrap_or_default()
    }

    async fn kill(&self, id: u64) -> bool {
        self.0.registry.kill(id)
    }

    fn metrics_text(&self) -> String {
        self.0.recorded.as_ref().map(|recorded| recorded.metrics_text()).unwrap_or_default()
    }

    fn healthy(&self) -> Health {
        let stops = self.0.port.is_stopping();
        Health { ok: !stops, detail: if stops { "the server stops" } else { "the server port is served" }.into() }
    }

    fn server(&self) -> ServerView {
        let facts = &*self.0;
        ServerView {
            node: facts.node.clone(),
            datacenter: facts.datacenter.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            rpc_address: facts.rpc_address.clone(),
            up_ms: views::millis(facts.since.elapsed()),
        }
    }
}

/// Admin listeners that are bound and not served yet.
pub(crate) struct Bound {
    admins: Vec<Admin>,
    token: Token,
}

impl Bound {
    /// Binds all that the configuration asks for. One that nobody insists on may be missing.
    pub(crate) async fn new(config: &Config) -> Result<Self, BindError> {
        let token = Token::random();
        let mut admins = Vec::new();
        for at in &config.admin {
            let (listen, insist) = match at {
                AdminAt::Socket(path) => (Listen::Unix(path.clone()), true),
                AdminAt::Loopback(port) => (Listen::Loopback(*port), true),
                AdminAt::LoopbackIfFree(port) => (Listen::Loopback(*port), false),
            };
            match Admin::bind(listen, token.clone()).await {
                Ok(admin) => admins.push(admin),
                Err(error) if !insist && error.is_in_use() => {
                    tracing::warn!(%error, "the server runs without this admin listener");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Self { admins, token })
    }

    /// Serves them.
    pub(crate) fn serve(self, watched: &Watched) -> Admins {
        let stopping = watch::Sender::new(false);
        let addresses = self.admins.iter().map(|admin| admin.address().clone()).collect();
        let mut serving = JoinSet::new();
        let page = (!self.admins.is_empty()).then(|| Page::new(&diagram::svg()));
        for (admin, page) in self.admins.into_iter().zip(std::iter::repeat(page).flatten()) {
            let (watched, mut stopping) = (watched.clone(), stopping.subscribe());
            serving.spawn(admin.serve(watched, page, async move {
                // A sender that is gone has stopped, too.
                let _gone = stopping.wait_for(|stopping| *stopping).await;
            }));
        }
        Admins { addresses, token: self.token, stopping, serving }
    }
}

/// Admin listeners that are served, until this is dropped.
pub(crate) struct Admins {
    pub(crate) addresses: Vec<Address>,
    pub(crate) token: Token,
    stopping: watch::Sender<bool>,
    serving: JoinSet<()>,
}

impl Admins {
    /// Tells them to end. Answers in hand are finished.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until they have ended; drop the future to end them at once.
    pub(crate) async fn ended(mut self) {
        while self.serving.join_next().await.is_some() {}
    }
}

impl fmt::Debug for Admins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.addresses).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_is_held_up_is_busy_and_holds_nobody_up() {
        // Nobody serves it: its task never has a turn to answer in.
        let stuck = Connection::new(([127, 0, 0, 1], 1).into());
        let start = Deadline::now();
        let deadline = start + DESCRIBE_TIME_MAX;
        let asked = (0..3).map(|_| ask(&stuck, deadline));
        let said = stream::iter(asked).buffered(1).collect::<Vec<_>>().await;
        assert!(said.iter().all(|said| matches!(said, Said::Busy)), "{said:?}");
        assert!(start.elapsed() < 2 * DESCRIBE_TIME_MAX, "one time for all, {:?}", start.elapsed());
    }
}
