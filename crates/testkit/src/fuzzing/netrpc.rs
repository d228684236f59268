//! Headers, and requests in pieces.
use std::sync::LazyLock;

use proconsul_msgpack::{Scan, Scanner};
use proconsul_netrpc::{HEADER_BYTES_MAX, Intake, MethodTable, Step, read_request_header, write_request_header};
use proconsul_structs::METHODS;
use proconsul_types::Listener;

use super::pieces::pieces;

static TABLE: LazyLock<MethodTable> = LazyLock::new(|| MethodTable::new(&METHODS, Listener::Rpc));

/// Input: how the bytes are cut, then the bytes of a stream.
///
/// The same calls come out of them in whatever pieces they come; a header that was read can be written, and reads as the same.
pub fn netrpc_header(data: &[u8]) {
    let Some((seed, bytes)) = data.split_first() else { return };
    header(bytes);
    // A header longer than its bound is refused when a piece of it that long has come; whole, it may pass.
    if bytes.len() <= HEADER_BYTES_MAX {
        assert_eq!(calls(std::iter::once(bytes)), calls(pieces(*seed, bytes)), "where a read ends matters");
    }
}

fn header(bytes: &[u8]) {
    let Ok(Some((header, used))) = read_request_header(bytes) else { return };
    assert!(used <= bytes.len());
    for cut in [used / 2, used - 1] {
        assert_eq!(read_request_header(&bytes[..cut]), Ok(None), "{cut} of {used} bytes");
    }
    let Ok(name) = std::str::from_utf8(&header.method) else { return };
    let mut written = Vec::new();
    write_request_header(&mut written, name, header.seq, header.timeout);
    let (again, length) = read_request_header(&written).expect("ours is right").expect("and whole");
    assert_eq!((again, length), (header, written.len()));
}

/// What came out of a stream.
#[derive(Debug, PartialEq)]
enum Out {
    Call {
        method: u16,
        seq: u64,
        body: Vec<u8>,
    },
    /// A body that the scanner cannot follow: the decoder says what is wrong, and the stream ends.
    Broken {
        method: u16,
        seq: u64,
    },
    Refused {
        seq: u64,
        method: Vec<u8>,
        text: Vec<u8>,
    },
    Closed,
}

/// Serves a stream as a driver does: it keeps what is left over, and answers each call before the next is read.
fn calls<'d>(chunks: impl Iterator<Item = &'d [u8]>) -> Vec<Out> {
    let (mut intake, mut held, mut out) = (Intake::default(), Vec::new(), Vec::new());
    'stream: for chunk in chunks {
        held.extend_from_slice(chunk);
        let mut at = 0;
        loop {
            match intake.next(&held, &mut at, &TABLE) {
                Step::Wait => break,
                Step::Call { method, seq, body, .. } => {
                    let whole = matches!(Scanner::new().feed(body), Ok(Scan::Complete { used }) if used == body.len());
                    if !whole {
                        out.push(Out::Broken { method, seq: seq.0 });
                        break 'stream;
                    }
                    out.push(Out::Call { method, seq: seq.0, body: body.to_vec() });
                    intake.answered();
                }
                Step::Refuse { seq, method, text } => {
                    out.push(Out::Refused {
                        seq: seq.0,
                        method: method.as_bytes().to_vec(),
                        text: text.as_bytes().to_vec(),
                    });
                    break 'stream;
                }
                Step::Close => {
                    out.push(Out::Closed);
                    break 'stream;
                }
            }
        }
        assert!(at <= held.len());
        held.drain(..at);
    }
    out
}
