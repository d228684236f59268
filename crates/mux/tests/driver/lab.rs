//! Certificates, a port, clients.
use std::{
    fs,
    future::Future,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use proconsul_mux::{
    Reason, Route, alpn_names,
    driver::{
        Accepted, Closed, Listener, Registry, Serve, Settings,
        dial::{DialError, Dialled, Via, dial},
        serve,
    },
};
use proconsul_tls::{
    Dial, Outgoing, Policy, Tls,
    create::{self, CaRequest, CertRequest, Kind, Pair},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_rustls::rustls::ClientConfig;

/// What any one step may take on a machine that does much else.
pub(crate) const PROMPTLY: Duration = Duration::from_secs(20);

/// A handshake timeout that no test reaches, and one that a test waits for.
pub(crate) const LONG: Duration = Duration::from_secs(60);
pub(crate) const SHORT: Duration = Duration::from_millis(100);

/// Who holds a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// A server of dc1, node n1.
    Server,
    /// A client of dc1.
    Client,
    /// A client whose certificate ended yesterday.
    Expired,
    /// A client of another CA.
    Rogue,
    /// Nobody.
    Nobody,
}

/// A CA and certificates, made once.
pub(crate) struct Lab {
    folder: TempDir,
}

pub(crate) fn lab() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(Lab::new)
}

impl Lab {
    fn new() -> Self {
        let lab = Self { folder: tempfile::tempdir().expect("a folder") };
        let before = SystemTime::now() - Duration::from_secs(3 * 24 * 60 * 60);
        let ca = create::ca(&CaRequest { now: before, ..CaRequest::default() }).expect("a CA");
        let other = create::ca(&CaRequest::default()).expect("a CA");
        lab.write("ca.pem", &ca.cert_pem);
        let server = CertRequest { kind: Kind::Server { node: Some("n1".into()) }, ..CertRequest::default() };
        let expired = CertRequest { now: before, days: 1, ..CertRequest::default() };
        for (who, request, ca) in [
            (Who::Server, &server, &ca),
            (Who::Client, &CertRequest::default(), &ca),
            (Who::Expired, &expired, &ca),
            (Who::Rogue, &CertRequest::default(), &other),
        ] {
            let Pair { cert_pem, key_pem } = create::cert(request, &ca.cert_pem, &ca.key_pem).expect("a certificate");
            lab.write(&format!("{who:?}.pem"), &cert_pem);
            lab.write(&format!("{who:?}-key.pem"), &key_pem);
        }
        lab
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    /// What somebody has with that certificate.
    pub(crate) fn load(&self, who: Who, change: impl FnOnce(&mut Policy)) -> Tls {
        let has = who != Who::Nobody;
        let mut internal_rpc = Policy {
            ca_file: Some(self.path("ca.pem")),
            cert_file: has.then(|| self.path(&format!("{who:?}.pem"))),
            key_file: has.then(|| self.path(&format!("{who:?}-key.pem"))),
            verify_outgoing: true,
            ..Policy::default()
        };
        change(&mut internal_rpc);
        let alpn = alpn_names(true).collect();
        let (datacenter, node_name) = ("dc1".to_owned(), "n1".to_owned());
        Tls::load(proconsul_tls::Settings { internal_rpc, datacenter, node_name, alpn, ..Default::default() })
            .expect("loads")
    }

    /// How somebody dials after byte 3 or 7.
    pub(crate) fn type_byte(&self, who: Who) -> Via {
        Via::TypeByte(self.dial(who))
    }

    /// How somebody dials with these names.
    pub(crate) fn native(&self, who: Who, names: &[&str]) -> Via {
        let Dial { config, name } = self.dial(who);
        let mut config = ClientConfig::clone(&config);
        config.alpn_protocols = names.iter().map(|name| name.as_bytes().to_vec()).collect();
        Via::Native(Dial { config: Arc::new(config), name })
    }

    pub(crate) fn dial(&self, who: Who) -> Dial {
        let tls = self.load(who, |policy| policy.verify_server_hostname = true);
        tls.outgoing(Outgoing::TypeByte { dc: "dc1" }).expect("a name").expect("verify_outgoing")
    }
}

/// Says to each connection which route it took, and then what it said, until it ends.
struct Echo;

impl Serve for Echo {
    fn serves(&self, route: Route) -> bool {
        matches!(
            route,
            Route::RpcSingle | Route::RpcMulti | Route::RpcInsecure | Route::InternalGrpc | Route::RaftForwarding
        )
    }

