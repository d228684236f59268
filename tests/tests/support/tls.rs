//! TLS clients: well-behaved ones, and parts to make others of.
use std::{io, net::Ipv4Addr, net::SocketAddr, sync::Arc};

use proconsul_server::Server;
use proconsul_tests::golden::tls::AnyServer;
use rustls::{
    ClientConfig, ClientConnection, SupportedProtocolVersion,
    crypto::{CryptoProvider, ring},
    pki_types::ServerName,
};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    dial,
    pki::{Identity, SERVER_NAME},
    promptly, request,
};

/// The type byte that a handshake follows.
pub(crate) const TLS: u8 = 3;

/// The same, without a client certificate.
pub(crate) const TLS_INSECURE: u8 = 7;

/// ALPN names of the two net/rpc routes.
pub(crate) const SINGLE: &str = "consul/rpc-single";
pub(crate) const MULTI: &str = "consul/rpc-multi";

/// Where a handshake begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// After this type byte.
    Byte(u8),
    /// With the ClientHello, which offers this name.
    Name(&'static str),
}

impl Begin {
    /// What is written before the ClientHello.
    pub(crate) fn first(self) -> &'static [u8] {
        match self {
            Self::Byte(TLS) => &[TLS],
            Self::Byte(TLS_INSECURE) => &[TLS_INSECURE],
            Self::Byte(other) => panic!("no handshake follows byte {other}"),
            Self::Name(_) => &[],
        }
    }

    /// What is written after it to be on the route of single net/rpc.
    pub(crate) fn inner(self) -> &'static [u8] {
        match self {
            Self::Byte(TLS) => &[0],
            Self::Byte(_) | Self::Name(_) => &[],
        }
    }
}

/// A client that takes any server's certificate and shows this one of its own.
pub(crate) fn client(identity: Option<&Identity>) -> ClientConfig {
    client_of(identity, ring::default_provider(), rustls::ALL_VERSIONS)
}

/// The same, with some cryptography and some versions.
pub(crate) fn client_of(
    identity: Option<&Identity>,
    provider: CryptoProvider,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let provider = Arc::new(provider);
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions);
    let builder = builder.expect("the provider has these versions").dangerous();
    let builder = builder.with_custom_certificate_verifier(Arc::new(AnyServer(provider)));
    match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => builder.with_client_auth_cert(identity.chain(), identity.key()).expect("a pair"),
    }
}

/// Connects and shakes hands.
pub(crate) async fn shake(
    from: Ipv4Addr,
    to: SocketAddr,
    begin: Begin,
    config: ClientConfig,
) -> io::Result<TlsStream<TcpStream>> {
    shake_for(SERVER_NAME, from, to, begin, config).await
}

/// The same, with another server name.
pub(crate) async fn shake_for(
    name: &str,
    from: Ipv4Addr,
    to: SocketAddr,
    begin: Begin,
    mut config: ClientConfig,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).expect("a DNS name");
    if let Begin::Name(name) = begin {
        config.alpn_protocols = vec![name.as_bytes().to_vec()];
    }
    let tcp = dial(from, to, begin.first()).await;
    promptly("a handshake", TlsConnector::from(Arc::new(config)).connect(name, tcp)).await
}

/// The name that clients ask for.
pub(crate) fn server_name() -> ServerName<'static> {
    ServerName::try_from(SERVER_NAME).expect("a DNS name")
}

/// What a client of this configuration writes first.
pub(crate) fn client_hello(begin: Begin, mut config: ClientConfig) -> Vec<u8> {
    if let Begin::Name(name) = begin {
        config.alpn_protocols = vec![name.as_bytes().to_vec()];
    }
    ByHand::new(config).written()
}

/// The answer to `Status.Ping`, if the request was the first.
const PONG: &[u8] = b"\x83\xa5Error\xa0\xa3Seq\x01\xadServiceMethod\xabStatus.Ping\x80";

/// Asks for a ping and reads the whole answer.
///
/// # Errors
/// What a client sees that is refused: in TLS 1.3, that is often only now.
pub(crate) async fn ping(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    let mut answer = [0; PONG.len()];
    promptly("an answer or a refusal", async {
        stream.write_all(&request("Status.Ping", &json!({}))).await?;
        stream.flush().await?;
        stream.read_exact(&mut answer).await
    })
    .await?;
    assert_eq!(answer, PONG, "an answer");
    Ok(())
}

/// Goes all the way: connects, shakes hands, names the route of single net/rpc and pings.
pub(crate) async fn reach(
    from: Ipv4Addr,
    server: &Server,
    begin: Begin,
    config: ClientConfig,
) -> io::Result<TlsStream<TcpStream>> {
    let mut stream = shake(from, server.rpc_address(), begin, config).await?;
    stream.write_all(begin.inner()).await?;
    ping(&mut stream).await?;
    Ok(stream)
}

/// A client without a socket: what it wants to write is given, what comes is put in.
pub(crate) struct ByHand {
    pub(crate) tls: ClientConnection,
}

impl ByHand {
    pub(crate) fn new(config: ClientConfig) -> Self {
        Self { tls: ClientConnection::new(Arc::new(config), server_name()).expect("a configuration that works") }
    }

    /// All that it wants to write now.
    pub(crate) fn written(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut out).expect("a Vec takes all");
        }
        out
    }

    /// Writes that.
    pub(crate) async fn send(&mut self, tcp: &mut TcpStream) {
        let out = self.written();
        promptly("the server to take bytes", tcp.write_all(&out)).await.expect("the connection is open");
    }

    /// Reads once. False at the end of the connection.
    ///
    /// # Errors
    /// The alert that came, for one.
    pub(crate) async fn receive(&mut self, tcp: &mut TcpStream) -> Result<bool, rustls::Error> {
        let mut chunk = vec![0; 16 * 1024];
        let Ok(count @ 1..) = promptly("something from the server", tcp.read(&mut chunk)).await else {
            return Ok(false);
        };
        let mut unread = &chunk[..count];
        while !unread.is_empty() {
            self.tls.read_tls(&mut unread).expect("a slice is read");
            self.tls.process_new_packets()?;
        }
        Ok(true)
    }

    /// Goes on until the handshake is done.
    pub(crate) async fn shake(&mut self, tcp: &mut TcpStream) {
        while self.tls.is_handshaking() {
            self.send(tcp).await;
            if self.tls.is_handshaking() {
                assert!(self.receive(tcp).await.expect("a handshake"), "closed in the handshake");
            }
        }
        self.send(tcp).await;
    }
}
