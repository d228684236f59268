//! A CA and certificates in a folder of their own, and TLS handshakes in memory: no sockets, no waiting.
#![allow(dead_code, unreachable_pub, reason = "a part of it is used by each test file")]
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use proconsul_tls::{
    Dial, Incoming, Policy, Settings, Tls,
    create::{self, CaRequest, CertRequest, Kind, Pair},
};
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, Error, HandshakeKind, ProtocolVersion, RootCertStore,
    ServerConfig, ServerConnection,
    client::Resumption,
    crypto::{CryptoProvider, ring},
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tempfile::TempDir;

pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder with a CA's certificate in `ca.pem`.
pub struct Lab {
    pub folder: TempDir,
    pub ca: Pair,
}

impl Lab {
    pub fn new() -> Self {
        let lab = Self {
            folder: tempfile::tempdir().expect("a folder"),
            ca: create::ca(&CaRequest::default()).expect("a CA"),
        };
        lab.write("ca.pem", &lab.ca.cert_pem);
        lab
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("written");
        path
    }

    /// Writes a pair as `name.pem` and `name-key.pem`.
    pub fn save(&self, name: &str, pair: &Pair) {
        self.write(&format!("{name}.pem"), &pair.cert_pem);
        self.write(&format!("{name}-key.pem"), &pair.key_pem);
    }

    pub fn cert(&self, request: &CertRequest) -> Pair {
        create::cert(request, &self.ca.cert_pem, &self.ca.key_pem).expect("a certificate")
    }

    /// A certificate of a server of dc1, node n1.
    pub fn server(&self) -> Pair {
        self.cert(&server_request())
    }

    pub fn client(&self) -> Pair {
        self.cert(&CertRequest::default())
    }

    /// A policy with the CA, and with the pair that was saved as `name`.
    pub fn policy(&self, name: &str) -> Policy {
        Policy {
            ca_file: Some(self.path("ca.pem")),
            cert_file: Some(self.path(&format!("{name}.pem"))),
            key_file: Some(self.path(&format!("{name}-key.pem"))),
            ..Policy::default()
        }
    }

    /// A loaded server of this CA, with the policy as `change` leaves it.
    pub fn load(&self, change: impl FnOnce(&mut Policy)) -> Tls {
        self.save("server", &self.server());
        let mut policy = self.policy("server");
        change(&mut policy);
        Tls::load(settings(policy)).expect("loads")
    }
}

pub fn server_request() -> CertRequest {
    CertRequest { kind: Kind::Server { node: Some("n1".into()) }, ..CertRequest::default() }
}

/// The settings of node n1 of dc1 with that policy on the server port.
pub fn settings(internal_rpc: Policy) -> Settings {
    Settings {
        internal_rpc,
        datacenter: "dc1".into(),
        node_name: "n1".into(),
        alpn: vec!["consul/rpc-single", "consul/rpc-multi", "consul/raft"],
        ..Settings::default()
    }
}

/// `days` from now; before now if negative.
pub fn at(days: i32) -> SystemTime {
    let away = DAY * days.unsigned_abs();
    if days < 0 { SystemTime::now() - away } else { SystemTime::now() + away }
}

pub fn chain(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).map(|der| der.expect("a certificate")).collect()
}

pub fn key(pem: &str) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).expect("a key")
}

/// A client that believes `ca` and shows `pair`.
pub struct Client<'a> {
    pub ca: &'a Pair,
    pub pair: Option<&'a Pair>,
    pub alpn: &'a [&'a str],
    pub newest: ProtocolVersion,
}

impl<'a> Client<'a> {
    pub fn new(ca: &'a Pair) -> Self {
        Self { ca, pair: None, alpn: &[], newest: ProtocolVersion::TLSv1_3 }
    }

    pub fn showing(self, pair: &'a Pair) -> Self {
        Self { pair: Some(pair), ..self }
    }

