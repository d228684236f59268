//! Pieces between a thread and a connection: as many as a bound says, so that the faster waits for the slower.

use std::io::{self, Read, Write};

use tokio::sync::mpsc;

/// Pieces on their way.
const PIECES_MAX: usize = 8;
/// Bytes of a piece on its way to a connection.
const PIECE_BYTES: usize = 64 * 1024;

/// A writer for a thread, whose pieces come out here.
pub(super) fn to_connection() -> (PieceWriter, mpsc::Receiver<Vec<u8>>) {
    let (pieces, out) = mpsc::channel(PIECES_MAX);
    (PieceWriter { piece: Vec::with_capacity(PIECE_BYTES), pieces }, out)
}

/// A reader for a thread, whose pieces go in here.
pub(super) fn from_connection() -> (mpsc::Sender<Vec<u8>>, PieceReader) {
    let (into, pieces) = mpsc::channel(PIECES_MAX);
    (into, PieceReader { piece: Vec::new(), at: 0, pieces })
}

pub(super) struct PieceWriter {
    piece: Vec<u8>,
    pieces: mpsc::Sender<Vec<u8>>,
}

impl Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES));
        self.pieces.blocking_send(piece).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

pub(super) struct PieceReader {
    piece: Vec<u8>,
    at: usize,
    pieces: mpsc::Receiver<Vec<u8>>,
}

impl Read for PieceReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() {
            let Some(piece) = self.pieces.blocking_recv() else { return Ok(0) };
            (self.piece, self.at) = (piece, 0);
        }
        let left = &self.piece[self.at..];
        let taken = left.len().min(into.len());
        into[..taken].copy_from_slice(&left[..taken]);
        self.at += taken;
        Ok(taken)
    }
}
