//! What was meant for another port.
use proconsul_mux::{Reason, Stray};
use tokio::io::AsyncWriteExt;

use crate::{
    kinds::raw_type_byte,
    lab::{Port, ends, open, plain, strict},
};

const REQUEST: &[u8] = b"GET /v1/status/leader HTTP/1.1\r\nHost: localhost:8300\r\n\r\n";

#[tokio::test]
async fn http_is_told_where_the_http_api_is_in_clear_and_in_tls() {
    for port in [plain(), open(), strict()] {
        let mut tcp = port.connect().await;
        tcp.write_all(REQUEST).await.expect("sent");
        let said = ends(&mut tcp).await;
        assert_eq!(said, Stray::Http1.answer().expect("an answer").as_bytes());
        let end = port.end(tcp.local_addr().expect("an address")).await;
        assert_eq!(end.reason, Reason::Stray(Stray::Http1));
        assert!(end.detail.as_deref().is_some_and(|detail| detail.ends_with("in text GET /v1/status/l")), "{end:?}");
    }
    for port in [open(), strict()] {
        let mut io = raw_type_byte(&port).await;
        io.write_all(REQUEST).await.expect("sent");
        assert_eq!(ends(&mut io).await, Stray::Http1.answer().expect("an answer").as_bytes());
    }
}

#[tokio::test]
async fn a_request_that_is_longer_than_what_is_read_gets_its_answer_too() {
    let port = plain();
    let mut tcp = port.connect().await;
    tcp.write_all(&[REQUEST, &[b'x'; 20_000]].concat()).await.expect("sent");
    assert_eq!(ends(&mut tcp).await, Stray::Http1.answer().expect("an answer").as_bytes());
}

#[tokio::test]
async fn strays_are_named_and_closed_without_a_word() {
    for (packet, stray) in [
        (&b"SSH-2.0-OpenSSH_9.6\r\n"[..], Stray::Ssh),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 51234 8300\r\n", Stray::ProxyHeader),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c", Stray::ProxyHeader),
        (b"\x09\x82\xa4Algo\x00\xa3Buf", Stray::Memberlist),
        (b"\x0a\x00\x00\x01\x3c\x01\x9d\x44", Stray::Memberlist),
        (b"*1\r\n$4\r\nPING\r\n", Stray::Redis),
        (b"\x00\x00\x00\x08\x04\xd2\x16\x2f", Stray::Postgres),
        (b"\x03\x00\x00\x13\x0e\xe0\x00\x00", Stray::Rdp),
    ] {
        for port in [plain(), open(), strict()] {
            assert_eq!(port.refuses(packet).await, Reason::Stray(stray), "{packet:02x?}");
        }
    }
    assert_eq!(plain().refuses(b"\x16\x03\x01\x02\x00\x01").await, Reason::Stray(Stray::Tls));
}

#[tokio::test]
async fn what_has_no_name_is_an_unknown_byte() {
    let port = plain();
    for byte in [10, 0x20, b'G', 0x7f, 0xff] {
        assert_eq!(port.refuses(&[byte]).await, Reason::UnknownByte, "{byte:#04x}");
    }
    assert_eq!(port.refuses(&[2]).await, Reason::Retired);
    assert_eq!(port.refuses(&[6]).await, Reason::Retired);
    assert_eq!(port.registry.closed()[0].route, "gossip");
    // A ClientHello it is not; what it is cannot be said.
    assert_eq!(open().refuses(b"\xffnoise and more noise").await, Reason::TlsNotTls);
}

/// What comes back for bytes that were to begin a handshake, and why the connection ended.
async fn instead_of_a_handshake(port: &Port, bytes: &[u8]) -> (Vec<u8>, Reason) {
    let mut tcp = port.connect().await;
    tcp.write_all(bytes).await.expect("sent");
    let answer = ends(&mut tcp).await;
    (answer, port.reason(tcp.local_addr().expect("an address")).await)
}

#[tokio::test]
async fn what_begins_no_handshake_is_closed_without_a_word_and_an_old_client_is_told() {
    const TLS11_HELLO: &[u8] = b"\x16\x03\x01\x00\x30\x01\x00\x00\x2c\x03\x02";
    const PROTOCOL_VERSION: &[u8] = b"\x15\x03\x01\x00\x02\x02\x46";
    for port in [open(), strict()] {
        for first in [&b"\x03"[..], b"\x07"] {
            let noise = [first, &[0xff; 20]].concat();
            assert_eq!(instead_of_a_handshake(&port, &noise).await, (vec![], Reason::TlsNotTls));
            let old = [first, TLS11_HELLO].concat();
            assert_eq!(instead_of_a_handshake(&port, &old).await, (PROTOCOL_VERSION.to_vec(), Reason::TlsVersion));
        }
        let native = instead_of_a_handshake(&port, TLS11_HELLO).await;
        assert_eq!(native, (PROTOCOL_VERSION.to_vec(), Reason::TlsVersion));
    }
}
