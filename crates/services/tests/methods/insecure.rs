//! The methods of byte 7, as a server answers them that enables neither AutoEncrypt nor AutoConfig.
use std::collections::BTreeSet;

use proconsul_structs::{METHODS, methods};
use proconsul_types::Listener;

use crate::server::{Called, Server};

const SIGN: &str = "AutoEncrypt.Sign";
const CONFIGURE: &str = "AutoConfig.InitialConfiguration";

#[tokio::test]
async fn every_method_of_the_listener_is_served_and_no_other_is_found() {
    let server = Server::insecure();
    let served: BTreeSet<_> = server.registry().served().map(|row| row.name).collect();
    let rows: BTreeSet<_> =
        METHODS.iter().filter(|row| row.listener == Listener::Insecure).map(|row| row.name).collect();
    assert_eq!((&served, served.len()), (&rows, 2));
    for row in METHODS.iter().filter(|row| row.listener == Listener::Rpc) {
        let unknown = server.registry().methods().find(row.name.as_bytes()).expect_err("it is not on this listener");
        let text = unknown.text(row.name.as_bytes());
        assert_eq!(text, *format!("rpc: can't find service {}", row.name));
    }
    assert_eq!(server.registry().methods().find(SIGN.as_bytes()).ok(), methods::find(SIGN));
}

#[tokio::test]
async fn certificates_and_configurations_are_refused_as_by_a_server_that_gives_none() {
    let server = Server::insecure();
    let not_enabled = "AutoEncrypt.AllowTLS must be enabled in order to use this endpoint";
    let disabled = "Auto Config is disabled";
    let elsewhere = r#"invalid datacenter "dc2" - agent auto configuration cannot target a remote datacenter"#;
    for (method, body, expected) in [
        (SIGN, &b"\x82\xaaDatacenter\xa3dc1\xa3CSR\xa1x"[..], not_enabled),
        (SIGN, b"\x81\xaaDatacenter\xa3dc2", not_enabled),
        (SIGN, b"\xc0", not_enabled),
        (CONFIGURE, b"\xa0", disabled),
        (CONFIGURE, b"\xa5\x0a\x03dc1", disabled),
        (CONFIGURE, b"\xa5\x0a\x03dc2", elsewhere),
    ] {
        match server.call(method, body).await {
            Called::Refused(fault) => {
                assert_eq!((fault.to_string().as_str(), fault.then), (expected, proconsul_netrpc::Then::KeepOpen));
            }
            _ => panic!("{method} gives what it does not have"),
        }
    }
}

#[tokio::test]
async fn a_body_that_is_no_request_ends_the_connection_with_the_codecs_text() {
    let server = Server::insecure();
    let Called::Refused(fault) = server.call(CONFIGURE, b"\x80").await else { panic!("answered a map") };
    assert_eq!(fault.then, proconsul_netrpc::Then::Close);
    assert_eq!(fault.to_string(), "codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 80, dec: 128");
}
