//! What a call costs between the bytes of its request and those of its answer: a lone one, and one of 64 in a read; on a
//! connection of its own and on a stream of a session. No socket, no layers: `cargo bench -p proconsul-netrpc`.
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use proconsul_netrpc::{
    Answer, Registry, Reply, answering,
    server::{Connection, Limits, Server},
    write_request_header, write_response_header,
};
use proconsul_types::{CallInfo, Listener, MethodRow, RequestSeq};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

static METHODS: [MethodRow; 1] = [MethodRow::bare("Status.Ping")];

/// A peer that sends the same bytes whenever it is told to, and drops what it gets.
#[derive(Clone)]
struct Peer {
    bytes: Arc<Vec<u8>>,
    sends: Arc<AtomicBool>,
}

impl AsyncRead for Peer {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.sends.swap(false, Relaxed) {
            return Poll::Pending;
        }
        buf.put_slice(&self.bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Peer {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn ping() -> Vec<u8> {
    let mut request = Vec::new();
    write_request_header(&mut request, "Status.Ping", RequestSeq(1), None);
    request.push(0x80);
    request
}

/// As many bytes as the answer to it has.
fn pong_bytes() -> usize {
    let mut answer = Vec::new();
    write_response_header(&mut answer, b"", RequestSeq(1), b"Status.Ping");
    answer.len() + 1
}

/// The kinds and flags of yamux frames that are needed here.
const DATA: u8 = 0;
const WINDOW: u8 = 1;
const SYN: u8 = 1;

/// A frame of stream 1, up to its data.
fn frame(kind: u8, flags: u8, length: usize) -> Vec<u8> {
    [&[0, kind, 0, flags, 0, 0, 0, 1][..], &(length as u32).to_be_bytes()].concat()
}

/// Serves `bytes` again and again, a turn each.
fn turns(criterion: &mut Criterion, name: &str, calls: usize, session: bool) {
    let mut registry = Registry::new(&METHODS, Listener::Rpc);
    registry.insert(0, answering(|_: &CallInfo, (): (), _: &[u8]| Ok(Answer::Now(Reply::Encoded(vec![0x80].into())))));
    let service = registry.into_service();
    let server = Server::new(service.clone(), service.registry(), Limits::default());
    let requests = ping().repeat(calls);
    let sends = Arc::new(AtomicBool::new(false));
    let peer = |bytes| Peer { bytes: Arc::new(bytes), sends: Arc::clone(&sends) };
    let connection = Connection::new(([127, 0, 0, 1], 1).into());
    let mut serving: Pin<Box<dyn Future<Output = _>>> = if session {
        // The stream is opened by a read of its own, so that every turn after it is alike. Each grants what the last one used.
        let turn = [frame(DATA, 0, requests.len()), requests, frame(WINDOW, 0, calls * pong_bytes())].concat();
        let peer = Opens { peer: peer(turn), opened: Some(frame(WINDOW, SYN, 0)) };
        Box::pin(server.session(peer, connection))
    } else {
        Box::pin(server.single(peer(requests), connection))
    };
    let mut cx = Context::from_waker(Waker::noop());
    assert!(serving.as_mut().poll(&mut cx).is_pending(), "it waits for what comes");
    let mut group = criterion.benchmark_group("turn");
    group.throughput(Throughput::Elements(calls as u64));
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            sends.store(true, Relaxed);
            assert!(serving.as_mut().poll(&mut cx).is_pending(), "it goes on");
        });
    });
    group.finish();
}

/// A peer that first opens a stream.
struct Opens {
    peer: Peer,
    opened: Option<Vec<u8>>,
}

impl AsyncRead for Opens {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.opened.take() {
            None => Pin::new(&mut self.peer).poll_read(cx, buf),
            Some(opened) => {
                buf.put_slice(&opened);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for Opens {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.peer).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.peer).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.peer).poll_shutdown(cx)
    }
}

fn benches(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let _entered = runtime.enter();
    for (name, calls, session) in [
        ("a lone call on its own connection", 1, false),
        ("64 calls in a read on their own connection", 64, false),
        ("a lone call on a stream", 1, true),
        ("64 calls in a frame on a stream", 64, true),
    ] {
        turns(criterion, name, calls, session);
    }
}

criterion_group!(group, benches);
criterion_main!(group);
