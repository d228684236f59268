//! yamux as bytes, for peers that do as they like.
use std::collections::HashMap;

use proconsul_tests::golden::yamux;
use tokio::{io::AsyncReadExt, net::TcpStream};

pub(crate) const DATA: u8 = 0;
pub(crate) const WINDOW: u8 = 1;
pub(crate) const PING: u8 = 2;
pub(crate) const GO_AWAY: u8 = 3;
pub(crate) const SYN: u16 = 1;
pub(crate) const ACK: u16 = 2;
pub(crate) const FIN: u16 = 4;
pub(crate) const RST: u16 = 8;

/// The `n`th stream that a client starts.
pub(crate) fn id(n: usize) -> u32 {
    2 * n as u32 + 1
}

/// Starts a stream and sends `bytes` on it.
pub(crate) fn open(stream: u32, bytes: &[u8]) -> Vec<u8> {
    let mut out = yamux::frame(WINDOW, SYN, stream, 0, &[]);
    out.extend(yamux::frame(DATA, 0, stream, bytes.len() as u32, bytes));
    out
}

/// What came on one stream.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) bytes: Vec<u8>,
    /// FIN or RST.
    pub(crate) ended: bool,
}

/// The receiving half of a session, sorted by stream.
#[derive(Default)]
pub(crate) struct Ear {
    input: Vec<u8>,
    pub(crate) streams: HashMap<u32, Heard>,
    /// The last go-away's code.
    pub(crate) go_away: Option<u32>,
    /// How many streams data has come on.
    pub(crate) spoken: usize,
    /// How many pings were answered.
    pub(crate) pongs: usize,
}

impl Ear {
    /// Reads once. False at the end of the connection.
    pub(crate) async fn listen(&mut self, tcp: &mut TcpStream) -> bool {
        if !matches!(tcp.read_buf(&mut self.input).await, Ok(count) if count > 0) {
            return false;
        }
        let mut at = 0;
        while let Some(header) = self.input.get(at..at + 12) {
            let flags = u16::from_be_bytes([header[2], header[3]]);
            let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
            let (kind, stream, length) = (header[1], word(4), word(8));
            let payload = if kind == DATA { length as usize } else { 0 };
            let Some(bytes) = self.input.get(at + 12..at + 12 + payload) else { break };
            match kind {
                PING if flags & ACK != 0 => self.pongs += 1,
                PING => {}
                GO_AWAY => self.go_away = Some(length),
                _ => {
                    let heard = self.streams.entry(stream).or_default();
                    self.spoken += usize::from(heard.bytes.is_empty() && !bytes.is_empty());
                    heard.bytes.extend_from_slice(bytes);
                    heard.ended |= flags & (FIN | RST) != 0;
                }
            }
            at += 12 + payload;
        }
        self.input.drain(..at);
        true
    }
}
