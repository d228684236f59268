//! Servers, certificates, clients.
use std::{fs, future::Future, path::PathBuf, time::Duration};

use proconsul_mux::{
    Route, alpn_names,
    driver::dial::{DialError, Dialled, Via, dial},
};
use proconsul_netrpc::client::Client;
use proconsul_server::{Config, PortAt, Server};
use proconsul_tls::{
    Outgoing, Policy, Settings, Tls,
    create::{CaRequest, CertRequest, Kind, Pair, ca, cert},
};
use proconsul_yamux::{Connection, Control, Side};
use tempfile::TempDir;

/// How long a test waits for what is due at once.
pub(crate) const PROMPTLY: Duration = Duration::from_secs(20);

/// What is due at once.
pub(crate) async fn promptly<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PROMPTLY, future).await.unwrap_or_else(|_| panic!("waited for {what}"))
}

/// A server on a port of the system's choice, with this on top of `--dev`.
pub(crate) async fn start(config: impl FnOnce(&mut Config)) -> Server {
    let mut all = Config { server_port: 0, grpc: PortAt::Off, grpc_tls: PortAt::Off, ..Config::dev() };
    config(&mut all);
    Server::start(all).await.expect("the server starts")
}

/// A CA, and what it signed, in files of a folder that goes with this.
pub(crate) struct Certs {
    folder: TempDir,
    authority: Pair,
}

impl Certs {
    pub(crate) fn new() -> Self {
        let authority = ca(&CaRequest::default()).expect("a CA");
        let certs = Self { folder: TempDir::new().expect("a folder"), authority };
        certs.write("ca.pem", &certs.authority.cert_pem);
        certs.sign("server", Kind::Server { node: Some("proconsul".into()) });
        certs.sign("client", Kind::Client);
        certs
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the file is written");
    }

    /// Signs a certificate into `<name>.pem` and `<name>-key.pem`.
    pub(crate) fn sign(&self, name: &str, kind: Kind) {
        let request = CertRequest { kind, ..CertRequest::default() };
        let pair = cert(&request, &self.authority.cert_pem, &self.authority.key_pem).expect("a certificate");
        self.write(&format!("{name}.pem"), &pair.cert_pem);
        self.write(&format!("{name}-key.pem"), &pair.key_pem);
    }

    /// The settings of whoever has the certificate `name`, with everything verified.
    pub(crate) fn strict(&self, name: &str) -> Settings {
        let internal_rpc = Policy {
            ca_file: Some(self.path("ca.pem")),
            cert_file: Some(self.path(&format!("{name}.pem"))),
            key_file: Some(self.path(&format!("{name}-key.pem"))),
            verify_incoming: true,
            verify_outgoing: true,
            verify_server_hostname: true,
            ..Policy::default()
        };
        Settings { internal_rpc, ..Settings::default() }
    }
}

/// Dials a server as who has this configuration.
pub(crate) struct Dialler(Tls);

impl Dialler {
    pub(crate) fn new(settings: Settings) -> Self {
        let named = Settings { datacenter: "dc1".into(), alpn: alpn_names(true).collect(), ..settings };
        Self(Tls::load(named).expect("the settings of a client"))
    }

    pub(crate) fn type_byte(&self) -> Via {
        let dial = self.0.outgoing(Outgoing::TypeByte { dc: "dc1" }).expect("it can be dialled");
        Via::TypeByte(dial.expect("verify_outgoing is on"))
    }

    pub(crate) fn native(&self, name: &str) -> Via {
        let dial = self.0.outgoing(Outgoing::Alpn { name, dc: "dc1", node: "proconsul" }).expect("it can be dialled");
        Via::Native(dial.expect("there are certificates"))
    }
}

pub(crate) async fn connect(server: &Server, route: Route, via: &Via) -> Result<Dialled, DialError> {
    dial(&server.rpc_address().to_string(), route, via, PROMPTLY).await
}

pub(crate) async fn single(server: &Server, via: &Via) -> Client<Dialled> {
    Client::new(connect(server, Route::RpcSingle, via).await.expect("a connection"))
}

/// A session; its driver ends with the runtime.
pub(crate) async fn session(server: &Server, via: &Via) -> Control {
    let io = connect(server, Route::RpcMulti, via).await.expect("a connection");
    let (control, _, driver) = Connection::new(io, Side::Client, proconsul_yamux::Config::default());
    tokio::spawn(driver);
    control
}

/// Calls `Status.Leader`, which answers an address.
pub(crate) async fn leader<IO>(client: &mut Client<IO>) -> String
where
    IO: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let request = serde_json::json!({"Datacenter": "dc1"});
    promptly("the leader", client.call("Status.Leader", &request)).await.expect("there is a leader")
}

/// Waits until `met`.
pub(crate) async fn until(what: &str, met: impl AsyncFn() -> bool) {
    promptly(what, async {
        while !met().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