    async fn serve(&self, mut accepted: Accepted) -> Reason {
        let greeting = format!("{}:", accepted.entry.label());
        if accepted.io.write_all(greeting.as_bytes()).await.is_err() {
            return Reason::Reset;
        }
        let mut bytes = [0; 4096];
        loop {
            match accepted.io.read(&mut bytes).await {
                Ok(0) => return Reason::PeerClosed,
                Ok(count) if bytes[..count] == *b"panic" => panic!("as it was told"),
                Ok(count) if bytes[..count] == *b"bad" => {
                    accepted.entry.note("it said bad");
                    return Reason::Malformed;
                }
                Ok(count) => {
                    if accepted.io.write_all(&bytes[..count]).await.is_err() {
                        return Reason::Reset;
                    }
                }
                Err(_) => return Reason::Reset,
            }
        }
    }
}

/// A port that echoes.
pub(crate) struct Port {
    pub(crate) address: SocketAddr,
    pub(crate) registry: Arc<Registry>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

pub(crate) fn settings(tls: Option<Tls>) -> Settings {
    Settings { handshake_timeout: LONG, max_conns_per_client: 0, http2_preface: true, tls, only: None }
}

/// A port without TLS.
pub(crate) fn plain() -> Port {
    Port::start(settings(None))
}

/// A port with certificates that demands nothing.
pub(crate) fn open() -> Port {
    Port::start(settings(Some(lab().load(Who::Server, |_| {}))))
}

/// A port that demands certificates, and those of servers for servers' routes.
pub(crate) fn strict() -> Port {
    Port::start(settings(Some(lab().load(Who::Server, |policy| {
        policy.verify_incoming = true;
        policy.verify_server_hostname = true;
    }))))
}

impl Port {
    pub(crate) fn start(settings: Settings) -> Self {
        let listener = Listener::bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let address = listener.address();
        let registry = Registry::new();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(listener, settings, Arc::clone(&registry), Echo, async {
            let _ = stopped.await;
        }));
        Self { address, registry, stop, serving }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a connection")
    }

    pub(crate) async fn dial(&self, route: Route, via: &Via) -> Result<Dialled, DialError> {
        dial(&self.address.to_string(), route, via, PROMPTLY).await
    }

    /// What the port says of a client that sends these bytes and waits for the port to close.
    pub(crate) async fn refuses(&self, bytes: &[u8]) -> Reason {
        let mut tcp = self.connect().await;
        tcp.write_all(bytes).await.expect("sent");
        ends(&mut tcp).await;
        self.reason(tcp.local_addr().expect("an address")).await
    }

    /// Why the connection of that client ended; waits until it has.
    pub(crate) async fn reason(&self, client: SocketAddr) -> Reason {
        self.end(client).await.reason
    }

    pub(crate) async fn end(&self, client: SocketAddr) -> Closed {
        eventually(async || self.registry.closed().into_iter().find(|closed| closed.peer == Some(client))).await
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).expect("it runs");
        timeout(PROMPTLY, self.serving).await.expect("it stops").expect("it does not panic");
    }
}

/// Asks until there is an answer.
pub(crate) async fn eventually<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asks = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PROMPTLY, asks).await.expect("an answer in time")
}

/// Waits until the port closes, and closes as well; what it said before that.
pub(crate) async fn ends(io: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin)) -> Vec<u8> {
    let mut said = Vec::new();
    // A reset is an end, too.
    let _ended = timeout(PROMPTLY, io.read_to_end(&mut said)).await.expect("it closes");
    let _closed = io.shutdown().await;
    said
}

/// Reads exactly what is expected.
pub(crate) async fn says(io: &mut (impl AsyncReadExt + Unpin), expected: &[u8]) {
    let mut said = vec![0; expected.len()];
    within(io.read_exact(&mut said)).await.expect("as much as expected");
    assert_eq!(String::from_utf8_lossy(&said), String::from_utf8_lossy(expected));
}

pub(crate) async fn within<T>(what: impl Future<Output = T>) -> T {
    timeout(PROMPTLY, what).await.expect("in time")
}
