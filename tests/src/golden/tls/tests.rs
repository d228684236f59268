use std::{net::TcpListener, thread};

use rustls::{ServerConfig, ServerConnection, server::WebPkiClientVerifier};

use super::*;
use crate::golden::link::Conn;

/// A TLS server with the recordings' certificates: echoes one read, then ends. `demands` a client certificate or not.
fn server(demands: bool) -> (std::net::SocketAddr, thread::JoinHandle<io::Result<()>>) {
    let certs = crate::golden::case::project_golden_dir().join("certs");
    let provider = Arc::new(ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certs.join("ca.pem")).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider)).build().unwrap();
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = if demands { builder.with_client_cert_verifier(verifier) } else { builder.with_no_client_auth() };
    let (chain, key) = certificate(&certs, "server").unwrap();
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"echo".to_vec()];
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || {
        let (mut tcp, _) = listener.accept()?;
        let mut session = ServerConnection::new(config).map_err(io::Error::other)?;
        let served = echo(&mut session, &mut tcp);
        while session.wants_write() {
            session.write_tls(&mut tcp)?;
        }
        served
    });
    (address, serving)
}

fn echo(session: &mut ServerConnection, tcp: &mut TcpStream) -> io::Result<()> {
    let mut stream = rustls::Stream::new(session, tcp);
    let mut bytes = [0; 64];
    let length = stream.read(&mut bytes)?;
    stream.write_all(&bytes[..length])?;
    session.send_close_notify();
    Ok(())
}

fn dialled<'a>(certificate: Option<&'a str>, alpn: &'a [String], highest: Option<&'a str>) -> Wanted<'a> {
    Wanted { start: Tls::Native, alpn, certificate, name: DEFAULT_NAME, highest }
}

#[test]
fn bytes_go_both_ways_and_the_end_is_an_end() {
    for (highest, version) in [(None, "1.3"), (Some("1.2"), "1.2")] {
        let (address, serving) = server(true);
        let alpn = ["echo".to_owned()];
        let tcp = TcpStream::connect(address).unwrap();
        let link = connect(tcp, &dialled(Some("client"), &alpn, highest)).unwrap().unwrap();
        assert_eq!(link.agreed(), json!({"tls": version, "alpn": "echo"}));
        let mut conn = Conn::new(Box::new(link));
        conn.send(b"hello");
        let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
        assert_eq!(conn.read_until(deadline, |_| false).word(), "closed");
        assert_eq!(conn.unread(), b"hello");
        serving.join().unwrap().unwrap();
    }
}

#[test]
fn with_tls_13_a_refused_certificate_shows_in_the_first_read() {
    for (certificate, expected) in
        [(None, "alert tls: certificate required"), (Some("rogue"), "alert tls: unknown certificate authority")]
    {
        let (address, serving) = server(true);
        let tcp = TcpStream::connect(address).unwrap();
        let link = connect(tcp, &dialled(certificate, &[], None)).unwrap().unwrap();
        let mut conn = Conn::new(Box::new(link));
        let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
        assert_eq!(conn.read_until(deadline, |_| false).word(), expected);
        assert!(serving.join().unwrap().is_err());
    }
}

#[test]
fn a_refused_handshake_says_why_in_gos_words() {
    let unknown = ["other".to_owned()];
    for (alpn, highest, expected) in [
        (&unknown[..], None, "alert tls: no application protocol"),
        // rustls understands the hello made by hand, and looks for a version later than for signature algorithms.
        (&[], Some("1.1"), "alert tls: handshake failure"),
    ] {
        let (address, serving) = server(false);
        let tcp = TcpStream::connect(address).unwrap();
        let error = connect(tcp, &dialled(None, alpn, highest)).unwrap().err().unwrap();
        assert_eq!(error.to_string(), expected);
        assert!(serving.join().unwrap().is_err());
    }
}

#[test]
fn what_the_peer_does_instead_of_shaking_hands_is_told() {
    let no_tls = "tls: first record does not look like a TLS handshake";
    for (highest, answer, expected) in [
        (None, b"HTTP/1.1 400 Bad Request\r\n".as_slice(), no_tls),
        (Some("1.1"), b"HTTP/1.1 400 Bad Request\r\n", no_tls),
        (None, b"", "closed"),
        (Some("1.1"), b"", "closed"),
        (None, b"\x15\x03\x01\x00\x02\x02\x46", "alert tls: protocol version not supported"),
        (Some("1.1"), b"\x15\x03\x02\x00\x02\x02\x46", "alert tls: protocol version not supported"),
        (Some("1.1"), b"\x16\x03\x02\x00\x04\x02\x00\x00\x00", "it was taken"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serving = thread::spawn(move || {
            let (mut tcp, _) = listener.accept().unwrap();
            let _ = tcp.read(&mut [0; 4096]);
            tcp.write_all(answer).unwrap();
        });
        let tcp = TcpStream::connect(address).unwrap();
        let error = connect(tcp, &dialled(None, &[], highest)).unwrap().err().unwrap();
        assert_eq!(error.to_string(), expected);
        serving.join().unwrap();
    }
}
