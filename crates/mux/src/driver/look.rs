//! The first bytes of a connection, or of what is inside its TLS.
use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Poll, ready},
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Instant as Deadline, timeout_at},
};

use super::{Printable, tls::Failed};
use crate::{HTTP2_PREFACE, Posture, Reason, STRAY_BYTES, Verdict, by_first_byte, by_first_bytes};

/// How much is read with the first byte: enough for a small request, which then costs no read of its own.
const READ_AHEAD_BYTES: usize = 1024;

/// Reads until it is clear what the connection wants. What was read belongs to what follows, the type byte included.
pub(super) async fn look<IO: AsyncRead + Unpin>(
    io: &mut IO,
    on: Posture,
    deadline: Deadline,
) -> Result<(Verdict, Bytes), Failed> {
    let mut ahead = Bytes::new();
    loop {
        let more = match timeout_at(deadline, read_ahead(io)).await {
            Ok(Ok(more)) => more,
            // An end of the connection without TLS's own: probes do not bother.
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(cut_off(&ahead, on)),
            Ok(Err(error)) => return Err(Failed { reason: Reason::Reset, detail: Some(error.to_string()) }),
            Err(_) => return Err(late(&ahead, on)),
        };
        if more.is_empty() {
            return Err(cut_off(&ahead, on));
        }
        // Nearly always the first read is enough.
        ahead = if ahead.is_empty() { more } else { joined(&ahead, &more) };
        if let Some(verdict) = by_first_bytes(&ahead, on) {
            return Ok((verdict, ahead));
        }
    }
}

fn joined(ahead: &Bytes, more: &Bytes) -> Bytes {
    let mut all = BytesMut::with_capacity(ahead.len() + more.len());
    all.extend_from_slice(ahead);
    all.extend_from_slice(more);
    all.freeze()
}

/// Why a connection whose time is up is closed.
fn late(ahead: &[u8], on: Posture) -> Failed {
    let reason = match ahead.first() {
        None if on.inside_tls => Reason::InnerByteTimeout,
        None => Reason::FirstByteTimeout,
        Some(_) if HTTP2_PREFACE.starts_with(ahead) => Reason::PrefaceTimeout,
        Some(_) => Reason::TlsTimeout,
    };
    Failed { reason, detail: first_bytes(ahead) }
}

/// Why a connection that ended before it was clear is closed.
fn cut_off(ahead: &[u8], on: Posture) -> Failed {
    let reason = match ahead.first() {
        None => Reason::Empty,
        Some(byte) => match by_first_byte(*byte, Posture { http2_preface: false, ..on }) {
            Verdict::Refuse(reason) => reason,
            _ => Reason::TlsCutOff,
        },
    };
    Failed { reason, detail: first_bytes(ahead) }
}

/// The bytes that came first, for whoever reads the log.
pub(super) fn first_bytes(ahead: &[u8]) -> Option<String> {
    let first = &ahead[..ahead.len().min(STRAY_BYTES)];
    let hex: String = first.iter().map(|byte| format!("{byte:02x}")).collect();
    (!first.is_empty()).then(|| format!("it began with {hex}, in text {}", Printable(first)))
}

/// Reads what is there, at least one byte; none at the end of the stream.
async fn read_ahead<IO: AsyncRead + Unpin>(io: &mut IO) -> io::Result<Bytes> {
    poll_fn(|cx| {
        // On the stack, for as long as a read takes: a connection that is silent holds no buffer.
        let mut bytes = [0; READ_AHEAD_BYTES];
        let mut buffer = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut *io).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(Bytes::copy_from_slice(buffer.filled())))
    })
    .await
}
