//! The registry: who is there, and who was.
use proconsul_mux::{
    Reason, Route,
    driver::{DETECTING, NOTE_BYTES_MAX, dial::Via},
};
use tokio::io::AsyncWriteExt;

use crate::lab::{Port, Who, ends, eventually, lab, open, plain, says, settings};

#[tokio::test]
async fn an_entry_knows_who_it_is_and_what_went_over_it() {
    let port = open();
    let mut plain = port.dial(Route::RpcMulti, &Via::Plain).await.expect("a connection");
    let mut tls =
        port.dial(Route::RpcMulti, &lab().native(Who::Client, &["consul/rpc-multi"])).await.expect("a connection");
    let mut open_tls = port.dial(Route::RpcSingle, &lab().type_byte(Who::Client)).await.expect("a connection");
    for (io, label) in [(&mut plain, "rpc_multi"), (&mut tls, "rpc_multi"), (&mut open_tls, "rpc")] {
        io.write_all(b"hello").await.expect("sent");
        says(io, format!("{label}:hello").as_bytes()).await;
    }
    assert_eq!(tls.tls_version(), Some("1.3"));
    assert_eq!(tls.alpn(), Some(&b"consul/rpc-multi"[..]));
    assert_eq!((plain.tls_version(), plain.server_certificates().len()), (None, 0));
    let entries = port.registry.entries();
    let ids: Vec<u64> = entries.iter().map(|entry| entry.id()).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert!(entries[0].tls().is_none());
    assert_eq!((entries[0].label(), entries[0].bytes_in(), entries[0].bytes_out()), ("rpc_multi", 5, 15));
    assert_eq!((entries[2].label(), entries[2].bytes_in(), entries[2].bytes_out()), ("rpc", 5, 9));
    let facts = entries[1].tls().expect("TLS");
    assert_eq!((facts.version, facts.alpn, facts.resumed), ("1.3", Some("consul/rpc-multi"), false));
    assert_eq!(facts.sni.as_deref(), Some("server.dc1.consul"));
    let names = &facts.certificate.as_ref().expect("a certificate").names;
    assert!(names.contains(&"client.dc1.consul".to_owned()), "{names:?}");
    // Byte 3 asks for none where none is demanded.
    assert!(entries[2].tls().is_some_and(|facts| facts.certificate.is_none() && facts.alpn.is_none()));
    let counts: Vec<_> = port.registry.routes().into_iter().filter(|counts| counts.live > 0).collect();
    let counts: Vec<_> = counts.iter().map(|counts| (counts.row.label, counts.accepted, counts.live)).collect();
    assert_eq!(counts, [("rpc", 1, 1), ("rpc_multi", 2, 2)]);
    drop((plain, tls, open_tls));
    eventually(async || port.registry.is_empty().then_some(())).await;
    let multi = port.registry.routes().into_iter().find(|counts| counts.row.label == "rpc_multi").expect("a row");
    assert_eq!((multi.accepted, multi.live), (2, 0));
}

#[tokio::test]
async fn a_connection_can_be_killed_wherever_it_is() {
    let port = open();
    let mut silent = port.connect().await;
    let silent_id = eventually(async || port.registry.entries().first().map(|entry| entry.id())).await;
    assert_eq!(port.registry.get(silent_id).expect("an entry").label(), DETECTING);
    assert!(port.registry.kill(silent_id));
    ends(&mut silent).await;
    assert_eq!(port.reason(silent.local_addr().expect("an address")).await, Reason::Killed);

    for via in [Via::Plain, lab().type_byte(Who::Client)] {
        let mut io = port.dial(Route::RpcMulti, &via).await.expect("a connection");
        says(&mut io, b"rpc_multi:").await;
        let entry = port.registry.entries().pop().expect("an entry");
        assert!(port.registry.kill(entry.id()));
        ends(&mut io).await;
        assert_eq!(port.reason(entry.peer()).await, Reason::Killed);
        assert!(!port.registry.kill(entry.id()), "it is gone");
    }
    assert!(!port.registry.kill(u64::MAX));
}

#[tokio::test]
async fn what_a_handler_notes_is_kept_with_its_reason() {
    let port = plain();
    let mut io = port.dial(Route::RpcSingle, &Via::Plain).await.expect("a connection");
    says(&mut io, b"rpc:").await;
    let entry = port.registry.entries().pop().expect("an entry");
    entry.note("é".repeat(NOTE_BYTES_MAX));
    io.write_all(b"bad").await.expect("sent");
    ends(&mut io).await;
    let end = port.end(entry.peer()).await;
    assert_eq!((end.reason, end.route, end.count), (Reason::Malformed, "rpc", 1));
    assert_eq!(end.detail.as_deref(), Some("it said bad"));
    // The same once more, on a connection of its own.
    let mut io = port.dial(Route::RpcSingle, &Via::Plain).await.expect("a connection");
    says(&mut io, b"rpc:").await;
    io.write_all(b"bad").await.expect("sent");
    ends(&mut io).await;
    eventually(async || port.registry.closed().into_iter().find(|end| end.count == 2)).await;
    assert_eq!(port.registry.reasons(), [(Reason::Malformed, 2)]);
}

#[tokio::test]
async fn a_handler_that_panics_costs_its_own_connection() {
    let port = plain();
    let mut bystander = port.dial(Route::RpcSingle, &Via::Plain).await.expect("a connection");
    says(&mut bystander, b"rpc:").await;
    let mut io = port.dial(Route::RpcSingle, &Via::Plain).await.expect("a connection");
    says(&mut io, b"rpc:").await;
    let entry = port.registry.entries().pop().expect("an entry");
    io.write_all(b"panic").await.expect("sent");
    ends(&mut io).await;
    assert_eq!(port.reason(entry.peer()).await, Reason::Internal);
    bystander.write_all(b"still here").await.expect("sent");
    says(&mut bystander, b"still here").await;
    assert_eq!(port.registry.len(), 1);
}

#[tokio::test]
async fn who_has_as_many_connections_as_allowed_is_closed_and_gets_one_for_each_that_ends() {
    let mut limited = settings(None);
    limited.max_conns_per_client = 3;
    let port = Port::start(limited);
    let mut ios = Vec::new();
    for _ in 0..3 {
        let mut io = port.dial(Route::RpcMulti, &Via::Plain).await.expect("a connection");
        says(&mut io, b"rpc_multi:").await;
        ios.push(io);
    }
    let mut more = port.connect().await;
    ends(&mut more).await;
    assert_eq!(port.reason(more.local_addr().expect("an address")).await, Reason::TooManyConnections);
    ios.pop();
    eventually(async || (port.registry.len() == 2).then_some(())).await;
    // The place is free a moment after the entry is gone.
    eventually(async || {
        let mut io = port.dial(Route::RpcMulti, &Via::Plain).await.ok()?;
        (tokio::io::AsyncReadExt::read(&mut io, &mut [0; 10]).await.ok()? > 0).then_some(())
    })
    .await;
}
