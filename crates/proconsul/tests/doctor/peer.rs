//! Servers that are not as they should be: each listens on a port of its own for as long as the tests run.
use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::{CryptoProvider, ring::default_provider},
    server::WebPkiClientVerifier,
};

use super::certs::{Ca, Pair};

/// No test takes as long as this; a peer that waits for bytes does not wait longer.
const LONG: Duration = Duration::from_secs(60);

/// Names that a Consul server knows in TLS.
pub(crate) const NAMES: &[&str] = &[
    "consul/rpc-single",
    "consul/raft",
    "consul/rpc-multi",
    "consul/rpc-snapshot",
    "consul/rpc-gossip",
    "consul/rpc-grpc",
    "consul/raft-forwarding",
    "consul/wan-gossip/packet",
    "consul/wan-gossip/stream",
];

pub(crate) const SETTINGS: &[u8] = &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0x40, 0];

/// A port where each connection is met by `meet`.
pub(crate) fn listen(meet: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let meet = Arc::new(meet);
    thread::spawn(move || {
        for tcp in listener.incoming().flatten() {
            let meet = Arc::clone(&meet);
            tcp.set_read_timeout(Some(LONG)).expect("a TCP option");
            thread::spawn(move || meet(tcp));
        }
    });
    address
}

/// Reads until the other side ends, then closes: nothing unread is left, which would reset the connection.
pub(crate) fn hold(mut tcp: TcpStream) {
    let mut bytes = [0; 256];
    while matches!(tcp.read(&mut bytes), Ok(count) if count > 0) {}
}

/// Ends our side, and waits for the other's end.
pub(crate) fn close(tcp: TcpStream) {
    let _ended = tcp.shutdown(Shutdown::Write);
    hold(tcp);
}

/// What the peer says about TLS.
#[derive(Clone, Default)]
pub(crate) struct Tls {
    /// After byte 3.
    pub(crate) by_byte: Option<Arc<ServerConfig>>,
    /// After byte 7.
    pub(crate) insecure: Option<Arc<ServerConfig>>,
    /// From the first byte.
    pub(crate) native: Option<Arc<ServerConfig>>,
}

/// A server port as Consul has it, in small.
#[derive(Clone, Default)]
pub(crate) struct Port {
    pub(crate) tls: Tls,
    /// Plain connections are closed.
    pub(crate) tls_only: bool,
    /// Raft only for certificates with a name of a server of dc1.
    pub(crate) verify_servers: bool,
}

impl Port {
    pub(crate) fn listen(self) -> SocketAddr {
        listen(move |tcp| self.meet(tcp))
    }

    pub(crate) fn meet(&self, mut tcp: TcpStream) {
        let mut first = [0];
        let Ok(1) = tcp.peek(&mut first) else { return };
        let byte = first[0];
        if byte > 9 {
            return match &self.tls.native {
                Some(config) => self.native(tcp, config),
                None => close(tcp),
            };
        }
        if tcp.read_exact(&mut first).is_err() {
            return;
        }
        match (byte, &self.tls) {
            (3, Tls { by_byte: Some(config), .. }) => {
                let Some(mut tls) = shake(tcp, config) else { return };
                let mut inner = [0];
                if tls.read_exact(&mut inner).is_ok() && self.admits(&tls, inner[0]) {
                    answer(&mut tls, inner[0]);
                }
                close_tls(tls);
            }
            (7, Tls { insecure: Some(config), .. }) => {
                let Some(mut tls) = shake(tcp, config) else { return };
                let sign = read_some(&mut tls).windows(4).any(|window| window == b"Sign");
                let told: &[u8] =
                    if sign { b"AutoEncrypt.AllowTLS must be enabled" } else { b"rpc: can't find service" };
                let _gone = tls.write_all(&reply(told));
                close_tls(tls);
            }
            (3 | 7, _) => close(tcp),
            _ if self.tls_only => close(tcp),
            (byte, _) => {
                answer(&mut tcp, byte);
                close(tcp);
            }
        }
    }

