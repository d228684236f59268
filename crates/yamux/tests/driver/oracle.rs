//! The `yamux` crate on the other end. Its window growth is off: with it, it refuses frames that spec 0 allows.

use super::*;
use futures_util::io::{AsyncReadExt as _, AsyncWriteExt as _};
use std::future::poll_fn;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};
use yamux::Mode;

const STREAMS: usize = 16;

fn oracle(io: DuplexStream, mode: Mode) -> yamux::Connection<Compat<DuplexStream>> {
    let mut config = yamux::Config::default();
    config.set_max_num_streams(STREAMS);
    config.set_max_connection_receive_window(Some(STREAMS * 256 * 1024));
    yamux::Connection::new(io.compat(), config, mode)
}

#[tokio::test]
async fn its_streams_are_served_by_our_server() {
    let (here, there) = tokio::io::duplex(64 * 1024);
    let (_control, incoming, _task) = start(there, Side::Server, Config::default());
    echo(incoming);
    let mut client = oracle(here, Mode::Client);
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        streams.push(poll_fn(|cx| client.poll_new_outbound(cx)).await.expect("open"));
    }
    tokio::spawn(async move { while poll_fn(|cx| client.poll_next_inbound(cx)).await.is_some() {} });
    let mut tasks = Vec::new();
    for (n, stream) in streams.into_iter().enumerate() {
        tasks.push(tokio::spawn(async move {
            let bytes = content(n as u32, 1 + 60_000 * n); // it starts no stream for an empty one
            let (mut reader, mut writer) = stream.split();
            let mut back = Vec::new();
            let write = async {
                writer.write_all(&bytes).await.expect("written");
                writer.close().await.expect("finished");
            };
            let (_, read) = tokio::join!(write, reader.read_to_end(&mut back));
            read.expect("whole");
            assert!(back == bytes, "stream {n}: {} of {}", back.len(), bytes.len());
        }));
    }
    for task in tasks {
        tokio::time::timeout(Duration::from_secs(60), task).await.expect("no hang").expect("whole");
    }
}

#[tokio::test]
async fn our_streams_are_served_by_its_server() {
    let (here, there) = tokio::io::duplex(64 * 1024);
    let (control, _incoming, task) = start(here, Side::Client, Config::default());
    let mut server = oracle(there, Mode::Server);
    tokio::spawn(async move {
        while let Some(Ok(stream)) = poll_fn(|cx| server.poll_next_inbound(cx)).await {
            tokio::spawn(async move {
                let (mut reader, mut writer) = stream.split();
                futures_util::io::copy(&mut reader, &mut writer).await.expect("echoed");
                writer.close().await.expect("finished");
            });
        }
    });
    let mut tasks = Vec::new();
    for n in 0..STREAMS {
        let stream = control.open().await.expect("open");
        tasks.push(tokio::spawn(async move {
            let bytes = content(n as u32, 60_000 * n);
            let (mut reader, mut writer) = tokio::io::split(stream);
            let mut back = Vec::new();
            let write = async {
                AsyncWriteExt::write_all(&mut writer, &bytes).await.expect("written");
                AsyncWriteExt::shutdown(&mut writer).await.expect("finished");
            };
            let (_, read) = tokio::join!(write, AsyncReadExt::read_to_end(&mut reader, &mut back));
            read.expect("whole");
            assert!(back == bytes, "stream {n}: {} of {}", back.len(), bytes.len());
        }));
    }
    for task in tasks {
        tokio::time::timeout(Duration::from_secs(60), task).await.expect("no hang").expect("whole");
    }
    control.ping().await.expect("it answers pings");
    control.close().await;
    assert!(task.await.expect("no panic").is_ok());
}
