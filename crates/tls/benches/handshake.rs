//! What a handshake costs the server, in memory: its own work alone is counted, not the client's.
use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use proconsul_tls::{
    Incoming, PeerCertificate, Policy, Settings, Tls,
    create::{self, CaRequest, CertRequest, Kind},
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    client::Resumption,
    crypto::{CryptoProvider, ring},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

struct Peers {
    tls: Tls,
    client: create::Pair,
    ca: create::Pair,
}

fn peers() -> Peers {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = create::ca(&CaRequest::default()).expect("made");
    let cert =
        |kind| create::cert(&CertRequest { kind, ..CertRequest::default() }, &ca.cert_pem, &ca.key_pem).expect("made");
    let server = cert(Kind::Server { node: None });
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        Some(path)
    };
    let internal_rpc = Policy {
        ca_file: write("ca.pem", &ca.cert_pem),
        cert_file: write("cert.pem", &server.cert_pem),
        key_file: write("key.pem", &server.key_pem),
        verify_incoming: true,
        ..Policy::default()
    };
    let tls = Tls::load(Settings { internal_rpc, ..Settings::default() }).expect("loads");
    Peers { tls, client: cert(Kind::Client), ca }
}

impl Peers {
    /// A client that was never seen before.
    fn stranger(&self) -> Arc<ClientConfig> {
        let request = CertRequest { kind: Kind::Client, ..CertRequest::default() };
        let pair = create::cert(&request, &self.ca.cert_pem, &self.ca.key_pem).expect("made");
        self.config(&pair, false)
    }

    fn client(&self, resumes: bool) -> Arc<ClientConfig> {
        self.config(&self.client, resumes)
    }

    /// A client that insists on P-256, as all the programs do that are compared.
    fn config(&self, pair: &create::Pair, resumes: bool) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.ca.cert_pem.as_bytes()).expect("a CA")).expect("a CA");
        let provider = CryptoProvider { kx_groups: vec![ring::kx_group::SECP256R1], ..ring::default_provider() };
        let chain = vec![CertificateDer::from_pem_slice(pair.cert_pem.as_bytes()).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_slice(pair.key_pem.as_bytes()).expect("a key");
        let builder = ClientConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions();
        let builder = builder.expect("versions").with_root_certificates(roots);
        let mut config = builder.with_client_auth_cert(chain, key).expect("a pair");
        config.resumption = if resumes { Resumption::in_memory_sessions(8) } else { Resumption::disabled() };
        Arc::new(config)
    }
}

/// One handshake; the time that the server's side of it took.
fn handshake(server: &Arc<ServerConfig>, client: &Arc<ClientConfig>) -> Duration {
    let name = "server.dc1.consul".try_into().expect("a name");
    let mut client = ClientConnection::new(client.clone(), name).expect("a client");
    let mut taken = Duration::ZERO;
    let began = Instant::now();
    let mut server = ServerConnection::new(server.clone()).expect("a server");
    taken += began.elapsed();
    loop {
        let (mut there, mut back) = (Vec::new(), Vec::new());
        while client.wants_write() {
            client.write_tls(&mut there).expect("a Vec takes all");
        }
        let began = Instant::now();
        server.read_tls(&mut there.as_slice()).expect("a slice gives all");
        server.process_new_packets().expect("content");
        while server.wants_write() {
            server.write_tls(&mut back).expect("a Vec takes all");
        }
        taken += began.elapsed();
        if there.is_empty() && back.is_empty() {
            return taken;
        }
        client.read_tls(&mut back.as_slice()).expect("a slice gives all");
        client.process_new_packets().expect("content");
    }
}

fn handshakes(c: &mut Criterion) {
    let peers = peers();
    let mut group = c.benchmark_group("server's side of a handshake, TLS 1.3, P-256");
    for (name, how, resumes) in [
        ("no client certificate", Incoming::Insecure, false),
        ("no client certificate, resumed", Incoming::Insecure, true),
        ("client certificate", Incoming::TypeByte, false),
        ("client certificate, resumed", Incoming::TypeByte, true),
    ] {
        let client = peers.client(resumes);
        group.bench_function(name, |b| {
            b.iter_custom(|times| {
                (0..times).map(|_| handshake(&peers.tls.incoming(how).expect("a certificate"), &client)).sum()
            });
        });
    }
    group.bench_function("client certificate, never seen before", |b| {
        b.iter_custom(|times| {
            let server = peers.tls.incoming(Incoming::TypeByte).expect("a certificate");
            (0..times).map(|_| handshake(&server, &peers.stranger())).sum()
        });
    });
    group.finish();
}

fn besides(c: &mut Criterion) {
    let peers = peers();
    c.bench_function("the configuration of a way in", |b| b.iter(|| peers.tls.incoming(black_box(Incoming::TypeByte))));
    let der = CertificateDer::from_pem_slice(peers.client.cert_pem.as_bytes()).expect("a certificate");
    c.bench_function("a certificate's facts", |b| b.iter(|| PeerCertificate::parse(black_box(&der))));
}

criterion_group!(benches, handshakes, besides);
criterion_main!(benches);
