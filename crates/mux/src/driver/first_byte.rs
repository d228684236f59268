//! One connection, from its first byte to its handler.
use std::{
    future::poll_fn,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::{Poll, ready},
    time::Instant,
};

use bytes::{Buf, Bytes};
use proconsul_types::metric;
use tokio::{
    io::{AsyncRead, AsyncReadExt, ReadBuf},
    net::TcpStream,
    sync::watch,
    time::{Instant as Deadline, timeout_at},
};

use super::{Printable, Quiet, Rewind, Serve, Settings};
use crate::{ROUTES, Refusal, Row, STRAY_BYTES, Stray, Then, Unserved, Verdict, by_first_byte};

/// How much is read with the first byte: enough for a small request, which then costs no read of its own.
const READ_AHEAD_BYTES: usize = 1024;

/// What one listener's connections share.
pub(super) struct Door<H> {
    pub(super) settings: Settings,
    pub(super) handler: H,
    pub(super) refusals: Quiet<(IpAddr, &'static str)>,
    /// Becomes true when the listener stops: connections that no handler has yet end then.
    pub(super) stopping: watch::Sender<bool>,
}

impl<H: Serve> Door<H> {
    /// Serves one connection until it ends.
    pub(super) async fn serve(&self, mut tcp: TcpStream, peer: SocketAddr) {
        let deadline = Deadline::now() + self.settings.handshake_timeout;
        let first = tokio::select! {
            biased;
            first = timeout_at(deadline, read_ahead(&mut tcp)) => first,
            () = self.stopped() => return,
        };
        let mut ahead = match first {
            Err(_) => return self.refuse(Refusal::Silent, &[], peer),
            Ok(Err(error)) => return tracing::debug!(%peer, %error, "failed to read the first byte"),
            Ok(Ok(ahead)) => ahead,
        };
        let Some(byte) = ahead.first().copied() else { return self.refuse(Refusal::Empty, &[], peer) };
        let verdict = by_first_byte(byte, self.settings.posture);
        match verdict {
            Verdict::Refuse(refusal) => self.refuse(refusal, &ahead, peer),
            Verdict::Serve(route) if self.handler.serves(route) => {
                ahead.advance(1);
                self.handler.serve(route, Rewind::new(ahead, tcp), peer).await;
            }
            _ => match ROUTES.iter().find(|row| row.byte == Some(byte)) {
                None => self.refuse(Refusal::UnknownByte(byte), &ahead, peer),
                Some(row) => {
                    ahead.advance(1);
                    tokio::select! {
                        biased;
                        () = hold(row, Rewind::new(ahead, tcp), deadline, peer) => {}
                        () = self.stopped() => {}
                    }
                }
            },
        }
    }

    /// Waits until the listener stops.
    async fn stopped(&self) {
        // A sender that is gone has stopped, too.
        let mut stopping = self.stopping.subscribe();
        let _gone = stopping.wait_for(|stopping| *stopping).await;
    }

    /// Closes a connection, counts why, and says so once a minute.
    pub(super) fn refuse(&self, refusal: Refusal, first: &[u8], peer: SocketAddr) {
        let refusal = match (refusal, Stray::classify(&first[..first.len().min(STRAY_BYTES)])) {
            (Refusal::UnknownByte(_), Some(stray)) => Refusal::Stray(stray),
            (refusal, _) => refusal,
        };
        metrics::counter!(metric::RPC_CONN_REFUSED.name, "reason" => refusal.label()).increment(1);
        if refusal == Refusal::Empty {
            // A probe of a load balancer, all day long.
            tracing::trace!(%peer, %refusal, "refused a connection");
        } else if let Some(repeated) = self.refusals.pass((peer.ip(), refusal.label()), Instant::now()) {
            let first = Printable(&first[..first.len().min(STRAY_BYTES)]);
            tracing::warn!(%peer, %refusal, %first, repeated, "refused a connection");
        }
    }
}

/// Reads what is there, at least one byte; none at the end of the stream.
async fn read_ahead(tcp: &mut TcpStream) -> io::Result<Bytes> {
    poll_fn(|cx| {
        // On the stack, for as long as a read takes: a connection that is silent holds no buffer.
        let mut bytes = [0; READ_AHEAD_BYTES];
        let mut buffer = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut *tcp).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(Bytes::copy_from_slice(buffer.filled())))
    })
    .await
}

/// Keeps a connection on a route that nobody serves yet, for as long as its peer could not tell.
async fn hold(row: &'static Row, mut io: Rewind<TcpStream>, deadline: Deadline, peer: SocketAddr) {
    metrics::counter!(metric::RPC_ROUTE_UNSERVED.name, "route" => row.label).increment(1);
    tracing::debug!(%peer, route = row.label, "this route is not served yet");
    let mut unserved = Unserved::new(row.then);
    if row.then == Then::Retired {
        return;
    }
    let handshake = unserved.is_handshake();
    let wait = async {
        let mut bytes = [0; 64];
        loop {
            match io.read(&mut bytes).await {
                Ok(0) | Err(_) => break,
                Ok(count) if !unserved.receive(&bytes[..count]) => break,
                Ok(_) => {}
            }
        }
    };
    if handshake {
        // Past the deadline the connection is closed either way.
        let _ended_or_late = timeout_at(deadline, wait).await;
    } else {
        wait.await;
    }
}
