//! How the server stops: nothing that is half-done holds it up.
use std::time::Duration;

use proconsul_admin::Address;
use proconsul_mux::{Reason, driver::dial::Via};
use proconsul_server::AdminAt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use crate::support::{Certs, leader, promptly, single, start, until};

/// Longer than any test may take: if the stop needs it, something held it up.
const GRACE: Duration = Duration::from_secs(600);

#[tokio::test]
async fn handshakes_and_admin_connections_end_with_the_server_and_not_with_its_grace() {
    let certs = Certs::new();
    let server = start(|config| {
        config.tls = certs.strict("server");
        config.tls.internal_rpc.verify_incoming = false;
        config.rpc_handshake_timeout = GRACE;
        config.admin = vec![AdminAt::Loopback(0)];
    })
    .await;
    let registry = server.registry().clone();
    let mut client = single(&server, &Via::Plain).await;
    leader(&mut client).await;
    // Before its first byte; in the middle of a ClientHello; on a route that nobody serves.
    let mut unfinished = Vec::new();
    for bytes in [&[][..], &[3, 0x16, 3, 1, 2, 0, 1], &[1, 0]] {
        let mut tcp = TcpStream::connect(server.rpc_address()).await.expect("a connection");
        tcp.write_all(bytes).await.expect("written");
        unfinished.push(tcp);
    }
    // One who watches, and one who never ends its request.
    let [Address::Tcp(admin)] = server.admin_addresses() else { panic!("on the loopback") };
    let mut watches = TcpStream::connect(admin).await.expect("a connection");
    watches.write_all(format!("GET /events HTTP/1.1\r\nHost: {admin}\r\n\r\n").as_bytes()).await.expect("written");
    let mut first = [0; 12];
    promptly("the first words", watches.read_exact(&mut first)).await.expect("read");
    assert_eq!(&first, b"HTTP/1.1 200");
    let mut begins = TcpStream::connect(admin).await.expect("a connection");
    begins.write_all(b"GET / HTTP/1.1\r\nHo").await.expect("written");
    until("all to be there", async || registry.len() == 4).await;

    let start = Instant::now();
    timeout(GRACE, server.stop(GRACE)).await.expect("it stops");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert!(registry.is_empty());
    let stopped = registry.reasons().iter().find(|(reason, _)| *reason == Reason::Stopped).map(|(_, count)| *count);
    assert_eq!(stopped, Some(4));
    for mut tcp in unfinished {
        let end = promptly("its end", tcp.read(&mut [0; 64])).await;
        assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    }
}