    fn native(&self, tcp: TcpStream, config: &Arc<ServerConfig>) {
        let Some(mut tls) = shake(tcp, config) else { return };
        let name = tls.conn.alpn_protocol().map(<[u8]>::to_vec).unwrap_or_default();
        let byte = match NAMES.iter().position(|known| known.as_bytes() == name) {
            Some(0) => 0,
            Some(1) | Some(7) | Some(8) => 1,
            Some(2) => 4,
            Some(3) => 5,
            Some(5) => 8,
            Some(6) => 9,
            _ => 6,
        };
        if name.starts_with(b"consul/wan") || self.admits(&tls, byte) {
            answer(&mut tls, byte);
        }
        close_tls(tls);
    }

    fn admits(&self, tls: &StreamOwned<ServerConnection, TcpStream>, byte: u8) -> bool {
        let server = b"server.dc1.consul";
        let named = || {
            let leaf = tls.conn.peer_certificates().and_then(<[_]>::first);
            leaf.is_some_and(|leaf| leaf.windows(server.len()).any(|window| window == server))
        };
        !self.verify_servers || !matches!(byte, 1 | 9) || named()
    }
}

/// Serves a route by its byte.
fn answer(io: &mut (impl Read + Write), byte: u8) {
    let pong = reply(b"");
    let snapshot = b"\x82\xa7Backend\x00\xa5Error\xb5No path to datacenter";
    let bytes = match byte {
        0 => pong,
        4 => {
            let header = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, u8::try_from(pong.len()).expect("it is short")];
            [&header[..], &pong].concat()
        }
        5 => snapshot.to_vec(),
        8 | 9 => SETTINGS.to_vec(),
        1 => {
            // Silent until the other side ends.
            while !read_some(io).is_empty() {}
            return;
        }
        _ => return,
    };
    if !read_some(io).is_empty() {
        let _gone = io.write_all(&bytes).and_then(|()| io.flush());
        while !read_some(io).is_empty() {}
    }
}

/// A whole reply of net/rpc to request 1, with this error.
fn reply(error: &[u8]) -> Vec<u8> {
    let length = u8::try_from(error.len()).expect("it is short");
    [b"\x83\xa5Error\xda\x00", &[length][..], error, b"\xa3Seq\x01\xadServiceMethod\xabStatus.Ping\x80"].concat()
}

fn read_some(io: &mut impl Read) -> Vec<u8> {
    let mut bytes = vec![0; 1024];
    let count = io.read(&mut bytes).unwrap_or(0);
    bytes.truncate(count);
    bytes
}

/// A handshake; `None` when it fails, after the alert.
pub(crate) fn shake(tcp: TcpStream, config: &Arc<ServerConfig>) -> Option<StreamOwned<ServerConnection, TcpStream>> {
    let mut tls = StreamOwned::new(ServerConnection::new(Arc::clone(config)).expect("the configuration is sound"), tcp);
    while tls.conn.is_handshaking() {
        if tls.conn.complete_io(&mut tls.sock).is_err() {
            close_tls(tls);
            return None;
        }
    }
    Some(tls)
}

pub(crate) fn close_tls(mut tls: StreamOwned<ServerConnection, TcpStream>) {
    tls.conn.send_close_notify();
    while tls.conn.wants_write() && matches!(tls.conn.write_tls(&mut tls.sock), Ok(count) if count > 0) {}
    close(tls.sock);
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(default_provider())
}

/// Whose certificate a client must have.
pub(crate) enum Clients<'c> {
    /// None is asked for.
    Any,
    /// One of this CA.
    Of(&'c Ca),
}

/// A configuration that presents this certificate.
pub(crate) fn config(pair: &Pair, clients: &Clients<'_>, alpn: &[&str]) -> Arc<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has suites of both versions");
    let builder = match clients {
        Clients::Any => builder.with_no_client_auth(),
        Clients::Of(ca) => {
            let mut roots = RootCertStore::empty();
            roots.add(ca.der()).expect("it is a CA");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build();
            builder.with_client_cert_verifier(verifier.expect("it has a root"))
        }
    };
    let mut config = builder.with_single_cert(vec![pair.cert.clone()], pair.key()).expect("the key fits");
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}
