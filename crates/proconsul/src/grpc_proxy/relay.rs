//! Bytes from one side to the other, until both have ended.
use std::{
    io,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use anyhow::{Context, Result};
use proconsul_mux::driver::dial::Dialled;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::TcpStream,
    sync::watch,
    time::sleep,
};

use super::{AT_REST, targets::Server};

/// How much is passed on at once, each way.
const PIECE_BYTES: usize = 16 * 1024;

/// Whose side of a connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

/// Passes bytes on both ways. A side that has ended is passed on as such, and the other goes on. When `stopping` becomes true
/// the connection ends as soon as nothing has passed for [`AT_REST`].
///
/// # Errors
/// The server closed without a word, or its side of the connection failed. A client that goes is no error.
pub(super) async fn relay(client: TcpStream, server: Server, mut stopping: watch::Receiver<bool>) -> Result<()> {
    let Server { io, first, mut refusal, .. } = server;
    let answered = AtomicU64::new(first.len() as u64);
    let moved = AtomicU64::new(0);
    let both = both_ways(client, io, &first, &answered, &moved);
    let at_rest = async {
        // A sender that is gone has stopped, too.
        drop(stopping.wait_for(|stopping| *stopping).await);
        loop {
            let before = (moved.load(Ordering::Relaxed), answered.load(Ordering::Relaxed));
            sleep(AT_REST).await;
            if before == (moved.load(Ordering::Relaxed), answered.load(Ordering::Relaxed)) {
                return;
            }
        }
    };
    let ended = tokio::select! {
        ended = both => ended,
        () = at_rest => return Ok(()),
    };
    let silent = answered.load(Ordering::Relaxed) == 0;
    match ended {
        Ok(Last::Server) | Err((Side::Client, _)) => Ok(()),
        Ok(Last::Client) if !silent => Ok(()),
        // It ended first, and had said nothing.
        Ok(Last::Client) => Err(refusal.into()),
        Err((Side::Server, error)) if silent => {
            refusal.told = Some(error.to_string());
            Err(refusal.into())
        }
        Err((Side::Server, error)) => Err(error).context("the connection to the server failed"),
    }
}

/// Who was still there when the other had ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Client,
    Server,
}

/// Both directions until both have ended.
async fn both_ways(
    client: TcpStream,
    server: Dialled,
    first: &[u8],
    answered: &AtomicU64,
    moved: &AtomicU64,
) -> Result<Last, (Side, io::Error)> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = split(server);
    to_client.write_all(first).await.map_err(|error| (Side::Client, error))?;
    let client_ended = AtomicBool::new(false);
    let up = async {
        pass(&mut from_client, &mut to_server, moved).await.map_err(|failed| failed.of(Side::Client, Side::Server))?;
        client_ended.store(true, Ordering::Relaxed);
        Ok(())
    };
    let down = async {
        pass(&mut from_server, &mut to_client, answered)
            .await
            .map_err(|failed| failed.of(Side::Server, Side::Client))?;
        Ok(if client_ended.load(Ordering::Relaxed) { Last::Server } else { Last::Client })
    };
    let ((), last) = tokio::try_join!(up, down)?;
    Ok(last)
}

/// A direction that failed, at its beginning or at its end.
enum Failed {
    Reading(io::Error),
    Writing(io::Error),
}

impl Failed {
    fn of(self, from: Side, to: Side) -> (Side, io::Error) {
        match self {
            Self::Reading(error) => (from, error),
            Self::Writing(error) => (to, error),
        }
    }
}

/// One direction, to its end, which is passed on.
async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    moved: &AtomicU64,
) -> Result<(), Failed> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = match from.read(&mut piece).await {
            Ok(count) => count,
            // TLS that ends without saying so; HTTP/2 has ends of its own.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(Failed::Reading(error)),
        };
        if count == 0 {
            return to.shutdown().await.map_err(Failed::Writing);
        }
        to.write_all(&piece[..count]).await.map_err(Failed::Writing)?;
        to.flush().await.map_err(Failed::Writing)?;
        moved.fetch_add(count as u64, Ordering::Relaxed);
    }
}
