//! The accept loop.
use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use proconsul_types::metric;
use socket2::{SockRef, TcpKeepalive};
use tokio::{net::TcpListener, sync::watch, time::sleep};

use super::{
    Registry, Serve, Settings,
    door::{Door, Guest},
};
use crate::{ClientCounts, Reason};

/// How many connections the kernel keeps for us.
const BACKLOG: u32 = 1024;

/// How often the kernel asks a silent peer whether it is still there: Go's default, so that half-open connections end alike.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// How long accepting pauses when descriptors or memory run out, doubled each time up to the maximum.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// A socket that is bound and listens, and is not accepted from yet.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds `address`. Connections that it accepts inherit `TCP_NODELAY` and keepalive from it.
    ///
    /// # Errors
    /// The operating system's.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() { tokio::net::TcpSocket::new_v4() } else { tokio::net::TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let tcp = socket.listen(BACKLOG)?;
        let options = SockRef::from(&tcp);
        options.set_tcp_nodelay(true)?;
        options.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))?;
        let address = tcp.local_addr()?;
        Ok(Self { tcp, address })
    }

    /// The address it is bound to, with the port that the operating system chose if none was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Accepts connections until `stop` is ready, then waits until those that are open have ended. Telling them to end is for
/// the handler, which knows how.
///
/// Detection and handshakes run in each connection's own task: none delays another, nor the accept loop.
pub async fn serve<H: Serve>(
    listener: Listener,
    settings: Settings,
    registry: Arc<Registry>,
    handler: H,
    stop: impl Future<Output = ()>,
) {
    let door = Arc::new(Door { settings, handler, registry, stopping: watch::Sender::new(false) });
    let counts = Arc::new(Mutex::new(ClientCounts::default()));
    // Consul's count is of the server port; that of a gRPC port is kept by who serves it.
    let accepted_total = match door.settings.only {
        None => metrics::counter!(metric::RPC_ACCEPT_CONN.name),
        Some(_) => metrics::Counter::noop(),
    };
    let failed = metrics::counter!(metric::RPC_ACCEPT_FAILED.name);
    // Every connection's task holds a receiver: the sender learns when the last one is gone.
    let (alive, receiver) = watch::channel(());
    let mut stop = pin!(stop);
    let mut pause = PAUSE_MIN;
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.tcp.accept() => accepted,
        };
        let (tcp, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                failed.increment(1);
                if is_of_one_connection(&error) {
                    tracing::debug!(%error, "failed to accept RPC conn");
                    continue;
                }
                door.registry.exhausted(&error);
                tokio::select! {
                    biased;
                    () = &mut stop => break,
                    () = sleep(pause) => {}
                }
                pause = PAUSE_MAX.min(pause * 2);
                continue;
            }
        };
        pause = PAUSE_MIN;
        let Some(place) = Place::take(&counts, peer.ip(), door.settings.max_conns_per_client) else {
            door.registry.refused(peer, Reason::TooManyConnections);
            continue;
        };
        accepted_total.increment(1);
        let guest = Guest { visit: door.registry.enter(peer), _place: place, _alive: receiver.clone() };
        let entry = Arc::clone(&guest.visit.entry);
        let task = tokio::spawn(Arc::clone(&door).attend(tcp, guest));
        entry.set_task(task.abort_handle());
    }
    door.stopping.send_replace(true);
    drop((listener, receiver));
    alive.closed().await;
}

/// Whether the failure says something of one connection only, so that the next one may be accepted at once.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// A client's place among its connections, until it is dropped.
pub(super) struct Place {
    counts: Arc<Mutex<ClientCounts>>,
    client: IpAddr,
}

impl Place {
    pub(super) fn take(counts: &Arc<Mutex<ClientCounts>>, client: IpAddr, max: usize) -> Option<Self> {
        counts.lock().admit(client, max).then(|| Self { counts: Arc::clone(counts), client })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.counts.lock().release(self.client);
    }
}
