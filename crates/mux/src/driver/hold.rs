//! A connection on a route that nobody serves yet, kept for as long as its peer could not tell.
use std::time::Duration;

use proconsul_types::metric;
use tokio::{io::AsyncReadExt, time::timeout};

use super::{Entry, Stream};
use crate::{Reason, Row, Then, Unserved};

/// Keeps it until the peer asks for something, is silent for longer than its route allows, or closes. `limit` is the handshake
/// timeout, which still runs for a peer that wants TLS from a server without a certificate.
pub(super) async fn hold(row: &'static Row, mut io: Stream, limit: Duration, entry: &Entry) -> Reason {
    if row.then == Then::Retired {
        return Reason::Retired;
    }
    metrics::counter!(metric::RPC_ROUTE_UNSERVED.name, "route" => row.label).increment(1);
    tracing::debug!(peer = %entry.peer(), route = row.label, "this route is not served yet");
    let mut unserved = Unserved::new(row.then);
    let handshake = unserved.is_handshake();
    let wait = async {
        let mut bytes = [0; 64];
        loop {
            let read = io.read(&mut bytes);
            let read = match unserved.patience() {
                Some(patience) => match timeout(patience, read).await {
                    Ok(read) => read,
                    Err(_) => return Reason::Idle,
                },
                None => read.await,
            };
            match read {
                Ok(0) => return Reason::PeerClosed,
                Err(_) => return Reason::Reset,
                Ok(count) if !unserved.receive(&bytes[..count]) => {
                    return if handshake { Reason::NoCertificate } else { Reason::NotServed };
                }
                Ok(_) => {}
            }
        }
    };
    if handshake {
        // Past its time the connection is closed either way.
        timeout(limit, wait).await.unwrap_or(Reason::TlsTimeout)
    } else {
        wait.await
    }
}