    pub fn asking(self, alpn: &'a [&'a str]) -> Self {
        Self { alpn, ..self }
    }

    pub fn tls12(self) -> Self {
        Self { newest: ProtocolVersion::TLSv1_2, ..self }
    }

    pub fn config(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(chain(&self.ca.cert_pem));
        let versions = if self.newest == ProtocolVersion::TLSv1_2 { vec![&TLS12] } else { vec![&TLS13, &TLS12] };
        let builder =
            ClientConfig::builder_with_provider(provider()).with_protocol_versions(&versions).expect("versions");
        let builder = builder.with_root_certificates(roots);
        let mut config = match self.pair {
            Some(pair) => builder.with_client_auth_cert(chain(&pair.cert_pem), key(&pair.key_pem)).expect("a pair"),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = self.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config.resumption = Resumption::in_memory_sessions(8);
        Arc::new(config)
    }

    /// Dials that way in as `server.dc1.consul`.
    pub fn dials(&self, tls: &Tls, how: Incoming) -> Met {
        meet(tls.incoming(how).expect("a certificate to show"), self.config(), "server.dc1.consul")
    }
}

pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// What both sides came to.
#[derive(Debug)]
pub struct Met {
    pub client: Result<Side, Error>,
    pub server: Result<Side, Error>,
}

/// One side after a handshake that it takes for done, and after what the other sent behind it.
#[derive(Debug)]
pub struct Side {
    pub version: ProtocolVersion,
    pub alpn: String,
    pub peer: Vec<CertificateDer<'static>>,
    pub kind: HandshakeKind,
    pub sni: Option<String>,
}

impl Met {
    /// Both sides, where both are content.
    #[track_caller]
    pub fn both(self) -> (Side, Side) {
        match self {
            Self { client: Ok(client), server: Ok(server) } => (client, server),
            met => panic!("the handshake failed: {met:?}"),
        }
    }
}

/// A client of ours meets a server of ours.
pub fn dial(server: &Tls, how: Incoming, dial: &Dial) -> Met {
    let server = server.incoming(how).expect("a certificate to show");
    run(
        ClientConnection::new(dial.config.clone(), dial.name.clone()).expect("a client"),
        ServerConnection::new(server).expect("a server"),
    )
}

pub fn meet(server: Arc<ServerConfig>, client: Arc<ClientConfig>, name: &str) -> Met {
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    run(ClientConnection::new(client, name).expect("a client"), ServerConnection::new(server).expect("a server"))
}

/// Two that agree, after their handshake.
pub fn shake(mut client: ClientConnection, mut server: ServerConnection) -> (ClientConnection, ServerConnection) {
    let mut error = None;
    while pass(&mut client, &mut server, &mut error) + pass(&mut server, &mut client, &mut error) > 0 {}
    assert_eq!(error, None);
    (client, server)
}

/// Passes bytes until neither has any to say.
fn run(mut client: ClientConnection, mut server: ServerConnection) -> Met {
    let (mut client_error, mut server_error) = (None, None);
    loop {
        let said =
            pass(&mut client, &mut server, &mut server_error) + pass(&mut server, &mut client, &mut client_error);
        if said == 0 {
            break;
        }
    }
    let sni = server.server_name().map(Into::into);
    Met {
        client: client_error.map_or_else(|| Ok(side(&client, None)), Err),
        server: server_error.map_or_else(|| Ok(side(&server, sni)), Err),
    }
}

fn pass<A, B>(from: &mut ConnectionCommon<A>, to: &mut ConnectionCommon<B>, error: &mut Option<Error>) -> usize {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).expect("a Vec takes all");
    }
    let mut rest = bytes.as_slice();
    while !rest.is_empty() && error.is_none() {
        to.read_tls(&mut rest).expect("a slice gives all");
        *error = to.process_new_packets().err();
    }
    bytes.len()
}

fn side<A>(connection: &ConnectionCommon<A>, sni: Option<String>) -> Side {
    assert!(!connection.is_handshaking(), "neither an error nor done");
    let alpn = connection.alpn_protocol().unwrap_or_default();
    Side {
        version: connection.protocol_version().expect("done"),
        alpn: String::from_utf8_lossy(alpn).into_owned(),
        peer: connection.peer_certificates().unwrap_or_default().to_vec(),
        kind: connection.handshake_kind().expect("done"),
        sni,
    }
}

/// Puts a file where another is, in one step, as careful tools do.
pub fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    fs::write(&beside, text).expect("written");
    fs::rename(&beside, path).expect("renamed");
}
